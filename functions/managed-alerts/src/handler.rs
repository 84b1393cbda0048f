//! The switch of the managed alerts, and an alert to try it with.

use bytes::Bytes;
use cockpit_api::{ProjectBody, body};
use cockpit_core::{Body, Fault, Operation, Outbound, Ports, ProjectId, Refusal, ports::UpstreamError};
use cockpit_gate::{ALERTMANAGER, Call};
use cockpit_manage::{Manage, deleting, done};
use cockpit_state::{Cockpit, cockpits};
use http::{HeaderMap, HeaderValue, Method, Response, header::CONTENT_TYPE};
use serde_json::json;

/// Serves the rows of this function.
pub async fn handle(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::EnableManagedAlerts => switch(&mut call, true).await,
        Operation::DisableManagedAlerts => switch(&mut call, false).await,
        Operation::TriggerTestAlert => test(&mut call).await,
        _ => Err(call.misrouted()),
    }
}

async fn switch(call: &mut Call<'_, impl Ports>, on: bool) -> Result<Response<Body>, Refusal> {
    let (project, cockpit) = cockpit(call).await?;
    if cockpits::has_managed_alerts(call.ports, project, &cockpit).await? == on {
        return Ok(done());
    }
    call.note(project, "").await?;
    let serves = cockpits::set_managed_alerts(call.ports, project, &cockpit, on).await?;
    if serves { Ok(done()) } else { Err(deleting(project)) }
}

/// Raises an alert in the project's Alertmanager, as Prometheus would. It ends by itself.
async fn test(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let (project, _) = cockpit(call).await?;
    call.note(project, "").await?;
    let backend = ALERTMANAGER.backend(call.ports).await?;
    let path = ALERTMANAGER.target(call.ports, "/alertmanager/api/v2/alerts", "").await?;
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    let permit = call.permit.act_for(project)?;
    let alert = Body::from_bytes(alert(project));
    let answer = call.ports.send(Outbound::new(&permit, &backend, Method::POST, &path, &headers, alert)?).await?;
    if answer.status().is_success() {
        return Ok(done());
    }
    let cause = UpstreamError::Failed(format!("Alertmanager answered {} to a test alert", answer.status()));
    Err(Refusal::BadUpstream(Fault::new("Alertmanager did not take the alert, ask the gateway's operator", cause)))
}

fn alert(project: ProjectId) -> Bytes {
    let labels = json!({"alertname": "CockpitTestAlert", "severity": "info", "project_id": project.to_string()});
    let annotations = json!({
        "summary": "This is a test",
        "description": "Somebody asked for an alert to see that alerts arrive. Nothing is wrong.",
    });
    json!([{"labels": labels, "annotations": annotations}]).to_string().into()
}

async fn cockpit(call: &mut Call<'_, impl Ports>) -> Result<(ProjectId, Cockpit), Refusal> {
    let named = body::<ProjectBody>(&call.read().await?)?.project()?;
    call.cockpit(named).await
}
