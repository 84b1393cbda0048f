//! What was used, read off the leases: the counter of a window is the record of what it let in.
//!
//! Whoever opens a window [collects](collect::collect): it folds the counters of past minutes into the sender's history
//! and removes them. So usage costs no write of its own, and keys are bounded: a history, and the counters of the last
//! few minutes. Who dies before it collects leaves that to others, and so that they find what it counted, nobody counts
//! more than a few minutes [after](collect::reach) the last collection. Usage is exact to the lease: what a dropped
//! instance had leased and not spent counts as used.

pub mod collect;
pub mod counters;
pub mod metrics;

use crate::{
    rates::{Rate, seconds},
    roster,
};
use cockpit_core::{
    Timestamp,
    ports::{Kv, StoreError},
    record::{self, Record},
};
use counters::REACH;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What was used in a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// When it begins, in seconds since 1970.
    pub start: u64,
    /// Samples, or bytes of logs.
    #[serde(skip_serializing_if = "is_zero")]
    pub units: u64,
    /// Pushes.
    #[serde(skip_serializing_if = "is_zero")]
    pub requests: u64,
    /// Pushes refused because a rate was reached.
    #[serde(skip_serializing_if = "is_zero")]
    pub throttled: u64,
    /// Pushes refused because a token's own rate was reached.
    #[serde(skip_serializing_if = "is_zero")]
    pub throttled_token: u64,
    /// Series or log entries cut out because too many were active.
    #[serde(skip_serializing_if = "is_zero")]
    pub cut: u64,
    /// Series or log entries cut out because too many were active of those that a budget is for.
    #[serde(skip_serializing_if = "is_zero")]
    pub cut_budget: u64,
    /// Parts cut out because they failed a check.
    #[serde(skip_serializing_if = "is_zero")]
    pub invalid: u64,
    /// The most that were active; 0 where that is not known.
    #[serde(skip_serializing_if = "is_zero")]
    pub active: u64,
}

/// Why something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The Cockpit's rate was reached.
    Rate,
    /// The token's rate was reached.
    TokenRate,
    /// Too many were active.
    Active,
    /// Too many were active of those that a budget is for.
    Budget,
    /// A check failed.
    Invalid,
}

/// What was used in the last 31 days: by the minute for two hours, by the hour for a week, by the day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The first minute whose counters have not been collected.
    from: u64,
    /// Its number on the roster; 0 if it is not on it.
    #[serde(default)]
    place: u64,
    /// What the last collection was to remove.
    #[serde(default)]
    removal: Option<Removal>,
    /// By the minute, oldest first.
    pub minutes: Vec<Usage>,
    /// By the hour.
    pub hours: Vec<Usage>,
    /// By the day.
    pub days: Vec<Usage>,
    /// All there ever was; it never shrinks.
    #[serde(default)]
    pub ever: Usage,
}

/// Counters that have been collected, and are removed one after another. While the last of them is there, others may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Removal {
    /// The first minute that was collected.
    from: u64,
    /// The key of the last.
    last: String,
}

/// Seconds of a step of each resolution, and how many steps are kept.
const MINUTES: (u64, usize) = (60, 120);
const HOURS: (u64, usize) = (3_600, 7 * 24);
const DAYS: (u64, usize) = (24 * 3_600, 31);

/// A history is read this often until no collection has been seen to happen meanwhile.
const LOOKS: usize = 3;

impl Record for History {
    const WHAT: &'static str = "the usage";
    const VERSION: u8 = 1;
}

/// The history of a sender up to now, the minutes not yet collected included. `sender` is whose it is, such as
/// `{project}/1/metrics`.
pub async fn read(kv: &impl Kv, sender: &str, rate: &Rate, now: Timestamp) -> Result<History, StoreError> {
    let mut stored = load(kv, sender).await?;
    for _ in 0..LOOKS {
        let mut history = stored.clone();
        let last = seconds(now) / 60;
        let first = if history.from > 0 { history.from } else { last.saturating_sub(REACH) };
        for minute in first..=last.min(first.saturating_add(REACH)) {
            history.add(counters::count(kv, sender, rate, minute).await?.usage);
        }
        // What was collected while the counters were read is in neither, or in both.
        stored = load(kv, sender).await?;
        if stored.from == history.from {
            return Ok(history);
        }
    }
    Ok(stored)
}

