//! Folding counters into a history.

use super::{History, Usage, counters, counters::REACH, history_key, load};
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
pub(crate) const BATCH: u64 = 4;

/// What a collection came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Collected {
    /// Nothing: it was not time.
    Nothing,
    /// These minutes: when each ended, in seconds since 1970, and all there had ever been until then.
    Minutes(Vec<(u64, Usage)>),
}

/// Folds past minutes into the history, and removes their counters. Called by whoever opens a window; most of the
/// times that is one read. `active` is how many are active now.
pub async fn collect(
    kv: &impl Kv,
    sender: &str,
    rate: &Rate,
    now: Timestamp,
    active: u64,
) -> Result<Collected, StoreError> {
    let mut history = load(kv, sender).await?;
    let minute = seconds(now) / 60;
    if history.from == 0 {
        // A clock may be slow: what it counts belongs to the minute before.
        history.from = minute.saturating_sub(1);
        // Tokens are not on the roster: they are shown with their Cockpit.
        if Signal::of_sender(sender).is_some() {
            history.place = roster::add(kv, sender).await?;
        }
        record::save(kv, &history_key(sender), &history).await?;
        return Ok(Collected::Nothing);
    }
    if minute < history.from.saturating_add(BATCH) {
        return Ok(Collected::Nothing);
    }
    // The minute before this one is left alone: a clock may be slow, and a push under way.
    let end = minute.saturating_sub(1);
    let mut past = Vec::new();
    let mut keys = Vec::new();
    for minute in history.from..end.min(history.from.saturating_add(REACH)) {
        let found = counters::count(kv, sender, rate, minute).await?;
        // Who is active changes over ten minutes: what is known now is near enough for the last few.
        let known = if found.keys.is_empty() { 0 } else { active };
        history.add(Usage { active: known, ..found.usage });
        past.push((minute.saturating_add(1).saturating_mul(60), ever(&history, known)));
        keys.extend(found.keys);
    }
    history.from = end;
    record::save(kv, &history_key(sender), &history).await?;
    for key in keys {
        kv.delete(&key).await?;
    }
    Ok(Collected::Minutes(past))
}

/// All there was so far, and how many are active now.
const fn ever(history: &History, active: u64) -> Usage {
    Usage { active, ..history.ever }
}
