//! What a push costs that is not stored.

use crate::with_usage;
use cockpit_core::{Body, Ports, Refusal};
use cockpit_gate::Call;
use cockpit_quota::Meter;
use http::Response;
use std::future::ready;

/// Passes on what came of reading a push. One that its sender got wrong counts as a push, and so does one that did not
/// come whole: it was waited for, and nobody can have us wait without end.
pub async fn charged<P: Ports, T>(
    call: &Call<'_, P>,
    meter: &Meter<'_, P>,
    read: Result<T, Refusal>,
) -> Result<T, Refusal> {
    let read = match read {
        Err(Refusal::Interrupted | Refusal::Late(_)) => meter.pay_request().await.and(read),
        read => meter.charge(read).await,
    };
    if read.is_err() {
        with_usage(call, meter, ready(())).await;
    }
    read
}

/// Waits for what the backend says to a push. If it fails, the push will be sent again and paid for again, so what was
/// paid to have this one stored is given back.
pub async fn relayed<P: Ports>(
    call: &Call<'_, P>,
    meter: &Meter<'_, P>,
    relay: impl Future<Output = Result<Response<Body>, Refusal>>,
) -> Result<Response<Body>, Refusal> {
    let answer = with_usage(call, meter, relay).await;
    if answer.as_ref().map_or(true, |response| response.status().is_server_error()) {
        meter.refund();
    }
    meter.part().await;
    answer
}
