//! API keys: what developers manage their projects with, issued by whoever holds the operator's own key.
//!
//! `key-secret/{hash}`, the only key a call reads, decides whether a secret works; `api-key/{id}` whether the API key
//! exists.

use crate::{
    collection::{self, Collection, hash_key, named, nothing},
    entity::{Birth, Creation, Entity},
    tokens::SecretHash,
};
use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    principal::Key,
    project::ProjectId,
    record::{self, Record, load, save},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The most API keys of a gateway.
pub const MOST: usize = 1_000;

/// The owner of all API keys: they belong to the gateway, not to a project.
const OWNER: &str = "gateway";

/// An API key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its public name, `SCW…`.
    pub access_key: String,
    /// What it is for, in its creator's words.
    pub description: String,
    projects: Vec<[u8; 16]>,
    default: [u8; 16],
    /// Whether it may change anything.
    pub writes: bool,
    created_at: i64,
    expires_at: Option<i64>,
    secret: [u8; 32],
}

/// An API key about to be created.
#[derive(Debug)]
pub struct NewApiKey {
    /// Its public name.
    pub access_key: String,
    /// What it is for.
    pub description: String,
    /// The projects it is bound to.
    pub projects: Vec<ProjectId>,
    /// The project meant where a call names none.
    pub default: ProjectId,
    /// Whether it may change anything.
    pub writes: bool,
    /// When it stops working, if ever.
    pub expires_at: Option<Timestamp>,
    /// The hash of its secret.
    pub secret: SecretHash,
}

impl Record for ApiKey {
    const WHAT: &'static str = "an API key";
    const VERSION: u8 = 1;
}

impl ApiKey {
    /// The projects it is bound to.
    pub fn projects(&self) -> impl Iterator<Item = ProjectId> {
        self.projects.iter().copied().map(ProjectId::from_bytes)
    }

    /// The project meant where a call names none.
    pub const fn default_project(&self) -> ProjectId {
        ProjectId::from_bytes(self.default)
    }

    /// When it was created.
    pub const fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(self.created_at)
    }

    /// When it stops working, if ever.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at.map(Timestamp::from_micros)
    }
}

impl Entity for ApiKey {
    const KIND: &'static str = "api-key";
    const MOST: usize = MOST;

    fn birth(&self) -> Birth {
        Birth { id: id(&self.access_key), project: [0; 16], epoch: u64::MAX, at: self.created_at }
    }

    async fn is_over(&self, _kv: &impl Kv, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.expires_at().is_some_and(|end| end <= now))
    }

    fn secret(&self) -> [u8; 32] {
        self.secret
    }

    async fn open(&self, kv: &impl Kv) -> Result<(), StoreError> {
        save(kv, &secret_key(self.secret), &Holder::from(self)).await
    }

    async fn works(kv: &impl Kv, secret: [u8; 32]) -> Result<bool, StoreError> {
        Ok(kv.get(&secret_key(secret)).await?.is_some())
    }

    async fn shut(kv: &impl Kv, secret: [u8; 32]) -> Result<(), StoreError> {
        record::drop(kv, &secret_key(secret)).await
    }
}

/// What a secret stands for: the record that every call reads.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    access_key: String,
    projects: Vec<[u8; 16]>,
    default: [u8; 16],
    writes: bool,
    expires_at: Option<i64>,
}

impl Record for Holder {
    const WHAT: &'static str = "an API key's secret";
    const VERSION: u8 = 1;
}

impl From<&ApiKey> for Holder {
    fn from(key: &ApiKey) -> Self {
        let ApiKey { access_key, projects, default, writes, expires_at, .. } = key.clone();
        Self { access_key, projects, default, writes, expires_at }
    }
}

/// Whom a secret belongs to, if there is such a secret, and when it stops working. One read.
pub async fn holder(kv: &impl Kv, secret: SecretHash) -> Result<Option<(Key, Option<Timestamp>)>, StoreError> {
    let Some(holder) = load::<Holder>(kv, &secret_key(secret.0)).await? else { return Ok(None) };
    let key = Key {
        access_key: holder.access_key,
        projects: holder.projects.into_iter().map(ProjectId::from_bytes).collect(),
        default: ProjectId::from_bytes(holder.default),
        writes: holder.writes,
    };
    Ok(Some((key, holder.expires_at.map(Timestamp::from_micros))))
}

/// Creates an API key.
pub async fn create<P: Kv + Clock>(ports: &P, new: NewApiKey) -> Result<Creation<ApiKey>, StoreError> {
    let key = ApiKey {
        access_key: new.access_key,
        description: new.description,
        projects: new.projects.iter().map(|project| *project.as_bytes()).collect(),
        default: *new.default.as_bytes(),
        writes: new.writes,
        created_at: ports.now().micros(),
        expires_at: new.expires_at.map(Timestamp::micros),
        secret: new.secret.0,
    };
    Collection::of(ports, OWNER).add(key, ports.now(), nothing).await
}

/// All API keys, oldest first.
pub async fn list(kv: &impl Kv) -> Result<Vec<ApiKey>, StoreError> {
    Collection::of(kv, OWNER).all().await
}

/// The API key of this name.
pub async fn find(kv: &impl Kv, access_key: &str) -> Result<Option<ApiKey>, StoreError> {
    collection::find(kv, id(access_key)).await
}

/// Revokes an API key.
pub async fn delete(kv: &impl Kv, key: &ApiKey) -> Result<(), StoreError> {
    Collection::of(kv, OWNER).remove(std::slice::from_ref(key)).await
}

fn id(access_key: &str) -> [u8; 16] {
    named(&[access_key.as_bytes()])
}

fn secret_key(hash: [u8; 32]) -> String {
    hash_key("key-secret", hash)
}
