//! Activation, deactivation and the Cockpit object.

use cockpit_api::{Cockpit, Endpoints, ProjectBody, ProjectQuery, body};
use cockpit_core::{Body, Operation, Ports, ProjectId, Refusal, ports::Config};
use cockpit_gate::{Call, json};
use cockpit_state::cockpits::{self, Activation};
use http::Response;

/// Serves the rows of this function.
pub async fn handle(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::ActivateCockpit => activate(&mut call).await,
        Operation::DeactivateCockpit => deactivate(&mut call).await,
        Operation::GetCockpit => get(&call).await,
        _ => Err(call.misrouted()),
    }
}

async fn activate(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let project = body::<ProjectBody>(&call.read().await?)?.project()?;
    match cockpits::activate(call.ports, project).await? {
        Activation::Done(cockpit) => show(call.ports, project, &cockpit).await,
        Activation::AlreadyActive => {
            Err(Refusal::AlreadyExists { resource: "cockpit", help: "the project has an active Cockpit" })
        }
        Activation::Deleting => {
            Err(Refusal::Transient { resource: "cockpit", id: project.to_string(), state: "deleting" })
        }
    }
}

async fn deactivate(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let project = body::<ProjectBody>(&call.read().await?)?.project()?;
    let cockpit = cockpits::deactivate(call.ports, project).await?.ok_or_else(|| missing(project))?;
    show(call.ports, project, &cockpit).await
}

async fn get(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let project = ProjectQuery::parse(call.query())?.project;
    let cockpit = cockpits::find(call.ports, project).await?.ok_or_else(|| missing(project))?;
    show(call.ports, project, &cockpit).await
}

async fn show(
    config: &impl Config,
    project: ProjectId,
    cockpit: &cockpit_state::Cockpit,
) -> Result<Response<Body>, Refusal> {
    let public_url = config.variable("public_url").await?.unwrap_or_default();
    let grafana_url = config.variable("grafana_url").await?.unwrap_or_default();
    json(&Cockpit::new(project, cockpit, Endpoints::new(&public_url, &grafana_url)))
}

fn missing(project: ProjectId) -> Refusal {
    Refusal::NotFound { resource: "cockpit", id: project.to_string() }
}
