//! Tokens.
//!
//! Three keys: `secret/{hash}`, the only one a push reads, decides whether the secret works;
//! `token/{id}` decides whether the token exists; a pointer in the project's [log](crate::log) makes it
//! listable. Creation writes pointer, secret, token; deletion removes secret, token.

use crate::{
    cockpits::{self, Cockpit},
    log::{Log, Pointer, Slot},
    record::{Record, load, save},
};
use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    project::ProjectId,
    scope::Scopes,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use uuid::Uuid;

/// The SHA-256 of a token's secret: all that is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretHash(pub [u8; 32]);

/// A token as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    id: [u8; 16],
    project: [u8; 16],
    /// Its name, chosen by its creator.
    pub name: String,
    scopes: u16,
    created_at: i64,
    secret: [u8; 32],
}

impl Record for Token {
    const VERSION: u8 = 1;
}

impl Token {
    /// Its id.
    pub const fn id(&self) -> Uuid {
        Uuid::from_bytes(self.id)
    }

    /// The project it belongs to.
    pub const fn project(&self) -> ProjectId {
        ProjectId::from_bytes(self.project)
    }

    /// What it may do.
    pub fn scopes(&self) -> Scopes {
        Scopes::from_bits(self.scopes)
    }

    /// When it was created; tokens never change.
    pub const fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(self.created_at)
    }
}

/// A token about to be created.
#[derive(Debug)]
pub struct NewToken {
    /// Its id.
    pub id: Uuid,
    /// The project it is for.
    pub project: ProjectId,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// The hash of its secret.
    pub secret: SecretHash,
}

/// What a secret stands for: the record that every push reads.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    project: [u8; 16],
    scopes: u16,
}

impl Record for Holder {
    const VERSION: u8 = 1;
}

/// Whom a secret belongs to, if it is live. One read.
pub async fn holder(kv: &impl Kv, secret: SecretHash) -> Result<Option<(ProjectId, Scopes)>, StoreError> {
    let holder = load::<Holder>(kv, &secret_key(secret.0)).await?;
    Ok(holder.map(|holder| (ProjectId::from_bytes(holder.project), Scopes::from_bits(holder.scopes))))
}

/// Creates a token; `None` if the project has no active Cockpit, or lost it meanwhile.
pub async fn create<P: Kv + Clock>(ports: &P, new: NewToken) -> Result<Option<Token>, StoreError> {
    let Some(cockpit) = cockpits::find(ports, new.project).await? else { return Ok(None) };
    let token = Token {
        id: new.id.into_bytes(),
        project: *new.project.as_bytes(),
        name: new.name,
        scopes: new.scopes.bits(),
        created_at: ports.now().micros(),
        secret: new.secret.0,
    };
    tidy(ports, new.project).await?;
    let pointer = Pointer { id: token.id, secret: token.secret, written_at: token.created_at };
    log(ports, new.project).append(&pointer).await?;
    let holder = Holder { project: token.project, scopes: token.scopes };
    save(ports, &secret_key(token.secret), &holder).await?;
    save(ports, &token_key(token.id), &token).await?;
    confirm(ports, &cockpit, token).await
}

/// A deactivation lists what it must remove after it has marked the Cockpit. Either it saw our pointer, or we
/// see its mark here; in both cases no token outlives its Cockpit.
async fn confirm<P: Kv>(ports: &P, cockpit: &Cockpit, token: Token) -> Result<Option<Token>, StoreError> {
    let now = cockpits::find(ports, token.project()).await?;
    if now.is_some_and(|now| now.serves_as(cockpit)) {
        return Ok(Some(token));
    }
    delete(ports, &token).await?;
    Ok(None)
}

/// The token with this id, whosever it is.
pub async fn find(kv: &impl Kv, id: Uuid) -> Result<Option<Token>, StoreError> {
    load(kv, &token_key(id.into_bytes())).await
}

/// A project's tokens, oldest first.
pub async fn list(kv: &impl Kv, project: ProjectId) -> Result<Vec<Token>, StoreError> {
    let slots = log(kv, project).slots().await?;
    let mut tokens = alive(kv, &slots).await?;
    tokens.sort_by_key(|token| (token.created_at, token.id));
    Ok(tokens)
}

/// Revokes a token. Its secret goes first, so that it is dead even if the call dies here.
pub async fn delete(kv: &impl Kv, token: &Token) -> Result<(), StoreError> {
    kv.delete(&secret_key(token.secret)).await?;
    kv.delete(&token_key(token.id)).await
}

/// Revokes every token of a project, and what crashed creations left.
pub(crate) async fn delete_all(kv: &impl Kv, project: ProjectId) -> Result<(), StoreError> {
    let log = log(kv, project);
    let slots = log.slots().await?;
    for pointer in slots.iter().filter_map(|slot| slot.pointer.as_ref()) {
        kv.delete(&secret_key(pointer.secret)).await?;
        kv.delete(&token_key(pointer.id)).await?;
    }
    log.clear(&slots).await
}

/// Keeps the log short. Costs one read per number of it, on creations only.
async fn tidy<P: Kv + Clock>(ports: &P, project: ProjectId) -> Result<(), StoreError> {
    let log = log(ports, project);
    let slots = log.slots().await?;
    let alive: HashSet<_> = alive(ports, &slots).await?.into_iter().map(|token| token.id).collect();
    let bury = async |pointer: &Pointer| ports.delete(&secret_key(pointer.secret)).await;
    log.sweep(&slots, ports.now(), |pointer| alive.contains(&pointer.id), bury).await
}

async fn alive(kv: &impl Kv, slots: &[Slot]) -> Result<Vec<Token>, StoreError> {
    let mut seen = HashSet::new();
    let mut tokens = Vec::new();
    for pointer in slots.iter().filter_map(|slot| slot.pointer.as_ref()) {
        if seen.insert(pointer.id) {
            tokens.extend(load::<Token>(kv, &token_key(pointer.id)).await?);
        }
    }
    Ok(tokens)
}

fn log<K: Kv>(kv: &K, project: ProjectId) -> Log<'_, K> {
    Log::new(kv, format!("tokens/{project}"))
}

fn token_key(id: [u8; 16]) -> String {
    format!("token/{}", Uuid::from_bytes(id))
}

fn secret_key(hash: [u8; 32]) -> String {
    let mut key = String::with_capacity(71);
    key.push_str("secret/");
    for byte in hash {
        key.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('0')));
    }
    key
}

#[cfg(test)]
mod tests;
