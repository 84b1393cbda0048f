//! Active sets in the store: two slots for each sender in each location, taken in turn by the epochs.
//!
//! A slot's value says which epoch it is of. An older one is overwritten, a newer one is left alone, so nothing
//! has ever to be removed, and a clock that is wrong by less than an epoch does no harm.

use super::{Active, Stored, locations::Slots};
use crate::set::{self, MOST_PARTS, Set};
use cockpit_core::{
    Timestamp,
    ports::{Clock, Kv, StoreError},
    record,
};
use std::cell::RefCell;

const VERSION: u8 = 1;

/// The bytes before the words of each part, the same in all parts of a set: the version, the epoch, the key, and which
/// set it is.
const HEAD: usize = 1 + 8 + 16 + set::HEAD;

/// Reads both sets of which nothing is known yet, or nothing of this epoch. Two reads for each location, unless the sets
/// are huge.
pub async fn read<P: Kv + Clock>(ports: &P, slots: &Slots, active: &RefCell<Active>) -> Result<(), StoreError> {
    let (epoch, given) = (active.borrow().epoch, active.borrow().given_key());
    let current = read_of(ports, slots, epoch, given).await?;
    let previous = read_of(ports, slots, epoch.saturating_sub(1), given).await?;
    let found = given.or_else(|| Some(current.as_ref().or(previous.as_ref())?.key));
    let ours = active.borrow().key;
    let key = match found {
        Some(key) => key,
        None => agree(ports, slots, ours).await?,
    };
    let mut active = active.borrow_mut();
    if active.epoch == epoch {
        active.read(under(key, current, previous), ports.now());
    }
    Ok(())
}

/// What was hashed with another key means nothing.
fn under(key: [u8; 16], current: Option<Slot>, previous: Option<Slot>) -> Stored {
    let set = |slot: Option<Slot>| slot.filter(|slot| slot.key == key).map(|slot| slot.set);
    Stored { key, current: set(current), previous: set(previous) }
}

/// The key of a sender that has no sets, because it is new or was away. Instances that meet a new one at once must agree on
/// it before they mark anything, so it is written first, and read back: the last one wins.
async fn agree(kv: &impl Kv, slots: &Slots, ours: [u8; 16]) -> Result<[u8; 16], StoreError> {
    let name = slots.key();
    let stored = async || Ok(kv.get(&name).await?.and_then(|bytes| bytes.try_into().ok()));
    if let Some(key) = stored().await? {
        return Ok(key);
    }
    kv.set(&name, &ours).await?;
    Ok(stored().await?.unwrap_or(ours))
}

/// Writes to the slot of this location.
async fn write(kv: &impl Kv, slots: &Slots, epoch: u64, values: &[Vec<u8>]) -> Result<(), StoreError> {
    let name = slots.own();
    for (part, value) in values.iter().enumerate() {
        kv.set(&slot_key(&name, epoch, part), value).await?;
    }
    Ok(())
}

/// Looks this often whether a write has been overwritten by somebody who had read before it.
const LOOKS: usize = 3;

/// Merges with the store: one read, and if the store lacks anything, one write and a read to see that it stayed.
pub async fn merge<P: Kv + Clock>(ports: &P, slots: &Slots, active: &RefCell<Active>) -> Result<(), StoreError> {
    for look in 0..LOOKS {
        if !share(ports, slots, active).await? {
            active.borrow_mut().doubtful = look > 0;
            return Ok(());
        }
    }
    Ok(())
}

/// Reads, unites and writes; says whether there was anything to write.
async fn share<P: Kv + Clock>(ports: &P, slots: &Slots, active: &RefCell<Active>) -> Result<bool, StoreError> {
    let (epoch, key) = (active.borrow().epoch, active.borrow().given_key());
    let slot = read_slots(ports, slots, epoch, key).await?;
    let Some(Missing { values, marks }) = unite(&mut active.borrow_mut(), epoch, slot, ports.now()) else {
        return Ok(false);
    };
    write(ports, slots, epoch, &values).await?;
    active.borrow_mut().saved(ports.now(), true, marks);
    Ok(true)
}

/// What the store should be given: the parts of a set, with this many new marks.
struct Missing {
    values: Vec<Vec<u8>>,
    marks: u64,
}

