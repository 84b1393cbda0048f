//! Tokens.
//!
//! `secret/{hash}`, the only key a push reads, decides whether a secret works; `token/{id}` decides whether the token
//! exists. Both are written once. That a secret retires is a key of its own, `retired/{hash}`, which can only take away.

mod rotation;

pub use rotation::{MOST_RETIRING, Rotated, Rotation, last_rotation, retires_at, rotate};

use crate::{
    Cockpit, Keeper,
    collection::{self, Collection, hash_key},
    entity::{Birth, Creation, Entity},
};
use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    principal::{TokenGrant, TokenRates},
    project::ProjectId,
    record::{self, Record, load, save},
    scope::Scopes,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The most live tokens of a project.
pub const MOST: usize = 100;

/// The SHA-256 of a secret: all that is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretHash(pub [u8; 32]);

/// A token as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    birth: Birth,
    /// Its name, chosen by its creator.
    pub name: String,
    scopes: u16,
    secret: [u8; 32],
    expires_at: Option<i64>,
    /// What it is restricted to, beside its scopes.
    pub bounds: Bounds,
}

/// What restricts a token beside its scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// The selector that its queries are held to.
    pub policy: Option<String>,
    /// The networks it may be used from; anywhere if there is none.
    pub networks: Vec<String>,
    /// Samples of metrics a second.
    pub samples: Option<u64>,
    /// Pushes of metrics a second.
    pub metrics_pushes: Option<u64>,
    /// Bytes of logs a second.
    pub log_bytes: Option<u64>,
    /// Pushes of logs a second.
    pub log_pushes: Option<u64>,
}

impl Bounds {
    /// Whether pushes of metrics are limited.
    pub const fn limit_metrics(&self) -> bool {
        self.samples.is_some() || self.metrics_pushes.is_some()
    }

    /// Whether pushes of logs are limited.
    pub const fn limit_logs(&self) -> bool {
        self.log_bytes.is_some() || self.log_pushes.is_some()
    }
}

impl Record for Token {
    const WHAT: &'static str = "a token";
    const VERSION: u8 = 3;
}

impl Token {
    /// Its id.
    pub const fn id(&self) -> Uuid {
        Uuid::from_bytes(self.birth.id)
    }

    /// The project it belongs to.
    pub const fn project(&self) -> ProjectId {
        self.birth.project()
    }

    /// What it may do.
    pub fn scopes(&self) -> Scopes {
        Scopes::from_bits(self.scopes)
    }

    /// When it was created.
    pub const fn created_at(&self) -> Timestamp {
        self.birth.at()
    }

    /// When it stops working, if ever.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at.map(Timestamp::from_micros)
    }

    /// What a secret of it stands for.
    fn holder(&self) -> Holder {
        Holder {
            id: self.birth.id,
            project: self.birth.project,
            epoch: self.birth.epoch,
            scopes: self.scopes,
            expires_at: self.expires_at,
            bounds: Some(self.bounds.clone()).filter(|bounds| *bounds != Bounds::default()),
        }
    }
}

impl Entity for Token {
    const KIND: &'static str = "token";
    const MOST: usize = MOST;

    fn birth(&self) -> Birth {
        self.birth
    }

    async fn is_over(&self, _kv: &impl Kv, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.expires_at().is_some_and(|end| end <= now))
    }

    fn secret(&self) -> [u8; 32] {
        self.secret
    }

    async fn open(&self, kv: &impl Kv) -> Result<(), StoreError> {
        save(kv, &secret_key(self.secret), &self.holder()).await
    }

    async fn works(kv: &impl Kv, secret: [u8; 32]) -> Result<bool, StoreError> {
        Ok(kv.get(&secret_key(secret)).await?.is_some())
    }

    async fn shut(kv: &impl Kv, secret: [u8; 32]) -> Result<(), StoreError> {
        record::drop(kv, &secret_key(secret)).await?;
        rotation::shut(kv, secret).await
    }

    async fn bury(kv: &impl Kv, id: [u8; 16]) -> Result<(), StoreError> {
        rotation::bury(kv, id).await?;
        record::drop(kv, &used_key(id)).await
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
    /// When it stops working, if ever.
    pub expires_at: Option<Timestamp>,
    /// What it is restricted to.
    pub bounds: Bounds,
}

