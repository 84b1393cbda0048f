//! What a Cockpit has chosen, written down for the meters: its plan and its budgets, in one record.
//!
//! The choices themselves are records of their own, so that of two that change at once none undoes the other. Whoever
//! changed one writes the meters' record anew, until what it holds is what has been chosen. A call that dies on the way,
//! after another has done the same, may leave them what was chosen before: whoever looks at what is chosen puts that right.

use crate::deleting;
use cockpit_core::{
    ProjectId, Refusal,
    ports::{Kv, StoreError},
};
use cockpit_quota::{Budget, Numbered, Plan, Selector, Settings, budget, settings};
use cockpit_state::{Cockpit, Status, budgets, choices, cockpits};

/// So many may change a Cockpit's choices at once; more are told to come back.
const ATTEMPTS: usize = 8;

/// What a Cockpit has chosen.
pub async fn chosen(kv: &impl Kv, project: ProjectId, cockpit: &Cockpit) -> Result<Settings, StoreError> {
    const { assert!(budgets::MOST == budget::MOST, "meters take as many budgets as a project may have") };
    let plan = match choices::plan(kv, project, cockpit).await? {
        Some(name) => Plan::chosen(&name, project)?,
        None => Plan::standard(),
    };
    let budgets = budgets::list(kv, project, cockpit).await?;
    let numbered = budgets.into_iter().map(|(stored, limits)| {
        let number = stored.number;
        let selector =
            Selector::new(stored.labels).map_err(|error| StoreError(format!("a budget's selector {error}")))?;
        let budget = Budget { selector, active_series: limits.series, active_streams: limits.streams };
        Ok(Numbered { number, budget })
    });
    Ok(Settings::new(plan, numbered.collect::<Result<_, StoreError>>()?))
}

/// What a Cockpit has chosen, to show it: the meters go by it from now on, if they did not. They did as long as all calls
/// that changed it came to an end.
pub async fn in_force(kv: &impl Kv, project: ProjectId, cockpit: &Cockpit) -> Result<Settings, Refusal> {
    let chosen = chosen(kv, project, cockpit).await?;
    if cockpit.status == Status::Ready && settings::load(kv, project, cockpit.epoch()).await? != chosen {
        publish(kv, project, cockpit).await?;
    }
    Ok(chosen)
}

/// Tells the meters what a Cockpit has chosen, unless it has ended meanwhile.
pub async fn publish(kv: &impl Kv, project: ProjectId, cockpit: &Cockpit) -> Result<(), Refusal> {
    for _ in 0..ATTEMPTS {
        let before = chosen(kv, project, cockpit).await?;
        if settings::load(kv, project, cockpit.epoch()).await? != before {
            settings::save(kv, project, cockpit.epoch(), &before).await?;
        }
        if chosen(kv, project, cockpit).await? != before {
            continue;
        }
        if cockpits::still_serves(kv, project, cockpit.epoch()).await? {
            return Ok(());
        }
        settings::remove(kv, project, cockpit.epoch()).await?;
        return Err(deleting(project));
    }
    Err(StoreError(format!("the choices of {project} are being changed by too many at once")).into())
}