/// Unites what is known here with what the store holds; `None` if that is nothing new to the store, or the epoch is
/// another one meanwhile, here or there.
fn unite(active: &mut Active, epoch: u64, slot: Option<Slot>, now: Timestamp) -> Option<Missing> {
    if active.epoch != epoch {
        return None;
    }
    if slot.as_ref().is_some_and(|slot| slot.epoch > epoch) {
        active.saved(now, false, u64::MAX);
        return None;
    }
    let key = slot.as_ref().map_or(active.key, |slot| slot.key);
    if !active.absorb(Stored { key, current: slot.map(|slot| slot.set), previous: None }, now) {
        active.saved(now, false, u64::MAX);
        return None;
    }
    Some(Missing { values: encode(epoch, &key, &active.current), marks: active.unsaved })
}

/// Removes the sets of a sender, from the last part of each to the first, so that a call that dies on the way leaves
/// none that the next one does not find.
pub(crate) async fn remove(kv: &impl Kv, slots: &Slots) -> Result<(), StoreError> {
    for name in slots.all() {
        for slot in 0..2 {
            remove_slot(kv, &name, slot).await?;
        }
    }
    record::drop(kv, &slots.key()).await
}

async fn remove_slot(kv: &impl Kv, name: &str, slot: u64) -> Result<(), StoreError> {
    let mut keys = Vec::new();
    for part in 0..MOST_PARTS {
        let key = slot_key(name, slot, part);
        if kv.get(&key).await?.is_none() {
            break;
        }
        keys.push(key);
    }
    for key in keys.iter().rev() {
        kv.delete(key).await?;
    }
    Ok(())
}

struct Slot {
    epoch: u64,
    key: [u8; 16],
    set: Set,
}

async fn read_of(kv: &impl Kv, slots: &Slots, epoch: u64, key: Option<[u8; 16]>) -> Result<Option<Slot>, StoreError> {
    Ok(read_slots(kv, slots, epoch, key).await?.filter(|slot| slot.epoch == epoch))
}

/// What is in the slots of all locations for an epoch, under this key or, if none is given, under that of the first
/// location which has any; or what is in our own, if that is of a later epoch.
async fn read_slots(
    kv: &impl Kv,
    slots: &Slots,
    epoch: u64,
    key: Option<[u8; 16]>,
) -> Result<Option<Slot>, StoreError> {
    let (mut found, own): (Option<Slot>, _) = (None, slots.own());
    for name in slots.all() {
        let Some(slot) = read_slot(kv, &name, epoch).await? else { continue };
        match &mut found {
            _ if slot.epoch > epoch && name == own => return Ok(Some(slot)),
            _ if slot.epoch != epoch => {}
            Some(first) if first.key == slot.key => first.set.absorb(slot.set),
            None if key.is_none_or(|key| key == slot.key) => found = Some(slot),
            _ => {}
        }
    }
    Ok(found)
}

/// What is in one slot of an epoch, whichever epoch it is of. What cannot be read counts as absent: it is replaced,
/// and the next scrape fills it again.
async fn read_slot(kv: &impl Kv, name: &str, epoch: u64) -> Result<Option<Slot>, StoreError> {
    let Some(first) = kv.get(&slot_key(name, epoch, 0)).await? else { return Ok(None) };
    let Some((epoch_found, key, body)) = split(&first) else { return Ok(None) };
    let mut parts = vec![body.to_vec()];
    for part in 1..Set::parts_of(body).unwrap_or(1) {
        let bytes = kv.get(&slot_key(name, epoch, part)).await?.unwrap_or_default();
        // Somebody is between two writes: the rest is of an older set. All that the new one has so far is true of it,
        // its key above all, and whoever unites with it writes what is missing.
        let of_the_same = bytes.get(..HEAD) == first.get(..HEAD);
        let Some((_, _, body)) = split(&bytes).filter(|_| of_the_same) else { break };
        parts.push(body.to_vec());
    }
    Ok(Set::decode(&parts).map(|set| Slot { epoch: epoch_found, key, set }))
}

fn split(value: &[u8]) -> Option<(u64, [u8; 16], &[u8])> {
    let rest = value.strip_prefix(&[VERSION])?;
    let (epoch, rest) = rest.split_first_chunk::<8>()?;
    let (key, body) = rest.split_first_chunk::<16>()?;
    Some((u64::from_le_bytes(*epoch), *key, body))
}

fn encode(epoch: u64, key: &[u8; 16], set: &Set) -> Vec<Vec<u8>> {
    let head = [&[VERSION][..], &epoch.to_le_bytes(), key].concat();
    (0..set.parts()).map(|part| [head.clone(), set.encode(part)].concat()).collect()
}

fn slot_key(name: &str, epoch: u64, part: usize) -> String {
    format!("{name}/{}/{part}", epoch % 2)
}
