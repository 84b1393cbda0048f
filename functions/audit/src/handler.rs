//! Listing what was done to a project.

use cockpit_api::{AuditEvent, AuditEventList, Query};
use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::{Call, json};
use cockpit_state::audit;
use http::Response;

/// Serves the rows of this function.
pub async fn handle(call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::ListAuditEvents => list(&call).await,
        _ => Err(call.misrouted()),
    }
}

/// The trail is there whether the project has a Cockpit or not.
async fn list(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let query = Query::parse(call.query());
    let page = query.page()?;
    let project = call.permit.project(query.project()?)?;
    let entries = audit::list(call.ports, project).await?;
    let total_count = entries.len();
    json(&AuditEventList { total_count, events: page.of(entries).into_iter().map(AuditEvent::from).collect() })
}
