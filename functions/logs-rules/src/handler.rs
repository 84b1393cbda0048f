//! Rules over logs: shown and deleted as they are, stored once they are checked.

use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::{Call, LOKI};
use cockpit_setup::upload;
use http::Response;

/// Serves the rows of this function.
pub async fn handle(call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::ReadLogsRules | Operation::DeleteLogsRules => call.forward(&LOKI).await,
        Operation::SetLogsRules => upload::rules(call, &LOKI).await,
        _ => Err(call.misrouted()),
    }
}
