//! Contact points: whom alerts are sent to. A project has each address once.

use crate::{
    Cockpit, collection,
    entity::{Birth, Creation, Entity},
};
use cockpit_core::{
    ports::{Clock, Kv, Random, StoreError},
    project::ProjectId,
    record::Record,
};
use serde::{Deserialize, Serialize};

/// The most contact points of a project.
pub const MOST: usize = 100;

/// A contact point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPoint {
    birth: Birth,
    /// The e-mail address.
    pub email: String,
}

impl Record for ContactPoint {
    const WHAT: &'static str = "a contact point";
    const VERSION: u8 = 2;
}

impl Entity for ContactPoint {
    const KIND: &'static str = "contact-point";
    const MOST: usize = MOST;

    fn birth(&self) -> Birth {
        self.birth
    }

    fn excludes(&self, other: &Self) -> bool {
        is_same(&self.email, &other.email)
    }
}

/// Creates the contact point of an address.
pub async fn create<P: Kv + Clock + Random>(
    ports: &P,
    project: ProjectId,
    cockpit: &Cockpit,
    email: String,
) -> Result<Creation<ContactPoint>, StoreError> {
    collection::create(ports, project, cockpit, ports.bytes(), |birth| ContactPoint { birth, email }).await
}

/// A Cockpit's contact points, oldest first.
pub async fn list(kv: &impl Kv, project: ProjectId, cockpit: &Cockpit) -> Result<Vec<ContactPoint>, StoreError> {
    collection::list(kv, project, cockpit).await
}

/// The contact point of an address, in whatever case.
pub async fn find(
    kv: &impl Kv,
    project: ProjectId,
    cockpit: &Cockpit,
    email: &str,
) -> Result<Option<ContactPoint>, StoreError> {
    Ok(list(kv, project, cockpit).await?.into_iter().find(|point| is_same(&point.email, email)))
}

/// Removes a contact point.
pub async fn delete(kv: &impl Kv, point: &ContactPoint) -> Result<(), StoreError> {
    collection::delete(kv, point.birth.project(), std::slice::from_ref(point)).await
}

fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
