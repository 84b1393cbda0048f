//! A list without a scan: a log of pointers to an owner's entities.
//!
//! The store cannot list a prefix, so each new entity takes the next number of a counter and leaves a
//! pointer under it. Listing reads the numbers from `floor` to the counter. A pointer says nothing about
//! existence: entities are deleted without touching it. A creation removes pointers that lead nowhere, and moves
//! live ones to the end when it finds the log more than twice as long as it need be; two creations doing so at
//! once leave a second pointer of the same, which readers ignore, and the next sweep drops. A deactivation removes
//! those of its Cockpit.

use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    record::{Record, advance, load, save},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// No request lives as long as this.
const SETTLED_MICROS: i64 = 10 * 60 * 1_000_000;

/// How many dead numbers a log may hold before they are swept.
const SLACK: u64 = 32;

/// The most numbers one sweep moves, so that no single call pays for a long neglect.
const SWEEP: usize = 16;

/// A log that is still longer at the end of so many readings is being written too fast to be read.
const READINGS: usize = 16;

/// One owner's log of one kind of entity.
pub(crate) struct Log<'k, K> {
    kv: &'k K,
    prefix: String,
}

/// A pointer to an entity, or to one more secret of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pointer {
    /// The entity's id.
    pub(crate) id: [u8; 16],
    /// The hash of the secret, so that what a crashed call left can be found and removed.
    pub(crate) secret: [u8; 32],
    /// The activation it belongs to.
    pub(crate) epoch: u64,
    /// When it was written, in microseconds; its number was taken before.
    pub(crate) written_at: i64,
    /// Its first number, which tells who came later, wherever it is moved to.
    pub(crate) rank: u64,
}

impl Record for Pointer {
    const WHAT: &'static str = "a list's pointer";
    const VERSION: u8 = 2;
}

#[derive(Serialize, Deserialize)]
struct Floor(u64);

impl Record for Floor {
    const WHAT: &'static str = "a list's beginning";
    const VERSION: u8 = 1;
}

/// What stands under a number of the log.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The number.
    pub(crate) number: u64,
    /// Its pointer; `None` where none was written yet, or it was removed.
    pub(crate) pointer: Option<Pointer>,
}

/// What a pointer is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// It leads to something.
    Live,
    /// What it led to is gone, if it ever was.
    Dead,
}

impl<'k, K: Kv> Log<'k, K> {
    /// The log under this prefix, such as `tokens/{project}`.
    pub(crate) fn new(kv: &'k K, prefix: String) -> Self {
        Self { kv, prefix }
    }

    /// Every number from the floor to the end, oldest first. A pointer that is moved meanwhile is found where it was,
    /// or where it went: it is there before it is gone here, so reading on to the end misses none.
    pub(crate) async fn slots(&self) -> Result<Vec<Slot>, StoreError> {
        let mut slots = Vec::new();
        let mut next = self.floor().await?;
        for _ in 0..READINGS {
            let end = self.advance(0).await?;
            if next > end {
                return Ok(slots);
            }
            for number in next..=end {
                slots.push(Slot { number, pointer: load(self.kv, &self.key(number)).await? });
            }
            next = end + 1;
        }
        Err(StoreError(format!("{} grows too fast to be read", self.prefix)))
    }

    /// Removes pointers that are over, and has the log begin after those that have settled and of which nothing is left. The
    /// last pointer of all stays until it has settled itself: otherwise nothing would tell that those before it have.
    /// `slots` were read after `now`.
    pub(crate) async fn forget(
        &self,
        slots: &[Slot],
        now: Timestamp,
        is_over: impl Fn(&Pointer) -> bool,
    ) -> Result<(), StoreError> {
        let settled = last_settled(slots, now);
        let last = slots.iter().rev().find(|slot| slot.pointer.is_some()).map_or(0, |slot| slot.number);
        let goes = |slot: &Slot| slot.number < last || slot.number <= settled;
        for slot in slots.iter().filter(|slot| goes(slot) && slot.pointer.as_ref().is_some_and(&is_over)) {
            self.kv.delete(&self.key(slot.number)).await?;
        }
        let is_left = |slot: &Slot| slot.number > settled || slot.pointer.as_ref().is_some_and(|it| !is_over(it));
        match slots.iter().take_while(|slot| !is_left(slot)).last() {
            Some(gone) => save(self.kv, &self.floor_key(), &Floor(gone.number + 1)).await,
            None => Ok(()),
        }
    }

