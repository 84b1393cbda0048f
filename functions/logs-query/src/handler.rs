//! Reads of logs: the caller's request, path and query byte for byte.

use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::{Call, LOKI};
use http::Response;

/// Serves the rows of this function.
pub async fn handle(call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::QueryLogs => call.forward(&LOKI).await,
        _ => Err(call.misrouted()),
    }
}
