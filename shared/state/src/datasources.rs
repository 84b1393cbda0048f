//! Datasources: names that a project gives to places its data can be read at.

use crate::{
    Cockpit,
    collection::{self, Collection, Creation, Entity},
    record::Record,
};
use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    project::ProjectId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The most datasources of a project.
pub const MOST: usize = 100;

/// A datasource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Datasource {
    id: [u8; 16],
    project: [u8; 16],
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether it is the one of its kind to use where none is named.
    pub is_default: bool,
    created_at: i64,
    epoch: u64,
}

/// What a datasource holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Time series.
    Metrics,
    /// Log streams.
    Logs,
    /// Traces.
    Traces,
    /// Alerts.
    Alerts,
}

/// A datasource about to be created.
#[derive(Debug)]
pub struct NewDatasource {
    /// Its id.
    pub id: Uuid,
    /// The project it is for.
    pub project: ProjectId,
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether it is the one of its kind to use where none is named.
    pub is_default: bool,
}

impl Record for Datasource {
    const VERSION: u8 = 1;
}

impl Datasource {
    /// Its id.
    pub const fn id(&self) -> Uuid {
        Uuid::from_bytes(self.id)
    }

    /// The project it belongs to.
    pub const fn project(&self) -> ProjectId {
        ProjectId::from_bytes(self.project)
    }

    /// When it was created.
    pub const fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(self.created_at)
    }
}

impl Entity for Datasource {
    const KIND: &'static str = "datasource";
    const MOST: usize = MOST;

    fn id(&self) -> [u8; 16] {
        self.id
    }

    fn created_at(&self) -> i64 {
        self.created_at
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }
}

/// Creates a datasource.
pub async fn create<P: Kv + Clock>(ports: &P, new: NewDatasource) -> Result<Creation<Datasource>, StoreError> {
    let created_at = ports.now().micros();
    let make = |epoch| Datasource {
        id: new.id.into_bytes(),
        project: *new.project.as_bytes(),
        name: new.name,
        kind: new.kind,
        is_default: new.is_default,
        created_at,
        epoch,
    };
    collection::create(ports, new.project, make).await
}

/// The datasource with this id, whosever it is.
pub async fn find(kv: &impl Kv, id: Uuid) -> Result<Option<Datasource>, StoreError> {
    collection::find(kv, id.into_bytes()).await
}

/// A Cockpit's datasources, oldest first.
pub async fn list(kv: &impl Kv, project: ProjectId, cockpit: &Cockpit) -> Result<Vec<Datasource>, StoreError> {
    Collection::in_cockpit(kv, project, cockpit).all().await
}

/// Removes a datasource.
pub async fn delete(kv: &impl Kv, datasource: &Datasource) -> Result<(), StoreError> {
    Collection::of(kv, datasource.project()).remove(std::slice::from_ref(datasource)).await
}
