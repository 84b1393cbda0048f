//! Pushes that are to be explained.

use crate::with_usage;
use cockpit_core::{Body, Ports, Refusal};
use cockpit_gate::{Call, json};
use cockpit_quota::{Meter, Signal, meter::Used};
use cockpit_wire::explain::{Explanation, Usage};
use http::Response;

/// Opens the meter of a push, whether it is to be stored or only explained.
pub async fn meter<'p, P: Ports>(call: &Call<'p, P>, signal: Signal) -> Result<Meter<'p, P>, Refusal> {
    if call.wants_explanation() {
        Meter::open_to_explain(call.ports, &call.permit, signal).await
    } else {
        Meter::open(call.ports, &call.permit, signal).await
    }
}

/// What would become of the push. Nothing of it is stored; to read it has cost as much as any other, so it counts as one.
pub async fn explained<P: Ports>(
    call: &Call<'_, P>,
    meter: &Meter<'_, P>,
    explanation: Explanation<'_>,
) -> Result<Response<Body>, Refusal> {
    meter.pay_request().await?;
    let usage = meter.usage().await?;
    with_usage(call, meter, async { json(&explanation.with(usage.into_iter().map(shown))) }).await
}

/// How much of a limit is used, as it is shown.
fn shown(used: Used) -> Usage {
    let Used { owner, what, used, limit, window } = used;
    Usage { owner, what, used, limit, window_seconds: Some(window).filter(|window| *window > 0) }
}
