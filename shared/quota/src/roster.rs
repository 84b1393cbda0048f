//! The roster: who has ever sent anything, so that an operator can be shown them all. The store has no scan.
//!
//! A sender is added when its first window is opened, and stays until it is forgotten. One that was added twice stands
//! there twice; its history knows [which place](crate::usage::History::place) is its own.

use crate::usage::counters;
use cockpit_core::ports::{Kv, StoreError};

const NEXT: &str = "roster/next";

/// Adds a sender, and returns its number.
pub async fn add(kv: &impl Kv, sender: &str) -> Result<u64, StoreError> {
    let number = u64::try_from(kv.increment(NEXT, 1).await?).unwrap_or(0);
    kv.set(&key(number), sender.as_bytes()).await?;
    Ok(number)
}

/// Removes the sender of this number.
pub async fn remove(kv: &impl Kv, number: u64) -> Result<(), StoreError> {
    kv.delete(&key(number)).await
}

/// How many places were ever given; some may be empty by now.
pub async fn places(kv: &impl Kv) -> Result<u64, StoreError> {
    Ok(counters::read(kv, NEXT).await?.and_then(|next| u64::try_from(next).ok()).unwrap_or(0))
}

/// Up to `most` senders with their numbers, from this number on; the first is 1.
pub async fn list(kv: &impl Kv, first: u64, most: u64) -> Result<Vec<(u64, String)>, StoreError> {
    let end = places(kv).await?.min(first.saturating_add(most).saturating_sub(1));
    let mut senders = Vec::new();
    for number in first..=end {
        // A number without a name was taken by a call that died.
        let name = kv.get(&key(number)).await?.and_then(|bytes| String::from_utf8(bytes).ok());
        senders.extend(name.map(|name| (number, name)));
    }
    Ok(senders)
}

fn key(number: u64) -> String {
    format!("roster/{number}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cockpit_fake::{Fake, run};

    #[test]
    fn senders_are_listed_in_pages_in_the_order_in_which_they_came() {
        let fake = Fake::new(&[]);
        assert_eq!((run(places(&fake)).unwrap(), run(list(&fake, 1, 10)).unwrap()), (0, vec![]));
        for name in ["a", "b", "c"] {
            run(add(&fake, name)).unwrap();
        }
        run(remove(&fake, 2)).unwrap();
        assert_eq!(run(places(&fake)).unwrap(), 3);
        for (first, most, want) in [(1, 3, &[(1, "a"), (3, "c")][..]), (3, 10, &[(3, "c")]), (4, 10, &[])] {
            let listed = run(list(&fake, first, most)).unwrap();
            assert!(listed.iter().map(|(number, name)| (*number, &**name)).eq(want.iter().copied()), "{listed:?}");
        }
    }
}
