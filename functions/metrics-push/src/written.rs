//! How much was written, as senders of version 2.0 want to know: without it they take a 204 for a loss.

use bytes::Bytes;
use cockpit_core::Body;
use cockpit_wire::remote_write::Contents;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};

const SAMPLES: HeaderName = HeaderName::from_static("x-prometheus-remote-write-samples-written");
const HISTOGRAMS: HeaderName = HeaderName::from_static("x-prometheus-remote-write-histograms-written");
const EXEMPLARS: HeaderName = HeaderName::from_static("x-prometheus-remote-write-exemplars-written");

/// What the backend was given.
#[derive(Clone, Debug)]
pub struct Written([(HeaderName, usize); 3]);

impl From<&Contents> for Written {
    fn from(kept: &Contents) -> Self {
        Self([(SAMPLES, kept.samples), (HISTOGRAMS, kept.histograms), (EXEMPLARS, kept.exemplars)])
    }
}

impl Written {
    /// Says so in an answer of a backend that accepted all of it, unless the backend says it itself.
    pub fn complete(&self, headers: &mut HeaderMap) {
        if !headers.contains_key(&SAMPLES) {
            for (name, count) in &self.0 {
                headers.insert(name, HeaderValue::from(*count));
            }
        }
    }
}

/// An answer of our own: at most one line of text.
pub fn response(status: StatusCode, line: &str, written: &Written) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    written.complete(response.headers_mut());
    if !line.is_empty() {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        *response.body_mut() = Body::from_bytes(Bytes::from(format!("{line}\n")));
    }
    response
}
