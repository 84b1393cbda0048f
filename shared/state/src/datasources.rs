//! Datasources: names that a project gives to places its data can be read at.

use crate::{
    Cockpit, collection,
    entity::{Birth, Creation, Entity},
};
use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    project::ProjectId,
    record::Record,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The most datasources of a project.
pub const MOST: usize = 100;

/// A datasource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Datasource {
    birth: Birth,
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether it is the one of its kind to use where none is named.
    pub is_default: bool,
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
    const WHAT: &'static str = "a datasource";
    const VERSION: u8 = 2;
}

impl Datasource {
    /// Its id.
    pub const fn id(&self) -> Uuid {
        Uuid::from_bytes(self.birth.id)
    }

    /// The project it belongs to.
    pub const fn project(&self) -> ProjectId {
        self.birth.project()
    }

    /// When it was created.
    pub const fn created_at(&self) -> Timestamp {
        self.birth.at()
    }
}

impl Entity for Datasource {
    const KIND: &'static str = "datasource";
    const MOST: usize = MOST;

    fn birth(&self) -> Birth {
        self.birth
    }
}

/// Creates a datasource.
pub async fn create<P: Kv + Clock>(
    ports: &P,
    cockpit: &Cockpit,
    new: NewDatasource,
) -> Result<Creation<Datasource>, StoreError> {
    let NewDatasource { id, project, name, kind, is_default } = new;
    let make = |birth| Datasource { birth, name, kind, is_default };
    collection::create(ports, project, cockpit, id.into_bytes(), make).await
}

/// The datasource with this id, whosever it is.
pub async fn find(kv: &impl Kv, id: Uuid) -> Result<Option<Datasource>, StoreError> {
    collection::find_present(kv, id.into_bytes()).await
}

/// A Cockpit's datasources, oldest first.
pub async fn list(kv: &impl Kv, project: ProjectId, cockpit: &Cockpit) -> Result<Vec<Datasource>, StoreError> {
    collection::list(kv, project, cockpit).await
}

/// Removes a datasource.
pub async fn delete(kv: &impl Kv, datasource: &Datasource) -> Result<(), StoreError> {
    collection::delete(kv, datasource.project(), std::slice::from_ref(datasource)).await
}
