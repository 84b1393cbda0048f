//! The counters of the last few minutes: what each window let in, and what each minute refused.

use super::{Reason, Usage};
use crate::{amount::Amount, rates::Rate};
use cockpit_core::{
    ports::{Kv, StoreError},
    record,
};
use std::ops::RangeInclusive;

/// So many minutes, from the first that is not collected, may have counters: nothing is counted in later ones.
pub(super) const REACH: u64 = 8;

/// So many of the last minutes may have counters of what was forgotten, as instances may not know that yet, and count on.
const FORGOTTEN: u64 = 16;

/// The key of a window's counter.
pub fn window_key(sender: &str, window: u64) -> String {
    format!("rate/{sender}/{window}")
}

/// The key of a minute's counter of what was refused for a reason.
pub fn refused_key(sender: &str, minute: u64, reason: Reason) -> String {
    format!("refused/{sender}/{minute}/{}", reason.name())
}

/// What has been given out in a window.
pub async fn given(kv: &impl Kv, sender: &str, window: u64) -> Result<Amount, StoreError> {
    Ok(Amount::unpack(read(kv, &window_key(sender, window)).await?.unwrap_or(0)))
}

/// A minute's counters, and the keys of those that exist.
pub(super) struct Found {
    pub(super) usage: Usage,
    pub(super) keys: Vec<String>,
}

pub(super) async fn count(kv: &impl Kv, sender: &str, rate: &Rate, minute: u64) -> Result<Found, StoreError> {
    let start = minute.saturating_mul(60);
    let mut found = Found { usage: Usage { start, ..Usage::default() }, keys: Vec::new() };
    for window in starts(minute, rate.window) {
        let key = window_key(sender, window);
        let Some(taken) = counted(kv, &key).await? else { continue };
        let taken = Amount::unpack(taken).min(rate.budget());
        found.usage.units = found.usage.units.saturating_add(taken.units);
        found.usage.requests = found.usage.requests.saturating_add(taken.requests);
        found.keys.push(key);
    }
    for reason in Reason::ALL {
        let key = refused_key(sender, minute, reason);
        let Some(refused) = counted(kv, &key).await? else { continue };
        *found.usage.refused_mut(reason) = u64::try_from(refused).unwrap_or(0);
        found.keys.push(key);
    }
    Ok(found)
}

/// The minutes that may have counters because they were not collected, which begin with `from`. Clocks may be slow or fast.
pub(super) fn uncollected(from: u64, now: u64) -> RangeInclusive<u64> {
    from.min(now).saturating_sub(1)..=from.saturating_add(REACH).min(now.saturating_add(1))
}

/// The last minutes.
pub(super) fn recent(now: u64) -> RangeInclusive<u64> {
    now.saturating_sub(FORGOTTEN)..=now.saturating_add(1)
}

/// Removes the counters of these minutes: those of windows of these lengths, and those of what was refused.
pub(super) async fn forget(
    kv: &impl Kv,
    sender: &str,
    minutes: impl IntoIterator<Item = u64>,
    windows: &[u64],
    reasons: &[Reason],
) -> Result<(), StoreError> {
    for minute in minutes {
        let windows = windows.iter().flat_map(|length| starts(minute, *length));
        let windows = windows.map(|start| window_key(sender, start));
        let refused = reasons.iter().map(|reason| refused_key(sender, minute, *reason));
        for key in windows.chain(refused) {
            record::drop(kv, &key).await?;
        }
    }
    Ok(())
}

/// When the windows of this length begin that a minute has.
fn starts(minute: u64, length: u64) -> impl Iterator<Item = u64> {
    let start = minute.saturating_mul(60);
    (0..60_u64.checked_div(length).unwrap_or(1)).map(move |step| start.saturating_add(step.saturating_mul(length)))
}

/// Removes counters, in this order.
pub(super) async fn remove(kv: &impl Kv, keys: &[String]) -> Result<(), StoreError> {
    for key in keys {
        kv.delete(key).await?;
    }
    Ok(())
}

/// Reads a counter without creating it. Stores show counters as eight bytes, or as decimal digits, which as eight
/// bytes would be a counter beyond any budget.
pub(crate) async fn read(kv: &impl Kv, key: &str) -> Result<Option<i64>, StoreError> {
    let Some(bytes) = kv.get(key).await? else { return Ok(None) };
    decode(&bytes).map(Some).ok_or_else(|| StoreError(format!("{key} is no counter")))
}

/// The same for usage: what is no counter says nothing, and must not keep the others from being collected.
async fn counted(kv: &impl Kv, key: &str) -> Result<Option<i64>, StoreError> {
    Ok(kv.get(key).await?.map(|bytes| decode(&bytes).unwrap_or(0)))
}

fn decode(bytes: &[u8]) -> Option<i64> {
    let digits = std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok());
    let binary = bytes.try_into().ok().map(i64::from_le_bytes);
    digits.or(binary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cockpit_fake::{Fake, run};

    #[test]
    fn counters_are_read_in_the_form_of_either_store() {
        let fake = Fake::new(&[]);
        assert_eq!(run(read(&fake, "c")).unwrap(), None);
        for (text, want) in [(&b"2199023255562"[..], 2_199_023_255_562), (b"12345678", 12_345_678), (b"-5", -5)] {
            run(fake.set("c", text)).unwrap();
            assert_eq!(run(read(&fake, "c")).unwrap(), Some(want));
        }
        let packed = Amount::push(5).pack();
        run(fake.set("c", &packed.to_le_bytes())).unwrap();
        assert_eq!(run(read(&fake, "c")).unwrap(), Some(packed));
        run(fake.set("c", b"x")).unwrap();
        assert!(run(read(&fake, "c")).is_err());
    }
}
