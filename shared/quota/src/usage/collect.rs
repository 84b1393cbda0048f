//! Folding counters into a history.

use super::{History, Removal, Usage, counters, counters::REACH, history_key, load};
use crate::{
    Signal,
    rates::{Rate, seconds},
    roster,
};
use cockpit_core::{
    Timestamp,
    ports::{Kv, StoreError},
    record,
};

/// Minutes that are collected at once, so that a window is opened at most every so many with this work.
const BATCH: u64 = 4;

/// What a collection came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Collected {
    /// Nothing: it was not time.
    Nothing,
    /// These minutes: when each ended, in seconds since 1970, and all there had ever been until then.
    Minutes(Vec<(u64, Usage)>),
    /// Nothing: what was collected before is there, and cannot be read.
    Unreadable(String),
}

/// What is known once a history was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The first minute in which nothing may be counted before another look.
    pub until: u64,
    /// The first minute in which whoever opens a window should [`collect`].
    pub due: u64,
    /// What was collected.
    pub collected: Collected,
}

/// Makes sure that what is counted in this minute will be found: counters are looked for in a few minutes from the first
/// one that is not collected, and whoever opens a window may die before it collects. So whoever is about to count, and
/// has not looked for so long, begins the history, or collects that of a sender that was away. Most of the times that
/// is one read. A history that cannot be read, damaged or of another version, is left alone: limits are kept without it,
/// and what is counted meanwhile is not found later.
pub async fn reach(kv: &impl Kv, sender: &str, rate: &Rate, now: Timestamp, active: u64) -> Result<Look, StoreError> {
    let minute = seconds(now) / 60;
    let mut history = match readable(kv, sender, minute).await? {
        Ok(history) => history,
        Err(look) => return Ok(look),
    };
    let mut collected = Collected::Nothing;
    if history.from == 0 {
        history.begin(minute);
        record::save(kv, &history_key(sender), &history).await?;
    } else if minute >= history.until() {
        (history, collected) = fold(kv, sender, rate, minute, active, history).await?;
    }
    Ok(history.look(sender, collected))
}

/// Folds past minutes into the history, and removes their counters; puts the sender on the roster if it is not there.
/// Called by whoever opens a window, so that it is done once; most of the times that is one read. `active` is how many
/// are active now.
pub async fn collect(kv: &impl Kv, sender: &str, rate: &Rate, now: Timestamp, active: u64) -> Result<Look, StoreError> {
    let minute = seconds(now) / 60;
    let mut history = match readable(kv, sender, minute).await? {
        Ok(history) => history,
        Err(look) => return Ok(look),
    };
    let mut collected = Collected::Nothing;
    if history.from == 0 || !history.is_listed(sender) {
        if !history.is_listed(sender) {
            let place = roster::add(kv, sender).await?;
            // Others may have collected meanwhile.
            history = History { place, ..load(kv, sender).await? };
        }
        history.begin(minute);
        record::save(kv, &history_key(sender), &history).await?;
    } else if minute >= history.from.saturating_add(BATCH) {
        (history, collected) = fold(kv, sender, rate, minute, active, history).await?;
    }
    Ok(history.look(sender, collected))
}

/// The history, or all there is to know if it cannot be read.
async fn readable(kv: &impl Kv, sender: &str, minute: u64) -> Result<Result<History, Look>, StoreError> {
    let history = record::read(kv, &history_key(sender)).await?.transpose();
    let until = minute.saturating_add(REACH);
    let unread = |cause: StoreError| Look { until, due: until, collected: Collected::Unreadable(cause.to_string()) };
    Ok(history.map(Option::unwrap_or_default).map_err(unread))
}

/// Folds the minutes before this one into a history. Any number may do so at once: they find the same, and who finds that
/// another one was faster leaves it at that.
async fn fold(
    kv: &impl Kv,
    sender: &str,
    rate: &Rate,
    minute: u64,
    active: u64,
    mut history: History,
) -> Result<(History, Collected), StoreError> {
    let from = history.from;
    finish(kv, sender, rate, &history).await?;
    // The minute before this one is left alone: a clock may be slow, and a push under way.
    let end = minute.saturating_sub(1);
    let mut past = Vec::new();
    let mut keys = Vec::new();
    for minute in from..end.min(history.until()) {
        let found = counters::count(kv, sender, rate, minute).await?;
        // Who is active changes over ten minutes: what is known now is near enough for the last few.
        let known = if found.keys.is_empty() { 0 } else { active };
        history.add(Usage { active: known, ..found.usage });
        past.push((minute.saturating_add(1).saturating_mul(60), ever(&history, known)));
        keys.extend(found.keys);
    }
    history.from = end;
    history.removal = keys.last().map(|last| Removal { from, last: last.clone() });
    // Another one may have removed counters before they were read here.
    let stored = load(kv, sender).await?;
    if stored.from != from {
        return Ok((stored, Collected::Nothing));
    }
    record::save(kv, &history_key(sender), &history).await?;
    counters::remove(kv, &keys).await?;
    Ok((history, Collected::Minutes(past)))
}

/// Finishes the removal of counters that have been collected, if whoever began it died.
async fn finish(kv: &impl Kv, sender: &str, rate: &Rate, history: &History) -> Result<(), StoreError> {
    let Some(Removal { from, last }) = &history.removal else { return Ok(()) };
    if kv.get(last).await?.is_none() {
        return Ok(());
    }
    for minute in *from..history.from.min(from.saturating_add(REACH)) {
        counters::remove(kv, &counters::count(kv, sender, rate, minute).await?.keys).await?;
    }
    Ok(())
}

impl History {
    fn look(&self, sender: &str, collected: Collected) -> Look {
        let due = if self.is_listed(sender) { self.from.saturating_add(BATCH) } else { 0 };
        Look { until: self.until(), due, collected }
    }

    fn begin(&mut self, minute: u64) {
        if self.from == 0 {
            // A clock may be slow: what it counts belongs to the minute before.
            self.from = minute.saturating_sub(1);
        }
    }

    /// Whether its sender is on the roster, or is none that should be: tokens are shown with their Cockpit.
    fn is_listed(&self, sender: &str) -> bool {
        self.place > 0 || Signal::of_sender(sender).is_none()
    }
}

/// All there was so far, and how many are active now.
const fn ever(history: &History, active: u64) -> Usage {
    Usage { active, ..history.ever }
}
