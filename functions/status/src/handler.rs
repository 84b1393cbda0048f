//! How this instance is.

use cockpit_core::{Body, ConfigError, Operation, Ports, Refusal, ports::Config, project::parse_uuid};
use cockpit_gate::{Call, json};
use http::Response;
use serde::Serialize;

/// Serves the rows of this function.
pub async fn handle(call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::Healthy => json(&Status { status: "healthy" }),
        Operation::Ready => ready(call.ports).await,
        Operation::BuildInfo => json(&BuildInfo { name: "cockpit-edge", version: env!("CARGO_PKG_VERSION") }),
        _ => Err(call.misrouted()),
    }
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

#[derive(Serialize)]
struct BuildInfo {
    name: &'static str,
    version: &'static str,
}

/// Ready means that the next request can be served: the store answers, and what must be configured is.
async fn ready(ports: &impl Ports) -> Result<Response<Body>, Refusal> {
    ports.get("ready").await?;
    check(ports, "admin_key", |key| parse_uuid(key).is_some(), "must be a UUID").await?;
    for url in ["mimir_url", "public_url"] {
        check(ports, url, is_url, "must be http:// or https://, a host and a port").await?;
    }
    json(&Status { status: "ready" })
}

async fn check(config: &impl Config, name: &str, sound: impl Fn(&str) -> bool, must: &str) -> Result<(), Refusal> {
    let value = config.variable(name).await?.unwrap_or_default();
    if sound(&value) { Ok(()) } else { Err(ConfigError(format!("{name} {must}")).into()) }
}

fn is_url(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
}
