//! What was used, read off the leases: the counter of a window is the record of what it let in.
//!
//! Whoever opens a window folds the counters of past minutes into the sender's history and removes them. So usage
//! costs no write of its own, and keys are bounded: a history, and the counters of the last few minutes. It is exact
//! to the lease: what a dropped instance had leased and not spent counts as used.

use crate::{
    amount::Amount,
    rates::{Rate, seconds},
    record::{self, Record},
};
use cockpit_core::{
    Timestamp,
    ports::{Kv, StoreError},
};
use serde::{Deserialize, Serialize};

/// Minutes that are collected at once, so that a window is opened at most every so many with this work.
const BATCH: u64 = 4;

/// The most minutes one collection looks at. Later counters do not exist: whoever opened their windows collected.
const REACH: u64 = 16;

/// What was used in a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// When it begins, in seconds since 1970.
    pub start: u64,
    /// Samples, or bytes of logs.
    pub units: u64,
    /// Pushes.
    pub requests: u64,
    /// Pushes refused because a rate was reached.
    pub throttled: u64,
    /// Series or streams cut out because too many were active.
    pub cut: u64,
    /// The most that were active; 0 where that is not known.
    pub active: u64,
}

/// What was used in the last 31 days: by the minute for two hours, by the hour for a week, by the day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The first minute whose counters have not been collected.
    from: u64,
    /// By the minute, oldest first.
    pub minutes: Vec<Usage>,
    /// By the hour.
    pub hours: Vec<Usage>,
    /// By the day.
    pub days: Vec<Usage>,
}

/// Seconds of a step of each resolution, and how many steps are kept.
const MINUTES: (u64, usize) = (60, 120);
const HOURS: (u64, usize) = (3_600, 7 * 24);
const DAYS: (u64, usize) = (24 * 3_600, 31);

impl Record for History {
    const WHAT: &'static str = "the usage";
    const VERSION: u8 = 1;
}

/// The key of a window's counter. `sender` is whose it is, such as `{project}/metrics`.
pub fn counter_key(sender: &str, window: u64) -> String {
    format!("rate/{sender}/{window}")
}

/// The key of a minute's counter of what was refused: requests throttled, and series cut in place of units.
pub fn refused_key(sender: &str, minute: u64) -> String {
    format!("refused/{sender}/{minute}")
}

/// The history of a sender up to now, the minutes not yet collected included.
pub async fn read(kv: &impl Kv, sender: &str, rate: &Rate, now: Timestamp) -> Result<History, StoreError> {
    let mut history = load(kv, sender).await?;
    let last = seconds(now) / 60;
    let first = if history.from > 0 { history.from } else { last.saturating_sub(REACH) };
    for minute in first..=last.min(first.saturating_add(REACH)) {
        let found = count(kv, sender, rate, minute).await?;
        history.add(found.usage);
    }
    Ok(history)
}

/// Folds past minutes into the history, and removes their counters. Called by whoever opens a window; most of the
/// times that is one read. `active` is how many are active now.
pub async fn collect(kv: &impl Kv, sender: &str, rate: &Rate, now: Timestamp, active: u64) -> Result<(), StoreError> {
    let mut history = load(kv, sender).await?;
    let minute = seconds(now) / 60;
    if history.from == 0 {
        // A clock may be slow: what it counts belongs to the minute before.
        history.from = minute.saturating_sub(1);
        return record::save(kv, &history_key(sender), &history).await;
    }
    if minute < history.from.saturating_add(BATCH) {
        return Ok(());
    }
    // The minute before this one is left alone: a clock may be slow, and a push under way.
    let end = minute.saturating_sub(1);
    let mut counters = Vec::new();
    for minute in history.from..end.min(history.from.saturating_add(REACH)) {
        let found = count(kv, sender, rate, minute).await?;
        history.add(found.usage);
        counters.extend(found.keys);
    }
    history.saw(end.saturating_sub(1).saturating_mul(60), active);
    history.from = end;
    record::save(kv, &history_key(sender), &history).await?;
    for key in counters {
        kv.delete(&key).await?;
    }
    Ok(())
}

/// A minute's counters, and the keys of those that exist.
struct Found {
    usage: Usage,
    keys: Vec<String>,
}

async fn count(kv: &impl Kv, sender: &str, rate: &Rate, minute: u64) -> Result<Found, StoreError> {
    let start = minute.saturating_mul(60);
    let mut found = Found { usage: Usage { start, ..Usage::default() }, keys: Vec::new() };
    for step in 0..60_u64.checked_div(rate.window).unwrap_or(1) {
        let key = counter_key(sender, start.saturating_add(step.saturating_mul(rate.window)));
        let Some(taken) = counter(kv, &key).await? else { continue };
        let taken = taken.min(rate.budget());
        found.usage.units = found.usage.units.saturating_add(taken.units);
        found.usage.requests = found.usage.requests.saturating_add(taken.requests);
        found.keys.push(key);
    }
    let key = refused_key(sender, minute);
    if let Some(refused) = counter(kv, &key).await? {
        (found.usage.cut, found.usage.throttled) = (refused.units, refused.requests);
        found.keys.push(key);
    }
    Ok(found)
}

/// Reads a counter without creating it. Stores show counters as eight bytes, or as decimal digits, which as eight
/// bytes would be a counter beyond any budget.
async fn counter(kv: &impl Kv, key: &str) -> Result<Option<Amount>, StoreError> {
    let Some(bytes) = kv.get(key).await? else { return Ok(None) };
    let digits = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse().ok());
    let binary = bytes.as_slice().try_into().ok().map(i64::from_le_bytes);
    let counter = digits.or(binary).ok_or_else(|| StoreError(format!("{key} is no counter")))?;
    Ok(Some(Amount::unpack(counter)))
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
    }

    /// Notes how many were active at a moment.
    fn saw(&mut self, start: u64, active: u64) {
        if active > 0 {
            self.add(Usage { start, active, ..Usage::default() });
        }
    }

    /// All of the last 31 days.
    pub fn total(&self) -> Usage {
        self.days.iter().fold(Usage::default(), |sum, day| sum.plus(day))
    }
}

impl Usage {
    fn plus(self, other: &Self) -> Self {
        Self {
            start: self.start,
            units: self.units.saturating_add(other.units),
            requests: self.requests.saturating_add(other.requests),
            throttled: self.throttled.saturating_add(other.throttled),
            cut: self.cut.saturating_add(other.cut),
            active: self.active.max(other.active),
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

#[cfg(test)]
mod tests;
