//! Activation, deactivation and the Cockpit object.

use crate::usage;
use cockpit_api::{Cockpit, Endpoints, ProjectBody, Query, body};
use cockpit_core::{Body, Operation, Ports, ProjectId, Refusal, ports::Config};
use cockpit_gate::{Call, json};
use cockpit_manage::{Manage, Meters, deleting, settings};
use cockpit_state::{
    Status, choices,
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
    match cockpits::activate(call.ports, project, &Meters(call.ports)).await? {
        Activation::Done(cockpit) => show(call.ports, project, &cockpit).await,
        Activation::AlreadyActive => Err(already),
        Activation::Deleting => Err(deleting(project)),
    }
}

async fn deactivate(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let named = body::<ProjectBody>(&call.read().await?)?.project()?;
    let (project, cockpit) = present(call, named).await?;
    call.note(project, "").await?;
    let removed = cockpits::deactivate(call.ports, project, cockpit, &Meters(call.ports)).await?;
    show(call.ports, project, &removed).await
}

async fn get(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let (project, cockpit) = present(call, Query::parse(call.query()).project()?).await?;
    show(call.ports, project, &cockpit).await
}

/// The project that is named, or the key's own, with its Cockpit, even if that is being removed.
async fn present(
    call: &Call<'_, impl Ports>,
    named: Option<ProjectId>,
) -> Result<(ProjectId, cockpit_state::Cockpit), Refusal> {
    let project = call.permit.project(named)?;
    let cockpit = cockpits::find(call.ports, project).await?.ok_or_else(|| Refusal::no_cockpit(project))?;
    Ok((project, cockpit))
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
    let alerts = choices::has_managed_alerts(ports, project, cockpit).await?;
    let plan = settings::in_force(ports, project, cockpit).await?.plan();
    json(&Cockpit::new(project, cockpit, endpoints(ports).await?, alerts, plan))
}

async fn endpoints(config: &impl Config) -> Result<Endpoints, Refusal> {
    let public_url = config.variable("public_url").await?.unwrap_or_default();
    let grafana_url = config.variable("grafana_url").await?.unwrap_or_default();
    Ok(Endpoints::new(&public_url, &grafana_url))
}
