//! A list without a scan: a log of pointers to a project's entities.
//!
//! The store cannot list a prefix, so each new entity takes the next number of a counter and leaves a
//! pointer under it. Listing reads the numbers from `floor` to the counter. A pointer says nothing about
//! existence: entities are deleted without touching it. Dead pointers are dropped, and live ones moved to
//! the end, when a creation finds the log more than twice as long as it need be; two creations doing so at
//! once leave a second pointer to the same entity, which readers ignore, and the next sweep drops.

use crate::record::{Record, load, save};
use cockpit_core::{
    ports::{Kv, StoreError},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A number whose pointer is missing this long after a later one was written will never be written:
/// no request lives that long.
const SETTLED_MICROS: i64 = 10 * 60 * 1_000_000;

/// How many dead numbers a log may hold before they are swept.
const SLACK: u64 = 32;

/// The most numbers one sweep looks at, so that no single call pays for a long neglect.
const SWEEP: u64 = 16;

/// One project's log of one kind of entity.
pub(crate) struct Log<'k, K> {
    kv: &'k K,
    prefix: String,
}

/// A pointer to an entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pointer {
    /// The entity's id.
    pub(crate) id: [u8; 16],
    /// The hash of the entity's secret, so that what a crashed creation left can be found and removed.
    pub(crate) secret: [u8; 32],
    /// When this pointer was written, in microseconds.
    pub(crate) written_at: i64,
}

impl Record for Pointer {
    const VERSION: u8 = 1;
}

#[derive(Serialize, Deserialize)]
struct Floor(u64);

impl Record for Floor {
    const VERSION: u8 = 1;
}

/// What stands under a number of the log.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The number.
    pub(crate) number: u64,
    /// Its pointer; `None` where none was written yet, or it was swept.
    pub(crate) pointer: Option<Pointer>,
}

impl Slot {
    /// Whether no later slot leads to the same entity.
    fn is_newest(&self, newest: &HashMap<[u8; 16], u64>) -> bool {
        self.pointer.as_ref().is_some_and(|pointer| newest.get(&pointer.id) == Some(&self.number))
    }
}

impl<'k, K: Kv> Log<'k, K> {
    /// The log under this prefix, such as `tokens/{project}`.
    pub(crate) fn new(kv: &'k K, prefix: String) -> Self {
        Self { kv, prefix }
    }

    /// Adds a pointer at the end.
    pub(crate) async fn append(&self, pointer: &Pointer) -> Result<(), StoreError> {
        let number = self.advance(1).await?;
        save(self.kv, &self.key(number), pointer).await
    }

    /// Every number from the floor to the end, oldest first.
    pub(crate) async fn slots(&self) -> Result<Vec<Slot>, StoreError> {
        let end = self.advance(0).await?;
        let mut slots = Vec::new();
        for number in self.floor().await?..=end {
            slots.push(Slot { number, pointer: load(self.kv, &self.key(number)).await? });
        }
        Ok(slots)
    }

    /// Shortens the log if it is worth it. `live` tells which pointers still lead somewhere; `strip` removes
    /// what a dead one may have left behind.
    pub(crate) async fn sweep(
        &self,
        slots: &[Slot],
        now: Timestamp,
        live: impl Fn(&Pointer) -> bool,
        strip: impl AsyncFn(&Pointer) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let newest: HashMap<_, _> =
            slots.iter().filter_map(|slot| Some((slot.pointer.as_ref()?.id, slot.number))).collect();
        let alive = slots.iter().filter(|slot| slot.is_newest(&newest) && slot.pointer.as_ref().is_some_and(&live));
        if to_u64(slots.len()) <= 2 * to_u64(alive.count()) + SLACK {
            return Ok(());
        }
        let settled = last_settled(slots, now);
        let mut floor = None;
        for slot in slots.iter().take_while(|slot| slot.number <= settled).take(usize_of(SWEEP)) {
            match &slot.pointer {
                Some(pointer) if live(pointer) && !slot.is_newest(&newest) => {}
                Some(pointer) if live(pointer) => {
                    self.append(&Pointer { written_at: now.micros(), ..pointer.clone() }).await?;
                }
                Some(pointer) => strip(pointer).await?,
                None => {}
            }
            floor = Some(slot.number + 1);
        }
        let Some(floor) = floor else { return Ok(()) };
        save(self.kv, &self.floor_key(), &Floor(floor)).await?;
        for slot in slots.iter().filter(|slot| slot.number < floor && slot.pointer.is_some()) {
            self.kv.delete(&self.key(slot.number)).await?;
        }
        Ok(())
    }

    /// Removes these pointers and starts the log after them.
    pub(crate) async fn clear(&self, slots: &[Slot]) -> Result<(), StoreError> {
        let Some(last) = slots.last() else { return Ok(()) };
        for slot in slots {
            self.kv.delete(&self.key(slot.number)).await?;
        }
        save(self.kv, &self.floor_key(), &Floor(last.number + 1)).await
    }

    /// Removes these pointers and the log itself, counter included.
    pub(crate) async fn erase(&self, slots: &[Slot]) -> Result<(), StoreError> {
        for slot in slots {
            self.kv.delete(&self.key(slot.number)).await?;
        }
        self.kv.delete(&self.floor_key()).await?;
        self.kv.delete(&self.next_key()).await
    }

    async fn advance(&self, by: i64) -> Result<u64, StoreError> {
        let number = self.kv.increment(&self.next_key(), by).await?;
        u64::try_from(number).map_err(|_| StoreError(format!("{} is negative", self.next_key())))
    }

    async fn floor(&self) -> Result<u64, StoreError> {
        Ok(load::<Floor>(self.kv, &self.floor_key()).await?.map_or(1, |floor| floor.0))
    }

    fn next_key(&self) -> String {
        format!("{}/next", self.prefix)
    }

    fn floor_key(&self) -> String {
        format!("{}/floor", self.prefix)
    }

    fn key(&self, number: u64) -> String {
        format!("{}/{number}", self.prefix)
    }
}

/// The last number that was certainly written, if ever: it, and every number below, will not change.
fn last_settled(slots: &[Slot], now: Timestamp) -> u64 {
    let old = |pointer: &Pointer| pointer.written_at < now.micros().saturating_sub(SETTLED_MICROS);
    slots.iter().rev().find(|slot| slot.pointer.as_ref().is_some_and(old)).map_or(0, |slot| slot.number)
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn usize_of(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
