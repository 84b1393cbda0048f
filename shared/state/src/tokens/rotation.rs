//! Rotation: another secret for the same token, while those before work on for a while.
//!
//! Each rotation leaves a pointer in the project's log before its secret works, so whoever removes the token or its
//! Cockpit finds every secret, or the rotation sees that they go. `retired/{hash}` says until when a secret works; pushes
//! look at it now and then. Of rotations that race, the one that came last retires the others, whichever of them sees
//! that; and a secret of a rotation that died, which nobody has seen, retires with the next.

use super::{SecretHash, Token, secret_key};
use crate::{
    cockpits,
    collection::{self, Collection, hash_key},
    entity::Entity,
};
use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    record::{self, Record, load, save},
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
    /// Its Cockpit is being removed.
    NoCockpit,
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
    const WHAT: &'static str = "a token's rotation";
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

/// Until when a secret works.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Retired(i64);

impl Record for Retired {
    const WHAT: &'static str = "a secret's retirement";
    const VERSION: u8 = 1;
}

/// The last rotation of a token, if there was one.
pub async fn last_rotation(kv: &impl Kv, id: Uuid) -> Result<Option<Rotation>, StoreError> {
    load(kv, &key(id.into_bytes())).await
}

/// When a secret stops working because another took its place, if one did.
pub async fn retires_at(kv: &impl Kv, secret: SecretHash) -> Result<Option<Timestamp>, StoreError> {
    Ok(load::<Retired>(kv, &retired_key(secret.0)).await?.map(|retired| Timestamp::from_micros(retired.0)))
}

/// Gives a token another secret; those before work until `until`.
pub async fn rotate<P: Kv + Clock>(
    ports: &P,
    token: &Token,
    secret: SecretHash,
    until: Timestamp,
) -> Result<Rotated, StoreError> {
    let (tokens, now) = (Collection::<_, Token>::of(ports, token.project()), ports.now());
    let Some(before) = tokens.secrets(token, now).await? else { return Ok(Rotated::Gone) };
    if retiring(ports, &before, now).await? >= MOST_RETIRING {
        return Ok(Rotated::TooMany);
    }
    tokens.note(token, secret.0, now).await?;
    save(ports, &secret_key(secret.0), &token.holder()).await?;
    let rotated = settle(ports, token, until, now).await?;
    if rotated != Rotated::Done {
        Token::shut(ports, secret.0).await?;
    }
    Ok(rotated)
}

/// Lets the secrets before the last retire, now that it works. Whoever removes the token or its Cockpit says that it has
/// begun, then looks for secrets: either it saw the last one, or we see that it goes.
async fn settle<P: Kv + Clock>(
    ports: &P,
    token: &Token,
    until: Timestamp,
    now: Timestamp,
) -> Result<Rotated, StoreError> {
    let tokens = Collection::<_, Token>::of(ports, token.project());
    let Some(secrets) = tokens.secrets(token, now).await? else { return Ok(Rotated::Gone) };
    if !cockpits::still_serves(ports, token.project(), token.epoch()).await? {
        return Ok(Rotated::NoCockpit);
    }
    // That earlier ones retire comes last: a call that dies leaves room for the one that repeats it.
    save(ports, &key(token.birth.id), &Rotation { at: now.micros(), until: until.micros() }).await?;
    for earlier in working(ports, &secrets).await?.iter().rev().skip(1) {
        retire(ports, *earlier, until, now).await?;
    }
    // One that goes after all has what was kept of it removed once more, by us or by whoever removes it.
    if collection::find::<Token>(ports, token.birth.id).await?.is_some() {
        return Ok(Rotated::Done);
    }
    for secret in secrets {
        Token::shut(ports, secret).await?;
    }
    Token::bury(ports, token.birth.id).await?;
    Ok(Rotated::Gone)
}

/// How many secrets are on their way out. Those whose time is over are removed.
async fn retiring(kv: &impl Kv, secrets: &[[u8; 32]], now: Timestamp) -> Result<usize, StoreError> {
    let mut count = 0;
    for secret in secrets {
        match retires_at(kv, SecretHash(*secret)).await? {
            Some(end) if end <= now => Token::shut(kv, *secret).await?,
            Some(_) => count += 1,
            None => {}
        }
    }
    Ok(count)
}

/// Those of these secrets that work: of a rotation that died, or is under way, the last may not.
async fn working(kv: &impl Kv, secrets: &[[u8; 32]]) -> Result<Vec<[u8; 32]>, StoreError> {
    let mut working = Vec::new();
    for secret in secrets {
        working.extend(Token::works(kv, *secret).await?.then_some(*secret));
    }
    Ok(working)
}

/// Lets a secret retire, unless it does already.
async fn retire(kv: &impl Kv, secret: [u8; 32], until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    if retires_at(kv, SecretHash(secret)).await?.is_some() {
        return Ok(());
    }
    if until <= now {
        return Token::shut(kv, secret).await;
    }
    save(kv, &retired_key(secret), &Retired(until.micros())).await
}

/// Removes what is kept of a secret that works no more.
pub(super) async fn shut(kv: &impl Kv, secret: [u8; 32]) -> Result<(), StoreError> {
    record::drop(kv, &retired_key(secret)).await
}

/// Removes what is kept of a token's rotations.
pub(super) async fn bury(kv: &impl Kv, id: [u8; 16]) -> Result<(), StoreError> {
    record::drop(kv, &key(id)).await
}

fn key(id: [u8; 16]) -> String {
    format!("rotated/{}", Uuid::from_bytes(id))
}

fn retired_key(hash: [u8; 32]) -> String {
    hash_key("retired", hash)
}
