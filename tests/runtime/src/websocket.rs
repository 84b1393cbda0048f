//! WebSockets, which components cannot speak: carried to a backend byte for byte, if the application says so.
//!
//! It is asked as a proxy asks: `/-/authorize` with the method and the URI of the request in question. What it answers
//! beside 200 is the answer; on 200 its headers say whose the request is.

use std::sync::Arc;

use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use http::{Method, Request, Response, StatusCode};
use hyper::upgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use wasmtime_wasi_http::{RequestOptions, WasiBody};

use crate::body::empty;
use crate::in_flight::InFlight;
use crate::log;
use crate::options::Carried;
use crate::outbound::Client;
use crate::service::status;

/// Where the application is asked.
pub(crate) const AUTHORIZE: &str = "/-/authorize";

/// What of the handshake a backend is told of the client.
const HANDSHAKE: [HeaderName; 5] =
    [SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, USER_AGENT];

/// What the application may say of a request.
const GRANTED: [&str; 2] = ["x-scope-orgid", "x-prom-label-policy"];

/// What it takes to carry WebSockets.
pub(crate) struct WebSockets {
    pub(crate) carried: Vec<Carried>,
    pub(crate) client: Client,
}

/// The question whether a request may pass.
pub(crate) fn question<B>(request: &Request<B>) -> Request<WasiBody> {
    let mut question = Request::new(empty());
    *question.uri_mut() = http::Uri::from_static(AUTHORIZE);
    *question.headers_mut() = request.headers().clone();
    let headers = question.headers_mut();
    for name in [UPGRADE, CONTENT_LENGTH, TRANSFER_ENCODING].iter().chain(&HANDSHAKE) {
        headers.remove(name);
    }
    let uri = request.uri().path_and_query().map_or("/", |target| target.as_str());
    for (name, value) in [("x-original-method", request.method().as_str()), ("x-original-uri", uri)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    question
}

impl WebSockets {
    /// Where a request is carried to, if it asks for a WebSocket on one of the paths.
    pub(crate) fn target<B>(&self, request: &Request<B>) -> Option<&Carried> {
        let upgrade = request.headers().get(UPGRADE)?.to_str().ok()?;
        let wanted = upgrade.eq_ignore_ascii_case("websocket") && request.method() == Method::GET;
        self.carried.iter().find(|carried| wanted && carried.path == request.uri().path())
    }

    /// Opens the WebSocket at the backend; then all that either side says is passed on for as long as both listen.
    pub(crate) async fn open<B>(
        &self,
        mut request: Request<B>,
        carried: &Carried,
        granted: &HeaderMap,
        in_flight: &Arc<InFlight>,
    ) -> Response<WasiBody> {
        let Some(onward) = onward(&request, carried, granted) else {
            return status(StatusCode::BAD_REQUEST);
        };
        let mut answer = match self.client.send(onward, RequestOptions::default()).await {
            Ok(answer) => answer,
            Err(error) => {
                log::line(format_args!("no WebSocket at {}: {error}", carried.url));
                return status(StatusCode::SERVICE_UNAVAILABLE);
            }
        };
        match answer.status().as_u16() {
            101 => {
                let (near, far) = (upgrade::on(&mut request), upgrade::on(&mut answer));
                let in_flight = Arc::clone(in_flight);
                tokio::spawn(async move {
                    if let (Ok(near), Ok(far)) = (near.await, far.await) {
                        // Either side may go at any time.
                        drop(copy_bidirectional(&mut TokioIo::new(near), &mut TokioIo::new(far)).await);
                    }
                    drop(in_flight);
                });
                answer.map(|_| empty())
            }
            // These would be about this server, not about the client.
            300..=399 | 401 | 403 => status(StatusCode::BAD_GATEWAY),
            _ => answer,
        }
    }
}

fn onward<B>(request: &Request<B>, carried: &Carried, granted: &HeaderMap) -> Option<Request<WasiBody>> {
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut onward = Request::builder().uri(format!("{}{query}", carried.url)).body(empty()).ok()?;
    let headers = onward.headers_mut();
    let handshake = HANDSHAKE.iter().filter_map(|name| Some((name.clone(), request.headers().get(name)?.clone())));
    headers.extend(handshake);
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    for name in GRANTED {
        granted.get_all(name).iter().for_each(|value| {
            headers.append(name, value.clone());
        });
    }
    Some(onward)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&'static str, &str)]) -> Request<()> {
        let mut request = Request::builder().uri("/tail?query=%7B%7D&limit=1").body(()).unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        request
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    const SENT: &[(&str, &str)] = &[
        ("authorization", "Bearer x"),
        ("cookie", "a=b"),
        ("sec-websocket-key", "k"),
        ("upgrade", "WebSocket"),
        ("x-original-uri", "/other"),
        ("x-scope-orgid", "victim"),
    ];

    #[test]
    fn the_question_is_about_the_request_and_has_its_credentials() {
        let question = question(&request(SENT));
        assert_eq!(question.uri(), AUTHORIZE);
        assert_eq!(question.headers()["x-original-uri"], "/tail?query=%7B%7D&limit=1");
        let want = ["authorization", "cookie", "x-original-method", "x-original-uri", "x-scope-orgid"];
        assert_eq!(names(question.headers()), want);
    }

    #[test]
    fn a_backend_is_told_the_tenant_and_nothing_of_the_caller() {
        let carried = Carried { path: "/tail".into(), url: "http://loki/loki/tail".into() };
        let granted = HeaderMap::from_iter([(HeaderName::from_static("x-scope-orgid"), "tenant".parse().unwrap())]);
        let onward = onward(&request(SENT), &carried, &granted).unwrap();
        assert_eq!(onward.uri(), "http://loki/loki/tail?query=%7B%7D&limit=1");
        assert_eq!(names(onward.headers()), ["connection", "sec-websocket-key", "upgrade", "x-scope-orgid"]);
        assert_eq!(onward.headers()["x-scope-orgid"], "tenant");
    }

    #[test]
    fn only_websockets_on_the_paths_given_are_carried() {
        let carried = vec![Carried { path: "/tail".into(), url: "http://loki/".into() }];
        let websockets = WebSockets { carried, client: Client::new() };
        assert!(websockets.target(&request(SENT)).is_some());
        assert!(websockets.target(&request(&[])).is_none());
        assert!(websockets.target(&request(&[("upgrade", "h2c")])).is_none());
        let mut elsewhere = request(SENT);
        *elsewhere.uri_mut() = "/tail/".parse().unwrap();
        assert!(websockets.target(&elsewhere).is_none());
    }
}
