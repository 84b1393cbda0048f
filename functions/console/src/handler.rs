//! Which page is asked for.

use crate::{connect, page, reference, usage};
use cockpit_api::{Endpoints, openapi};
use cockpit_core::{Body, Operation, Ports, Refusal, ports::Config};
use cockpit_gate::Call;
use http::Response;

/// Serves the rows of this function.
pub async fn handle(call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::ShowConsole => Ok(page::response(&connect::page(&endpoints(call.ports).await?))),
        Operation::ShowUsagePage => usage::show(&call).await,
        Operation::ShowReference => {
            let public_url = call.ports.variable("public_url").await?.unwrap_or_default();
            Ok(page::response(&reference::page(&openapi(&public_url))))
        }
        _ => Err(call.misrouted()),
    }
}

async fn endpoints(config: &impl Config) -> Result<Endpoints, Refusal> {
    let public_url = config.variable("public_url").await?.unwrap_or_default();
    let grafana_url = config.variable("grafana_url").await?.unwrap_or_default();
    Ok(Endpoints::new(&public_url, &grafana_url))
}