/// What a secret stands for: the record that every push reads.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    id: [u8; 16],
    project: [u8; 16],
    epoch: u64,
    scopes: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bounds: Option<Bounds>,
}

impl Record for Holder {
    const WHAT: &'static str = "a secret";
    const VERSION: u8 = 3;
}

/// A live secret's rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What its token carries.
    pub grant: TokenGrant,
    /// The networks it may be used from; anywhere if there is none.
    pub networks: Vec<String>,
    /// When its token stops working, if ever.
    pub expires_at: Option<Timestamp>,
}

impl From<Holder> for Held {
    fn from(holder: Holder) -> Self {
        let Bounds { policy, networks, samples, metrics_pushes, log_bytes, log_pushes } =
            holder.bounds.unwrap_or_default();
        let grant = TokenGrant {
            id: holder.id,
            project: ProjectId::from_bytes(holder.project),
            epoch: holder.epoch,
            scopes: Scopes::from_bits(holder.scopes),
            policy,
            rates: TokenRates { samples, metrics_pushes, log_bytes, log_pushes },
        };
        Self { grant, networks, expires_at: holder.expires_at.map(Timestamp::from_micros) }
    }
}

/// Whom a secret belongs to, if there is such a secret. One read; whether it has expired is the caller's to see.
pub async fn holder(kv: &impl Kv, secret: SecretHash) -> Result<Option<Held>, StoreError> {
    Ok(load::<Holder>(kv, &secret_key(secret.0)).await?.map(Held::from))
}

/// Creates a token. Those that have expired make room for it, and go with what others keep of them.
pub async fn create<P: Kv + Clock>(
    ports: &P,
    cockpit: &Cockpit,
    new: NewToken,
    keeper: &impl Keeper,
) -> Result<Creation<Token>, StoreError> {
    let make = |birth| Token {
        birth,
        name: new.name,
        scopes: new.scopes.bits(),
        secret: new.secret.0,
        expires_at: new.expires_at.map(Timestamp::micros),
        bounds: new.bounds,
    };
    let forget = async |token: &Token| keeper.forget_token(token).await;
    collection::create_with(ports, new.project, cockpit, new.id.into_bytes(), make, forget).await
}

/// The token with this id, whosever it is.
pub async fn find(kv: &impl Kv, id: Uuid) -> Result<Option<Token>, StoreError> {
    collection::find_present(kv, id.into_bytes()).await
}

/// A Cockpit's tokens, oldest first.
pub async fn list(kv: &impl Kv, project: ProjectId, cockpit: &Cockpit) -> Result<Vec<Token>, StoreError> {
    collection::list(kv, project, cockpit).await
}

/// Revokes a token, and removes it with what others keep of it.
pub async fn delete<P: Kv + Clock>(ports: &P, token: &Token, keeper: &impl Keeper) -> Result<(), StoreError> {
    let forget = async |token: &Token| keeper.forget_token(token).await;
    Collection::of(ports, token.project()).delete(token, forget).await
}

/// When a token was last seen in use, about.
#[derive(Serialize, Deserialize)]
struct Used(i64);

impl Record for Used {
    const WHAT: &'static str = "a token's last use";
    const VERSION: u8 = 1;
}

/// When a token was last seen in use; coarse, because it is seldom written.
pub async fn last_used(kv: &impl Kv, id: Uuid) -> Result<Option<Timestamp>, StoreError> {
    Ok(load::<Used>(kv, &used_key(id.into_bytes())).await?.map(|used| Timestamp::from_micros(used.0)))
}

/// Notes that a token is in use, unless it is gone meanwhile.
pub async fn note_use(kv: &impl Kv, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
    save(kv, &used_key(id.into_bytes()), &Used(now.micros())).await?;
    if collection::find::<Token>(kv, id.into_bytes()).await?.is_none() {
        kv.delete(&used_key(id.into_bytes())).await?;
    }
    Ok(())
}

fn used_key(id: [u8; 16]) -> String {
    format!("used/{}", Uuid::from_bytes(id))
}

fn secret_key(hash: [u8; 32]) -> String {
    hash_key("secret", hash)
}

#[cfg(test)]
mod tests;
