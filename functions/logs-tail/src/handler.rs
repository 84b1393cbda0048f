//! The tail, for whoever cannot or need not speak WebSocket.

use crate::{follow::Follower, request::Request};
use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::{Call, LOKI};
use http::{HeaderMap, Response, header::UPGRADE};

/// Serves the rows of this function.
pub async fn handle<P: Ports + Clone + 'static>(call: Call<'_, P>) -> Result<Response<Body>, Refusal> {
    if call.route.operation != Operation::TailLogs {
        return Err(call.misrouted());
    }
    if wants_websocket(call.headers()) {
        return Err(Refusal::Unsupported(
            "WebSockets end before this gateway, see docs/read.md on nginx; without an upgrade, a tail is a stream",
        ));
    }
    let now = call.ports.now().micros().saturating_mul(1_000);
    let request = Request::parse(call.query(), call.headers(), now)?;
    let backend = LOKI.backend(call.ports).await?;
    let follower = Follower::new(call.ports.clone(), call.route, call.headers().clone(), backend, request);
    follower.begin(&call.permit).await
}

/// Some hosts take the headers of an upgrade away and leave those of the WebSocket.
fn wants_websocket(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(UPGRADE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    upgrade.eq_ignore_ascii_case("websocket") || headers.contains_key("sec-websocket-key")
}
