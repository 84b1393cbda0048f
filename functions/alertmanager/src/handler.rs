//! Alertmanager: the caller's request, path and query byte for byte, under the backend's prefix.

use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::{ALERTMANAGER, Call};
use http::Response;

/// Serves the rows of this function.
pub async fn handle(call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::UseAlertmanager => call.forward(&ALERTMANAGER).await,
        _ => Err(call.misrouted()),
    }
}