/// Forgets what a sender used, in windows of these lengths in seconds, and takes it off the roster. What tells where other
/// things are goes last.
pub(crate) async fn forget(kv: &impl Kv, sender: &str, windows: &[u64], now: Timestamp) -> Result<(), StoreError> {
    let (history, now) = (record::salvage::<History>(kv, &history_key(sender)).await?, seconds(now) / 60);
    let uncollected = history.iter().flat_map(|history| history.uncollected(now));
    let minutes: BTreeSet<_> = counters::recent(now).chain(uncollected).collect();
    counters::forget(kv, sender, minutes, windows, &Reason::ALL).await?;
    if let Some(place) = history.map(|history| history.place).filter(|place| *place > 0) {
        roster::remove(kv, place).await?;
    }
    record::drop(kv, &history_key(sender)).await
}

/// The same of a token: it is on no roster, and what it is refused is counted as its Cockpit's. There may be many, so only
/// what its history leads to is looked for: whoever opened a window has left one.
pub(crate) async fn forget_token(
    kv: &impl Kv,
    sender: &str,
    windows: &[u64],
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(history) = record::salvage::<History>(kv, &history_key(sender)).await? {
        let minutes: BTreeSet<_> = history.uncollected(seconds(now) / 60).collect();
        counters::forget(kv, sender, minutes, windows, &[]).await?;
    }
    record::drop(kv, &history_key(sender)).await
}

async fn load(kv: &impl Kv, sender: &str) -> Result<History, StoreError> {
    Ok(record::load(kv, &history_key(sender)).await?.unwrap_or_default())
}

fn history_key(sender: &str) -> String {
    format!("usage/{sender}")
}

impl History {
    /// Adds what was used at a moment, at every resolution.
    fn add(&mut self, used: Usage) {
        if used == (Usage { start: used.start, ..Usage::default() }) {
            return;
        }
        put(&mut self.minutes, MINUTES, used);
        put(&mut self.hours, HOURS, used);
        put(&mut self.days, DAYS, used);
        self.ever = self.ever.plus(&used);
    }

    /// The minutes that may have counters: those that were not collected, and those whose removal was begun.
    fn uncollected(&self, now: u64) -> impl Iterator<Item = u64> {
        let begun = self.removal.as_ref().map(|removal| removal.from);
        begun.into_iter().chain([self.from]).flat_map(move |first| counters::uncollected(first, now))
    }

    /// The first minute in which nothing was counted yet.
    const fn until(&self) -> u64 {
        self.from.saturating_add(REACH)
    }

    /// Its sender's number on the roster; 0 if it is not on it.
    pub const fn place(&self) -> u64 {
        self.place
    }

    /// All of the last 31 days.
    pub fn total(&self) -> Usage {
        self.days.iter().fold(Usage::default(), |sum, day| sum.plus(day))
    }

    /// How many were active when that was last known, within the last two hours of use.
    pub fn active(&self) -> u64 {
        self.minutes.iter().rev().find(|minute| minute.active > 0).map_or(0, |minute| minute.active)
    }
}

impl Usage {
    /// How much was refused for a reason.
    pub const fn refused(&self, reason: Reason) -> u64 {
        match reason {
            Reason::Rate => self.throttled,
            Reason::TokenRate => self.throttled_token,
            Reason::Active => self.cut,
            Reason::Budget => self.cut_budget,
            Reason::Invalid => self.invalid,
        }
    }

    const fn refused_mut(&mut self, reason: Reason) -> &mut u64 {
        match reason {
            Reason::Rate => &mut self.throttled,
            Reason::TokenRate => &mut self.throttled_token,
            Reason::Active => &mut self.cut,
            Reason::Budget => &mut self.cut_budget,
            Reason::Invalid => &mut self.invalid,
        }
    }

    fn plus(mut self, other: &Self) -> Self {
        for reason in Reason::ALL {
            let sum = self.refused(reason).saturating_add(other.refused(reason));
            *self.refused_mut(reason) = sum;
        }
        Self {
            units: self.units.saturating_add(other.units),
            requests: self.requests.saturating_add(other.requests),
            active: self.active.max(other.active),
            ..self
        }
    }
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Rate, Self::TokenRate, Self::Active, Self::Budget, Self::Invalid];

    /// Its name, in keys of the store and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate_limited",
            Self::TokenRate => "token_rate_limited",
            Self::Active => "too_many_active",
            Self::Budget => "over_budget",
            Self::Invalid => "invalid",
        }
    }
}

fn put(steps: &mut Vec<Usage>, (length, kept): (u64, usize), used: Usage) {
    let start = used.start.saturating_sub(used.start.checked_rem(length).unwrap_or(0));
    match steps.last_mut() {
        Some(last) if last.start >= start => *last = last.plus(&used),
        _ => steps.push(Usage { start, ..used }),
    }
    let old = steps.len().saturating_sub(kept);
    steps.drain(..old);
}

const fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests;
