//! Activation, deactivation and the Cockpit object.

use crate::usage;
use cockpit_api::{Cockpit, Endpoints, ProjectBody, Query, body};
use cockpit_core::{
    Body, Operation, Ports, ProjectId, Refusal,
    ports::{Config, Kv, StoreError},
};
use cockpit_gate::{Call, json};
use cockpit_manage::{Manage, deleting, missing};
use cockpit_quota::settings;
use cockpit_state::{
    Status,
    cockpits::{self, Activation},
    grafana_users,
};
use http::Response;

/// Serves the rows of this function.
pub async fn handle(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::ActivateCockpit => activate(&mut call).await,
        Operation::DeactivateCockpit => deactivate(&mut call).await,
        Operation::GetCockpit => get(&call).await,
        Operation::GetCockpitMetrics => usage::show(&call).await,
        Operation::ResetGrafana => reset_grafana(&mut call).await,
        _ => Err(call.misrouted()),
    }
}

async fn activate(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let named = body::<ProjectBody>(&call.read().await?)?.project()?;
    let project = call.permit.project(named)?;
    let already = Refusal::AlreadyExists { resource: "cockpit", help: "the project has an active Cockpit" };
    if cockpits::find(call.ports, project).await?.is_some_and(|cockpit| cockpit.status == Status::Ready) {
        return Err(already);
    }
    call.note(project, "").await?;
    match cockpits::activate(call.ports, project, async || clear(call.ports, project).await).await? {
        Activation::Done(cockpit) => show(call.ports, project, &cockpit).await,
        Activation::AlreadyActive => Err(already),
        Activation::Deleting => Err(deleting(project)),
    }
}

async fn deactivate(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let named = body::<ProjectBody>(&call.read().await?)?.project()?;
    let project = call.permit.project(named)?;
    cockpits::find(call.ports, project).await?.ok_or_else(|| missing(project))?;
    call.note(project, "").await?;
    let removed = cockpits::deactivate(call.ports, project, async || clear(call.ports, project).await).await?;
    show(call.ports, project, &removed.ok_or_else(|| missing(project))?).await
}

/// What else is kept of a Cockpit.
async fn clear(kv: &impl Kv, project: ProjectId) -> Result<(), StoreError> {
    settings::remove(kv, project).await
}

async fn get(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let project = call.permit.project(Query::parse(call.query()).project()?)?;
    let cockpit = cockpits::find(call.ports, project).await?.ok_or_else(|| missing(project))?;
    show(call.ports, project, &cockpit).await
}

async fn reset_grafana(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let named = body::<ProjectBody>(&call.read().await?)?.project()?;
    let (project, cockpit) = call.cockpit(named).await?;
    call.note(project, "").await?;
    let users = grafana_users::list(call.ports, project, &cockpit).await?;
    grafana_users::delete(call.ports, project, &users).await?;
    show(call.ports, project, &cockpit).await
}

async fn show(
    ports: &impl Ports,
    project: ProjectId,
    cockpit: &cockpit_state::Cockpit,
) -> Result<Response<Body>, Refusal> {
    let alerts = cockpits::has_managed_alerts(ports, project, cockpit).await?;
    let plan = settings::load(ports, project).await?.plan();
    json(&Cockpit::new(project, cockpit, endpoints(ports).await?, alerts, plan))
}

async fn endpoints(config: &impl Config) -> Result<Endpoints, Refusal> {
    let public_url = config.variable("public_url").await?.unwrap_or_default();
    let grafana_url = config.variable("grafana_url").await?.unwrap_or_default();
    Ok(Endpoints::new(&public_url, &grafana_url))
}
