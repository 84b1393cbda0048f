//! Refusals as answers, in the words of the client that called, and as lines of the operator's log.

use crate::{
    pace::Pace,
    respond::{RequestId, with_type},
};
use cockpit_api::ApiError;
use cockpit_core::{Body, Dialect, Refusal, Throttle, ports::Log};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde::Serialize;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Senders show the first line of an error, up to 256 bytes.
const LINE: usize = 255;

/// The answer that tells a caller it is refused; `caller` is what it sent.
pub(crate) fn response(dialect: Dialect, caller: &HeaderMap, pace: Pace, refusal: &Refusal) -> Response<Body> {
    let mut response = match dialect {
        Dialect::Push | Dialect::Plain => with_type("text/plain; charset=utf-8", line(&refusal.to_string())),
        Dialect::Otlp if speaks_json(caller) => json(&StatusMessage { message: refusal.to_string() }),
        Dialect::Otlp => with_type("application/x-protobuf", status_message(&line(&refusal.to_string()))),
        Dialect::Prometheus => json(&QueryError::from(refusal)),
        Dialect::Alertmanager => json(&CodedError { code: refusal.status().as_u16(), message: refusal.to_string() }),
        Dialect::Management => json(&ApiError::from(refusal)),
    };
    *response.status_mut() = status(dialect, refusal);
    add_headers(&mut response, dialect, pace, refusal);
    response
}

/// On push paths a body that is too large is 400: some senders retry 413 for ever.
fn status(dialect: Dialect, refusal: &Refusal) -> StatusCode {
    match (dialect, refusal) {
        (Dialect::Push, Refusal::TooLarge(_)) => StatusCode::BAD_REQUEST,
        _ => refusal.status(),
    }
}

fn add_headers(response: &mut Response<Body>, dialect: Dialect, pace: Pace, refusal: &Refusal) {
    let headers = response.headers_mut();
    match refusal {
        Refusal::Unauthenticated if dialect != Dialect::Management => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"cockpit\", Bearer"));
        }
        Refusal::WrongMethod(allow) => {
            let allow: Vec<_> = allow.iter().map(Method::as_str).collect();
            headers.extend(HeaderValue::try_from(allow.join(", ")).map(|allow| (ALLOW, allow)));
        }
        Refusal::Throttled(throttle) | Refusal::Cut(throttle, _) => limits(headers, pace, throttle),
        Refusal::Interrupted | Refusal::Late(_) | Refusal::Unavailable(_) | Refusal::BadUpstream(_) => {
            headers.insert(RETRY_AFTER, pace.after_failure());
        }
        _ => {}
    }
}

/// The headers of draft-ietf-httpapi-ratelimit-headers-07, which people and dashboards read, and the one senders do.
fn limits(headers: &mut HeaderMap, pace: Pace, throttle: &Throttle) {
    let &Throttle { limit, window, current, reset, retry, .. } = throttle;
    headers.insert(RETRY_AFTER, pace.after_limit(retry));
    headers.insert("ratelimit-limit", limit.into());
    headers.insert("ratelimit-remaining", limit.saturating_sub(current).into());
    headers.insert("ratelimit-reset", reset.into());
    if window > 0 {
        headers.extend(HeaderValue::try_from(format!("{limit};w={window}")).map(|policy| (POLICY, policy)));
    }
}

fn json(body: &impl Serialize) -> Response<Body> {
    with_type("application/json", serde_json::to_vec(body).unwrap_or_else(|_| b"{}".to_vec()))
}

/// OpenTelemetry's errors are written as the request was.
fn speaks_json(caller: &HeaderMap) -> bool {
    let kind = caller.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// A `google.rpc.Status` in JSON.
#[derive(Serialize)]
struct StatusMessage {
    message: String,
}

/// A protobuf `google.rpc.Status` with a message, which is field 2.
fn status_message(line: &str) -> Vec<u8> {
    let text = line.trim_end().as_bytes();
    let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
    let varint = if length < 0x80 { vec![length] } else { vec![length, 1] };
    [&[0x12][..], &varint, text].concat()
}

/// One line that fits: no control characters, cut between characters.
pub(crate) fn line(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let end = clean.floor_char_boundary(LINE - 1);
    format!("{}\n", clean.get(..end).unwrap_or_default())
}

/// An error of Prometheus's query API.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QueryError {
    status: &'static str,
    error_type: &'static str,
    error: String,
}

/// An error of Alertmanager's API.
#[derive(Serialize)]
struct CodedError {
    code: u16,
    message: String,
}

impl From<&Refusal> for QueryError {
    fn from(refusal: &Refusal) -> Self {
        let error_type = match refusal.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "auth",
            StatusCode::NOT_FOUND => "not_found",
            status if status.is_client_error() => "bad_data",
            _ => "unavailable",
        };
        Self { status: "error", error_type, error: refusal.to_string() }
    }
}

#[derive(Serialize)]
struct Line<'l> {
    level: &'static str,
    function: &'l str,
    request_id: String,
    status: u16,
    message: String,
    cause: String,
}

/// Logs a refusal whose cause is ours; the callers' own mistakes are theirs to log.
pub(crate) fn log(port: &impl Log, function: &str, id: &RequestId, refusal: &Refusal) {
    let Some(fault) = refusal.fault() else { return };
    let line = Line {
        level: "error",
        function,
        request_id: id.to_string(),
        status: refusal.status().as_u16(),
        message: refusal.to_string(),
        cause: fault.cause().to_string(),
    };
    port.line(&serde_json::to_string(&line).unwrap_or(line.message));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_and_has_no_control_characters() {
        assert_eq!(line("a\r\nb\u{7f}"), "a  b \n");
        let long = line(&"é".repeat(400));
        assert!(long.len() <= 255 && long.ends_with("é\n"), "{} bytes", long.len());
    }

    #[test]
    fn a_status_message_is_protobuf() {
        assert_eq!(status_message("ab\n"), b"\x12\x02ab");
        let long = status_message(&line(&"x".repeat(300)));
        assert_eq!((&long[..3], long.len()), (&b"\x12\xfe\x01"[..], 3 + 254));
    }

    #[test]
    fn a_body_too_large_for_a_push_is_a_400() {
        for (dialect, want) in [(Dialect::Push, 400), (Dialect::Prometheus, 413), (Dialect::Management, 413)] {
            let (caller, random) = (HeaderMap::new(), cockpit_fake::Fake::new(&[]));
            let told = response(dialect, &caller, Pace::of(&caller, &random), &Refusal::TooLarge(1));
            assert_eq!(told.status(), want);
        }
    }
}
