//! Answers.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use serde::Serialize;
use std::io;

/// An answer, whole or streaming.
pub(crate) type Reply = Response<UnsyncBoxBody<Bytes, io::Error>>;

/// An answer of these bytes.
pub(crate) fn bytes(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Reply {
    let body = body.into();
    let typed = !body.is_empty();
    let mut reply = Response::new(Full::new(body).map_err(|never| match never {}).boxed_unsync());
    *reply.status_mut() = status;
    if typed {
        reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    reply
}

/// An answer of text.
pub(crate) fn text(status: StatusCode, body: &str) -> Reply {
    bytes(status, "text/plain; charset=utf-8", body.to_owned())
}

/// An answer of JSON.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Reply {
    bytes(status, "application/json", serde_json::to_vec(body).unwrap_or_default())
}

/// `{"status":"success","data":…}`, as Prometheus and Loki say it.
pub(crate) fn success(data: &impl Serialize) -> Reply {
    json(StatusCode::OK, &serde_json::json!({"status": "success", "data": data}))
}

/// A query that cannot be answered, in Prometheus's words.
pub(crate) fn bad_data(problem: &str) -> Reply {
    json(StatusCode::BAD_REQUEST, &serde_json::json!({"status": "error", "errorType": "bad_data", "error": problem}))
}

/// The path is not one that the stand-in knows.
pub(crate) fn not_found() -> Reply {
    text(StatusCode::NOT_FOUND, "404 page not found\n")
}
