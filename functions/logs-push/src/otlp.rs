//! OpenTelemetry's logs: well-formed ones are the backend's to judge.

use crate::handler::backend_path;
use cockpit_core::{Body, Ports, Refusal};
use cockpit_gate::{Call, Relay, backend};
use cockpit_quota::{Meter, Signal};
use cockpit_wire::{
    inflate::{Coding, inflate},
    json::{Cursor, Kind},
    otlp,
};
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};

const TYPES: &str = "send Content-Type: application/x-protobuf or application/json";
const ENCODINGS: &str = "send Content-Encoding: gzip, or none";

/// Checks that a request is one, and forwards it byte for byte.
pub(crate) async fn push(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let media = Media::of(call.headers())?;
    let body = call.read().await?;
    if media.check(&body, call.route.limits.decoded)? == 0 {
        // Nothing was sent, so nothing is lost; Loki would call it an error.
        return Ok(Response::new(Body::Empty));
    }
    let meter = Meter::open(call.ports, &call.permit, Signal::Logs).await?;
    meter.pay(u64::try_from(body.len()).unwrap_or(u64::MAX)).await?;
    let backend = backend(call.ports, "loki_url", "push_timeout").await?;
    let path = backend_path(call.ports, "loki_otlp_path").await?;
    let headers = media.described(call.headers());
    let mut response = call.relay_as(Relay::Push, &backend, &path, &headers, Body::from_bytes(body)).await?;
    // OpenTelemetry's senders drop data on every 5xx but these.
    if response.status().is_server_error() && !matches!(response.status().as_u16(), 502..=504) {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    Ok(response)
}

#[derive(Debug, PartialEq, Eq)]
struct Media {
    json: bool,
    gzip: bool,
}

impl Media {
    fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let value = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase());
        let kind = value(CONTENT_TYPE).unwrap_or_default();
        let json = match kind.split(';').next().unwrap_or_default().trim_end() {
            "application/x-protobuf" => false,
            "application/json" => true,
            _ => return Err(Refusal::UnsupportedMedia(TYPES)),
        };
        let gzip = match value(CONTENT_ENCODING).unwrap_or_default().as_str() {
            "" | "identity" => false,
            "gzip" => true,
            _ => return Err(Refusal::UnsupportedMedia(ENCODINGS)),
        };
        Ok(Self { json, gzip })
    }

    /// How many records it holds; in JSON only whether there may be some.
    fn check(&self, body: &[u8], limit: usize) -> Result<usize, Refusal> {
        let malformed = |error: String| Refusal::Malformed(format!("the body is no OTLP request: {error}").into());
        if self.gzip {
            let inflated = inflate(Coding::Gzip, body, limit).map_err(|error| malformed(error.to_string()))?;
            if !inflated.whole {
                return Err(malformed("its gzip is damaged".into()));
            }
            return Self { gzip: false, ..*self }.check(&inflated.bytes, limit);
        }
        if self.json {
            let value = Cursor::new(body, 0).value().and_then(|value| value.expect(Kind::Object, "an object"));
            return value.map(|_| 1).map_err(|error| malformed(error.to_string()));
        }
        otlp::logs(body).map_err(|error| malformed(error.to_string()))
    }

    /// Loki compares these headers letter by letter.
    fn described(&self, caller: &HeaderMap) -> HeaderMap {
        let mut headers = caller.clone();
        let kind = if self.json { "application/json" } else { "application/x-protobuf" };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.remove(CONTENT_ENCODING);
        headers.extend(self.gzip.then_some((CONTENT_ENCODING, HeaderValue::from_static("gzip"))));
        headers
    }
}
