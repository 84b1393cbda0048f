//! What a project ingested: read off the counters that its pushes keep.

use cockpit_api::{Metrics, MetricsFilter, Query};
use cockpit_core::{Body, Ports, Refusal};
use cockpit_gate::{Call, json};
use cockpit_manage::{Manage, settings};
use cockpit_quota::{Signal, usage};
use http::Response;

/// Shows it.
pub(crate) async fn show(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let query = Query::parse(call.query());
    let filter = MetricsFilter::parse(&query)?;
    let (project, cockpit) = call.cockpit(query.project()?).await?;
    let limits = settings::in_force(call.ports, project, &cockpit).await?.limits(call.ports).await?;
    let mut timeseries = Vec::new();
    for signal in Signal::ALL {
        let sender = signal.sender(project, cockpit.epoch());
        let history = usage::read(call.ports, &sender, &limits.of(signal).rate, call.ports.now()).await?;
        timeseries.extend(filter.of(signal, &history));
    }
    json(&Metrics { timeseries })
}