    async fn advance(&self, by: i64) -> Result<u64, StoreError> {
        advance(self.kv, &format!("{}/next", self.prefix), by).await
    }

    async fn floor(&self) -> Result<u64, StoreError> {
        Ok(load::<Floor>(self.kv, &self.floor_key()).await?.map_or(1, |floor| floor.0))
    }

    fn floor_key(&self) -> String {
        format!("{}/floor", self.prefix)
    }

    fn key(&self, number: u64) -> String {
        format!("{}/{number}", self.prefix)
    }
}

impl<K: Kv + Clock> Log<'_, K> {
    /// Adds a pointer at the end, under the next number, and says when; a new one has that number for its rank. The time is
    /// read when the number is taken: once it has settled, so has whatever has a lower number.
    pub(crate) async fn append(&self, pointer: Pointer) -> Result<(), StoreError> {
        let number = self.advance(1).await?;
        let rank = if pointer.rank == 0 { number } else { pointer.rank };
        let written_at = self.kv.now().micros();
        save(self.kv, &self.key(number), &Pointer { rank, written_at, ..pointer }).await
    }

    /// Removes pointers that lead nowhere, and shortens the log if it is worth it. Only what will not change any more
    /// is touched. `slots` were read after `now`. `used` tells what a pointer is good for; what a dead one may have left is
    /// removed by then.
    pub(crate) async fn sweep(
        &self,
        slots: &[Slot],
        now: Timestamp,
        used: impl AsyncFn(&Pointer) -> Result<Use, StoreError>,
    ) -> Result<(), StoreError> {
        let settled = last_settled(slots, now);
        let mut live = Vec::new();
        for slot in slots {
            let Some(pointer) = &slot.pointer else { continue };
            match slot.number <= settled && used(pointer).await? == Use::Dead {
                true => self.kv.delete(&self.key(slot.number)).await?,
                false => live.push((slot.number, pointer)),
            }
        }
        let newest: HashMap<_, _> = live.iter().map(|(number, pointer)| (pointer.key(), *number)).collect();
        if to_u64(slots.len()) <= 2 * to_u64(newest.len()) + SLACK {
            return Ok(());
        }
        let Some(floor) = slots.iter().take_while(|slot| slot.number <= settled).take(SWEEP).last() else {
            return Ok(());
        };
        let old: Vec<_> = live.into_iter().filter(|(number, _)| *number <= floor.number).collect();
        for (number, pointer) in &old {
            if newest.get(&pointer.key()) == Some(number) {
                self.append((*pointer).clone()).await?;
            }
        }
        save(self.kv, &self.floor_key(), &Floor(floor.number + 1)).await?;
        for (number, _) in old {
            self.kv.delete(&self.key(number)).await?;
        }
        Ok(())
    }
}

impl Pointer {
    /// What it leads to.
    const fn key(&self) -> ([u8; 16], [u8; 32]) {
        (self.id, self.secret)
    }

    /// Whether the call that wrote it is certainly over.
    pub(crate) fn is_settled(&self, now: Timestamp) -> bool {
        is_settled(self.written_at, now)
    }
}

/// Whether every call that had begun at this time, in microseconds, is certainly over.
pub(crate) fn is_settled(at: i64, now: Timestamp) -> bool {
    at < now.micros().saturating_sub(SETTLED_MICROS)
}

/// The last number that was certainly written, if ever: it, and every number below, will not change. A number whose
/// pointer is missing once a later one has settled will never be written.
fn last_settled(slots: &[Slot], now: Timestamp) -> u64 {
    let settled = |slot: &&Slot| slot.pointer.as_ref().is_some_and(|pointer| pointer.is_settled(now));
    slots.iter().rev().find(settled).map_or(0, |slot| slot.number)
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
