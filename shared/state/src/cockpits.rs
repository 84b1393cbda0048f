//! Cockpits: one per project.

use crate::{
    collection::{Collection, still_serves},
    contact_points::ContactPoint,
    datasources::Datasource,
    grafana_users,
    record::{Record, load, save},
    tokens,
};
use cockpit_core::{
    ports::{Clock, Kv, Random, StoreError},
    project::ProjectId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// After this long an unfinished deactivation belongs to a call that died, and may be taken over.
const ABANDONED_MICROS: i64 = 2 * 60 * 1_000_000;

/// A project's Cockpit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cockpit {
    /// Tells this activation from earlier and later ones of the same project.
    epoch: [u8; 16],
    /// Where it is in its life.
    pub status: Status,
    created_at: i64,
    updated_at: i64,
}

impl Record for Cockpit {
    const VERSION: u8 = 1;
}

/// Where a Cockpit is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It serves.
    Ready,
    /// It is being removed; nothing new may be attached to it.
    Deleting,
}

impl Cockpit {
    /// When it was activated.
    pub const fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(self.created_at)
    }

    /// When it last changed.
    pub const fn updated_at(&self) -> Timestamp {
        Timestamp::from_micros(self.updated_at)
    }

    /// Whether this is the same activation as `other`, and both serve.
    pub fn serves_as(&self, other: &Self) -> bool {
        self.epoch == other.epoch && self.status == Status::Ready && other.status == Status::Ready
    }
}

/// What an activation came to.
#[derive(Debug)]
pub enum Activation {
    /// It is active now.
    Done(Cockpit),
    /// It was active already.
    AlreadyActive,
    /// A deactivation is still under way.
    Deleting,
}

/// The project's Cockpit, if it has one.
pub async fn find(kv: &impl Kv, project: ProjectId) -> Result<Option<Cockpit>, StoreError> {
    load(kv, &key(project)).await
}

/// Activates the project's Cockpit. `clear` removes what others keep of an earlier one that was left half removed.
pub async fn activate<P: Kv + Clock + Random>(
    ports: &P,
    project: ProjectId,
    clear: impl AsyncFnOnce() -> Result<(), StoreError>,
) -> Result<Activation, StoreError> {
    let now = ports.now().micros();
    match find(ports, project).await? {
        Some(cockpit) if cockpit.status == Status::Ready => return Ok(Activation::AlreadyActive),
        Some(cockpit) if now.saturating_sub(cockpit.updated_at) < ABANDONED_MICROS => return Ok(Activation::Deleting),
        Some(_) => {
            empty(ports, project).await?;
            clear().await?;
        }
        None => {}
    }
    let cockpit = Cockpit { epoch: ports.bytes(), status: Status::Ready, created_at: now, updated_at: now };
    save(ports, &key(project), &cockpit).await?;
    Ok(Activation::Done(cockpit))
}

/// Deactivates the project's Cockpit: its tokens first, itself last, so that a call that dies on the way is
/// finished by the next. `clear` removes what others keep of it. Returns its last state; `None` if there was none.
pub async fn deactivate<P: Kv + Clock>(
    ports: &P,
    project: ProjectId,
    clear: impl AsyncFnOnce() -> Result<(), StoreError>,
) -> Result<Option<Cockpit>, StoreError> {
    let Some(mut cockpit) = find(ports, project).await? else { return Ok(None) };
    cockpit.status = Status::Deleting;
    cockpit.updated_at = ports.now().micros();
    save(ports, &key(project), &cockpit).await?;
    empty(ports, project).await?;
    clear().await?;
    ports.delete(&key(project)).await?;
    Ok(Some(cockpit))
}

/// Removes whatever belongs to a Cockpit, what gives access first.
async fn empty(kv: &impl Kv, project: ProjectId) -> Result<(), StoreError> {
    tokens::delete_all(kv, project).await?;
    grafana_users::delete_all(kv, project).await?;
    Collection::<_, ContactPoint>::of(kv, project).clear().await?;
    Collection::<_, Datasource>::of(kv, project).clear().await?;
    kv.delete(&alerts_key(project)).await
}

/// Whether the managed alerts of a project are on.
pub async fn has_managed_alerts(kv: &impl Kv, project: ProjectId) -> Result<bool, StoreError> {
    Ok(load::<ManagedAlerts>(kv, &alerts_key(project)).await?.is_some())
}

/// Turns the managed alerts of a project on or off; says whether it has a Cockpit that serves.
///
/// The switch is a key of its own: a Cockpit that was written again could come back from its deactivation.
pub async fn set_managed_alerts(kv: &impl Kv, project: ProjectId, on: bool) -> Result<bool, StoreError> {
    let Some(cockpit) = find(kv, project).await?.filter(|cockpit| cockpit.status == Status::Ready) else {
        return Ok(false);
    };
    if on {
        save(kv, &alerts_key(project), &ManagedAlerts).await?;
    } else {
        kv.delete(&alerts_key(project)).await?;
    }
    let serves = still_serves(kv, project, &cockpit).await?;
    if !serves {
        kv.delete(&alerts_key(project)).await?;
    }
    Ok(serves)
}

/// That the managed alerts are on.
#[derive(Serialize, Deserialize)]
struct ManagedAlerts;

impl Record for ManagedAlerts {
    const VERSION: u8 = 1;
}

fn alerts_key(project: ProjectId) -> String {
    format!("managed-alerts/{project}")
}

fn key(project: ProjectId) -> String {
    format!("cockpit/{project}")
}
