//! Finishing answers.

use bytes::Bytes;
use cockpit_core::{Body, Fault, Refusal, ports::Random};
use http::{
    HeaderName, HeaderValue, Response,
    header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
};
use serde::Serialize;
use std::fmt;
use uuid::Builder;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id by which a caller's complaint is found in the log.
pub(crate) struct RequestId(uuid::Uuid);

impl RequestId {
    pub(crate) fn new(random: &impl Random) -> Self {
        Self(Builder::from_random_bytes(random.bytes()).into_uuid())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An answer of JSON. The content type is exactly this: with a charset, one of the SDKs reads text.
pub fn json(value: &impl Serialize) -> Result<Response<Body>, Refusal> {
    let text = serde_json::to_vec(value)
        .map_err(|cause| Refusal::Unavailable(Fault::new("the gateway failed, try again later", cause)))?;
    Ok(with_type("application/json", text))
}

pub(crate) fn with_type(content_type: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::from_bytes(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Adds what every answer has.
pub(crate) fn finish(mut response: Response<Body>, id: &RequestId) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::try_from(id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    response
}
