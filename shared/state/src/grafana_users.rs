//! Grafana users: numbered within their project from 2 on, because 1 is Grafana's own. No number is given twice.
//!
//! A password is a key of its own, so that changing it cannot bring a user back that is deleted meanwhile.

use crate::{
    Cockpit,
    collection::{self, named},
    entity::{Birth, Creation, Entity},
};
use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    project::ProjectId,
    record::{self, Record, load, save},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The most Grafana users of a project.
pub const MOST: usize = 200;

/// The number before the first.
const GRAFANAS_OWN: i64 = 1;

/// A Grafana user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrafanaUser {
    birth: Birth,
    /// Its number in the project.
    pub number: u32,
    /// What it signs in with.
    pub login: String,
    /// What it may do.
    pub role: Role,
    /// The hash of its first password.
    password: PasswordHash,
}

/// What a Grafana user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Change dashboards.
    Editor,
    /// Look at them.
    Viewer,
}

/// The hash of a password: all that is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash(pub [u8; 32]);

impl Record for PasswordHash {
    const WHAT: &'static str = "a Grafana user's password";
    const VERSION: u8 = 1;
}

impl Record for GrafanaUser {
    const WHAT: &'static str = "a Grafana user";
    const VERSION: u8 = 2;
}

impl Entity for GrafanaUser {
    const KIND: &'static str = "grafana-user";
    const MOST: usize = MOST;

    fn birth(&self) -> Birth {
        self.birth
    }

    fn excludes(&self, other: &Self) -> bool {
        self.login == other.login
    }

    async fn open(&self, kv: &impl Kv) -> Result<(), StoreError> {
        save(kv, &password_key(self.id()), &self.password).await
    }

    async fn bury(kv: &impl Kv, id: [u8; 16]) -> Result<(), StoreError> {
        record::drop(kv, &password_key(id)).await
    }
}

/// Creates a Grafana user, unless its login is taken.
pub async fn create<P: Kv + Clock>(
    ports: &P,
    project: ProjectId,
    cockpit: &Cockpit,
    login: String,
    role: Role,
    password: PasswordHash,
) -> Result<Creation<GrafanaUser>, StoreError> {
    let count = ports.increment(&format!("grafana-users/{project}/numbers"), 1).await?;
    let number = u32::try_from(count.saturating_add(GRAFANAS_OWN));
    let number = number.map_err(|_| StoreError(format!("the numbers of {project}'s Grafana users are used up")))?;
    let make = |birth| GrafanaUser { birth, number, login, role, password };
    collection::create(ports, project, cockpit, id(project, number), make).await
}

/// A Cockpit's Grafana users, oldest first.
pub async fn list(kv: &impl Kv, project: ProjectId, cockpit: &Cockpit) -> Result<Vec<GrafanaUser>, StoreError> {
    collection::list(kv, project, cockpit).await
}

/// A Cockpit's Grafana user with this number.
pub async fn find(
    kv: &impl Kv,
    project: ProjectId,
    cockpit: &Cockpit,
    number: u32,
) -> Result<Option<GrafanaUser>, StoreError> {
    let found: Option<GrafanaUser> = collection::find(kv, id(project, number)).await?;
    Ok(found.filter(|user| user.epoch() == cockpit.epoch()))
}

/// The hash of a Grafana user's password.
pub async fn password(kv: &impl Kv, user: &GrafanaUser) -> Result<Option<PasswordHash>, StoreError> {
    load(kv, &password_key(user.id())).await
}

/// Gives a Grafana user another password; says whether it was still there.
pub async fn change_password(kv: &impl Kv, user: &GrafanaUser, password: PasswordHash) -> Result<bool, StoreError> {
    save(kv, &password_key(user.id()), &password).await?;
    let there = collection::find::<GrafanaUser>(kv, user.id()).await?.is_some();
    if !there {
        kv.delete(&password_key(user.id())).await?;
    }
    Ok(there)
}

/// Removes Grafana users of one project.
pub async fn delete(kv: &impl Kv, project: ProjectId, users: &[GrafanaUser]) -> Result<(), StoreError> {
    collection::delete(kv, project, users).await
}

fn password_key(id: [u8; 16]) -> String {
    format!("grafana-password/{}", Uuid::from_bytes(id))
}

fn id(project: ProjectId, number: u32) -> [u8; 16] {
    named(&[project.as_bytes(), &number.to_le_bytes()])
}
