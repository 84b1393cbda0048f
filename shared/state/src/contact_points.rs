//! Contact points: whom alerts are sent to. A project has each address once.

use crate::{
    collection::{self, Collection, Creation, Entity, named},
    record::Record,
};
use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    project::ProjectId,
};
use serde::{Deserialize, Serialize};

/// The most contact points of a project.
pub const MOST: usize = 100;

/// A contact point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPoint {
    id: [u8; 16],
    /// The e-mail address.
    pub email: String,
    created_at: i64,
}

impl Record for ContactPoint {
    const VERSION: u8 = 1;
}

impl Entity for ContactPoint {
    const KIND: &'static str = "contact-point";
    const MOST: usize = MOST;

    fn id(&self) -> [u8; 16] {
        self.id
    }

    fn created_at(&self) -> i64 {
        self.created_at
    }
}

/// Creates the contact point of an address; the one that is there, if it is.
pub async fn create<P: Kv + Clock>(
    ports: &P,
    project: ProjectId,
    email: String,
) -> Result<Creation<ContactPoint>, StoreError> {
    let point = ContactPoint { id: id(project, &email), email, created_at: ports.now().micros() };
    collection::create(ports, project, point).await
}

/// A project's contact points, oldest first.
pub async fn list(kv: &impl Kv, project: ProjectId) -> Result<Vec<ContactPoint>, StoreError> {
    Collection::of(kv, project).all().await
}

/// The contact point of an address.
pub async fn find(kv: &impl Kv, project: ProjectId, email: &str) -> Result<Option<ContactPoint>, StoreError> {
    collection::find(kv, id(project, email)).await
}

/// Removes a contact point.
pub async fn delete(kv: &impl Kv, point: &ContactPoint) -> Result<(), StoreError> {
    collection::remove(kv, point).await
}

/// Addresses that differ in case only are one.
fn id(project: ProjectId, email: &str) -> [u8; 16] {
    named(project.as_bytes(), email.to_lowercase().as_bytes())
}
