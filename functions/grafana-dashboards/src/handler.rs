//! Listing and showing the operator's dashboards.

use cockpit_api::{Dashboard, DashboardList, Query};
use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::{Call, json};
use cockpit_manage::Manage;
use http::Response;
use percent_encoding::percent_decode_str;

/// Serves the rows of this function.
pub async fn handle(call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::ListGrafanaProductDashboards => list(&call).await,
        Operation::GetGrafanaProductDashboard => get(&call).await,
        _ => Err(call.misrouted()),
    }
}

async fn list(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let query = Query::parse(call.query());
    let page = query.page()?;
    let mut dashboards = all(call, &query).await?;
    let tags: Vec<_> = query.values("tags").filter(|tag| !tag.is_empty()).collect();
    dashboards.retain(|dashboard| dashboard.has(&tags));
    let total_count = dashboards.len();
    json(&DashboardList { total_count, dashboards: page.of(dashboards) })
}

async fn get(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let mut dashboards = all(call, &Query::parse(call.query())).await?.into_iter();
    let raw = call.param("dashboard_name")?;
    let name = percent_decode_str(raw).decode_utf8_lossy();
    let found = dashboards.find(|dashboard| dashboard.dashboard_name == name);
    json(&found.ok_or_else(|| Refusal::NotFound { resource: "dashboard", id: raw.to_owned() })?)
}

/// All of them, for whoever manages an active Cockpit.
async fn all(call: &Call<'_, impl Ports>, query: &Query) -> Result<Vec<Dashboard>, Refusal> {
    call.cockpit(query.project()?).await?;
    let text = call.ports.variable("grafana_dashboards").await?.unwrap_or_default();
    Ok(Dashboard::configured(&text)?)
}
