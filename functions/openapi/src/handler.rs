//! The document, with this gateway's address in it.

use cockpit_api::openapi;
use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::{Call, json};
use http::Response;

/// Serves the rows of this function.
pub async fn handle(call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::DescribeApi => json(&openapi(&call.ports.variable("public_url").await?.unwrap_or_default())),
        _ => Err(call.misrouted()),
    }
}
