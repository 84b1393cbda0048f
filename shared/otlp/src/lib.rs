//! What OpenTelemetry's exporters push, whatever the signal: well-formed requests are the backend's to judge.
//!
//! Not allowed here: to look at what a request says. [`push`] is the whole of it; what a body is, is in `media.rs`.

#![forbid(unsafe_code)]

mod media;

use bytes::Bytes;
use cockpit_core::{Body, Ports, Refusal};
use cockpit_gate::{Call, Relay};
use cockpit_push::{charged, destination, relayed, with_usage};
use cockpit_quota::{Meter, Signal};
use cockpit_wire::otlp;
use http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use media::{Content, Media};

/// Who asks to have a push explained must not have it stored.
const UNEXPLAINED: &str = "explain=true is for remote write and for Loki's push: what OpenTelemetry's clients push is \
                           judged by the backend";

/// What differs between signals.
#[derive(Debug)]
pub struct Export {
    /// Whose quotas it counts against.
    pub signal: Signal,
    /// What it exports.
    pub items: otlp::Items,
    /// The variable that holds the backend's origin.
    pub url: &'static str,
    /// The variable that holds the path there.
    pub path: &'static str,
}

impl Export {
    /// What it costs: logs by the byte, as Loki counts them, metrics by the data point.
    fn units(&self, content: &Content) -> u64 {
        let units = match self.signal {
            Signal::Logs => content.bytes,
            Signal::Metrics => content.items,
        };
        u64::try_from(units).unwrap_or(u64::MAX)
    }
}

/// Checks that a request is one, and forwards it byte for byte.
pub async fn push(mut call: Call<'_, impl Ports>, export: &Export) -> Result<Response<Body>, Refusal> {
    let media = Media::of(call.headers())?;
    if call.wants_explanation() {
        return Err(Refusal::Malformed(UNEXPLAINED.into()));
    }
    let meter = Meter::open(call.ports, &call.permit, export.signal).await?;
    let (backend, path) = destination(call.ports, export.url, export.path).await?;
    let read = read(&mut call, &media, export).await;
    let (body, content) = charged(&call, &meter, read).await?;
    if content.items == 0 {
        // Nothing was sent, so nothing is lost; Loki would call it an error.
        meter.pay_request().await?;
        return with_usage(&call, &meter, async { Ok(nothing(&media)) }).await;
    }
    meter.pay(export.units(&content)).await?;
    let headers = media.described(call.headers());
    let relay = call.relay(Relay::Push, &backend, &path, &headers, Body::from_bytes(body));
    let mut response = relayed(&call, &meter, relay).await?;
    // OpenTelemetry's senders drop data on every 5xx but these.
    if response.status().is_server_error() && !matches!(response.status().as_u16(), 502..=504) {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    Ok(response)
}

async fn read(call: &mut Call<'_, impl Ports>, media: &Media, export: &Export) -> Result<(Bytes, Content), Refusal> {
    let body = call.read().await?;
    let content = media.read(&body, call.route.limits.decoded, export.items)?;
    Ok((body, content))
}

/// An empty response message, in the form of the request.
fn nothing(media: &Media) -> Response<Body> {
    let body = if media.json { Bytes::from_static(b"{}") } else { Bytes::new() };
    let mut response = Response::new(if body.is_empty() { Body::Empty } else { Body::from_bytes(body) });
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media.kind()));
    response
}
