//! Reads of metrics: the caller's request, path and query byte for byte, under the backend's prefix.

use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::{Call, Relay, backend, enforcing};
use http::{Method, Response};

/// Where Prometheus's API begins in the gateway's own paths.
const API: &str = "/prometheus/api/v1/";

/// Serves the rows of this function.
pub async fn handle(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    if call.route.operation != Operation::QueryMetrics {
        return Err(call.misrouted());
    }
    let backend = backend(call.ports, "mimir_url", "query_timeout").await?;
    let backend = enforcing(backend, call.ports, "mimir_enforces_policies").await?;
    let prefix = call.ports.variable("mimir_query_prefix").await?.unwrap_or_default();
    let target = target(call.path(), call.query(), &prefix)?;
    let body = if *call.method() == Method::POST { call.forwardable().await? } else { Body::Empty };
    call.relay(Relay::Read, &backend, &target, body).await
}

fn target(path: &str, query: &str, prefix: &str) -> Result<String, Refusal> {
    let (_, rest) = path.split_once(API).ok_or_else(|| Refusal::bug("a query path outside Prometheus's API"))?;
    let separator = if query.is_empty() { "" } else { "?" };
    Ok(format!("{}/api/v1/{rest}{separator}{query}", prefix.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_below_the_prefix_and_the_query_survive_byte_for_byte() {
        for (path, query, prefix, want) in [
            (
                "/metrics/prometheus/api/v1/query",
                "query=up%7B%7D&a=+",
                "/prometheus",
                "/prometheus/api/v1/query?query=up%7B%7D&a=+",
            ),
            ("/prometheus/api/v1/label/a%20b/values", "", "", "/api/v1/label/a%20b/values"),
            ("/prometheus/api/v1/series", "match[]=up&match%5B%5D=x", "/", "/api/v1/series?match[]=up&match%5B%5D=x"),
        ] {
            assert_eq!(target(path, query, prefix).unwrap(), want);
        }
    }
}
