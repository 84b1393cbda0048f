//! The Alertmanager configuration: shown and deleted as it is, stored once it is checked.

use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::{CONFIGURATION, Call};
use cockpit_setup::upload;
use http::Response;

/// Serves the rows of this function.
pub async fn handle(call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::GetAlertmanagerConfig | Operation::DeleteAlertmanagerConfig => call.forward(&CONFIGURATION).await,
        Operation::SetAlertmanagerConfig => upload::configuration(call).await,
        _ => Err(call.misrouted()),
    }
}
