//! What a Cockpit has chosen that is on or off, or one of a few. Each is a key of its activation, so that no choice is
//! another Cockpit's.

use crate::cockpits::{Cockpit, still_serves};
use cockpit_core::{
    ports::{Kv, StoreError},
    project::ProjectId,
    record::{self, Record, load, save},
};
use serde::{Deserialize, Serialize};

/// That the managed alerts are on.
#[derive(Serialize, Deserialize)]
struct ManagedAlerts;

impl Record for ManagedAlerts {
    const WHAT: &'static str = "the switch of the managed alerts";
    const VERSION: u8 = 1;
}

/// The name of the chosen plan.
#[derive(Serialize, Deserialize)]
struct Plan(String);

impl Record for Plan {
    const WHAT: &'static str = "the chosen plan";
    const VERSION: u8 = 1;
}

/// Whether the managed alerts of a Cockpit are on.
pub async fn has_managed_alerts(kv: &impl Kv, project: ProjectId, cockpit: &Cockpit) -> Result<bool, StoreError> {
    Ok(load::<ManagedAlerts>(kv, &alerts_key(project, cockpit.epoch())).await?.is_some())
}

/// Turns the managed alerts of a Cockpit on or off; says whether it still serves.
pub async fn set_managed_alerts(
    kv: &impl Kv,
    project: ProjectId,
    cockpit: &Cockpit,
    on: bool,
) -> Result<bool, StoreError> {
    let key = alerts_key(project, cockpit.epoch());
    if on {
        save(kv, &key, &ManagedAlerts).await?;
    } else {
        kv.delete(&key).await?;
    }
    stays(kv, project, cockpit, &key).await
}

/// The plan that a Cockpit has chosen, by its name; `None` if it has not.
pub async fn plan(kv: &impl Kv, project: ProjectId, cockpit: &Cockpit) -> Result<Option<String>, StoreError> {
    Ok(load::<Plan>(kv, &plan_key(project, cockpit.epoch())).await?.map(|Plan(name)| name))
}

/// Chooses a Cockpit's plan; says whether it still serves.
pub async fn choose_plan(kv: &impl Kv, project: ProjectId, cockpit: &Cockpit, plan: &str) -> Result<bool, StoreError> {
    let key = plan_key(project, cockpit.epoch());
    save(kv, &key, &Plan(plan.to_owned())).await?;
    stays(kv, project, cockpit, &key).await
}

/// Forgets what an activation has chosen.
pub(crate) async fn forget(kv: &impl Kv, project: ProjectId, epoch: u64) -> Result<(), StoreError> {
    record::drop(kv, &alerts_key(project, epoch)).await?;
    record::drop(kv, &plan_key(project, epoch)).await
}

/// Whether a Cockpit still serves after a choice was written; if not, the choice goes with it.
async fn stays(kv: &impl Kv, project: ProjectId, cockpit: &Cockpit, key: &str) -> Result<bool, StoreError> {
    let serves = still_serves(kv, project, cockpit.epoch()).await?;
    if !serves {
        record::drop(kv, key).await?;
    }
    Ok(serves)
}

fn alerts_key(project: ProjectId, epoch: u64) -> String {
    format!("managed-alerts/{project}/{epoch}")
}

fn plan_key(project: ProjectId, epoch: u64) -> String {
    format!("plan/{project}/{epoch}")
}
