//! Rules over metrics: shown and deleted as they are, stored once they are checked.

use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::{Call, LOKI, MIMIR};
use cockpit_setup::upload;
use http::Response;

/// Serves the rows of this function.
pub async fn handle(call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::ReadMetricsRules | Operation::DeleteMetricsRules => call.forward(&MIMIR).await,
        Operation::SetMetricsRules => upload::rules(call, &MIMIR).await,
        Operation::ReadLogsRules => call.forward(&LOKI).await,
        _ => Err(call.misrouted()),
    }
}
