//! Rotation: another secret for the same token, while those before work on for a while.
//!
//! Each rotation leaves a pointer in a log of the token's own before its secret works, so whoever removes the token
//! finds every secret, and of rotations that race the later one in the log retires the earlier. `rotated/{id}` says
//! that there is such a log. A secret of a rotation that died, which nobody has seen, retires with the others.

use super::{Holder, SecretHash, Token, secret_key};
use crate::{
    collection,
    log::{Log, Pointer},
    record::{Record, load, save},
};
use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How many secrets may be on their way out at once.
pub const MOST_RETIRING: usize = 3;

/// What a rotation came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotated {
    /// The new secret works.
    Done,
    /// The token is gone.
    Gone,
    /// Too many secrets are on their way out already.
    TooMany,
}

/// The last rotation of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    at: i64,
    until: i64,
}

impl Record for Rotation {
    const VERSION: u8 = 1;
}

impl Rotation {
    /// When it was.
    pub const fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.at)
    }

    /// When the secrets before it stop working.
    pub const fn until(&self) -> Timestamp {
        Timestamp::from_micros(self.until)
    }
}

/// A secret that works.
struct Live {
    secret: [u8; 32],
    retires: bool,
}

/// The last rotation of a token, if there was one.
pub async fn last_rotation(kv: &impl Kv, id: Uuid) -> Result<Option<Rotation>, StoreError> {
    load(kv, &key(id.into_bytes())).await
}

/// Gives a token another secret; those before work until `until`.
pub async fn rotate<P: Kv + Clock>(
    ports: &P,
    token: &Token,
    secret: SecretHash,
    until: Timestamp,
) -> Result<Rotated, StoreError> {
    let retiring = live(ports, token, secret, ports.now()).await?.iter().filter(|live| live.retires).count();
    if retiring >= MOST_RETIRING {
        return Ok(Rotated::TooMany);
    }
    let now = ports.now().micros();
    save(ports, &key(token.id), &Rotation { at: now, until: until.micros() }).await?;
    log(ports, token.id).append(&Pointer { id: token.id, secret: secret.0, written_at: now }).await?;
    save(ports, &secret_key(secret.0), &token.holder(None)).await?;
    for earlier in live(ports, token, secret, ports.now()).await?.iter().filter(|live| !live.retires) {
        save(ports, &secret_key(earlier.secret), &token.holder(Some(until.micros()))).await?;
    }
    confirm(ports, token).await
}

/// Whoever removes a token looks for its secrets once more when it is gone. Either that saw ours, or we see that the
/// token is gone.
async fn confirm(kv: &impl Kv, token: &Token) -> Result<Rotated, StoreError> {
    if collection::find::<Token>(kv, token.id).await?.is_some() {
        return Ok(Rotated::Done);
    }
    collection::remove(kv, token).await?;
    Ok(Rotated::Gone)
}

/// The secrets before this one that work. What has expired is removed on the way, and forgotten.
async fn live<P: Kv + Clock>(
    ports: &P,
    token: &Token,
    before: SecretHash,
    now: Timestamp,
) -> Result<Vec<Live>, StoreError> {
    let mut found = Vec::new();
    found.extend(look(ports, token.secret, now).await?);
    if last_rotation(ports, token.id()).await?.is_none() {
        return Ok(found);
    }
    let log = log(ports, token.id);
    let slots = log.slots().await?;
    let own = slots.iter().find(|slot| slot.pointer.as_ref().is_some_and(|pointer| pointer.secret == before.0));
    let end = own.map_or(u64::MAX, |slot| slot.number);
    for pointer in slots.iter().filter(|slot| slot.number < end).filter_map(|slot| slot.pointer.as_ref()) {
        found.extend(look(ports, pointer.secret, now).await?);
    }
    let alive =
        |pointer: &Pointer| pointer.secret == before.0 || found.iter().any(|live| live.secret == pointer.secret);
    log.sweep(&slots, now, alive, async |_| Ok(())).await?;
    Ok(found)
}

async fn look(kv: &impl Kv, secret: [u8; 32], now: Timestamp) -> Result<Option<Live>, StoreError> {
    let Some(holder) = load::<Holder>(kv, &secret_key(secret)).await? else { return Ok(None) };
    if holder.retires_at.is_some_and(|end| end <= now.micros()) {
        kv.delete(&secret_key(secret)).await?;
        return Ok(None);
    }
    Ok(Some(Live { secret, retires: holder.retires_at.is_some() }))
}

/// Removes every secret since the first, and the log.
pub(super) async fn strip(kv: &impl Kv, id: [u8; 16]) -> Result<(), StoreError> {
    if load::<Rotation>(kv, &key(id)).await?.is_none() {
        return Ok(());
    }
    let log = log(kv, id);
    let slots = log.slots().await?;
    for pointer in slots.iter().filter_map(|slot| slot.pointer.as_ref()) {
        kv.delete(&secret_key(pointer.secret)).await?;
    }
    log.erase(&slots).await?;
    kv.delete(&key(id)).await
}

fn log<K: Kv>(kv: &K, id: [u8; 16]) -> Log<'_, K> {
    Log::new(kv, format!("rotations/{}", Uuid::from_bytes(id)))
}

fn key(id: [u8; 16]) -> String {
    format!("rotated/{}", Uuid::from_bytes(id))
}
