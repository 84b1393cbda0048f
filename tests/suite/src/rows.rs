//! What must hold for every row of the route table, whoever carries the requests: `flow` runs these checks on
//! test doubles, `e2e` over HTTP. A new row is checked on arrival.

mod checks;

pub(crate) use checks::check;

use crate::management;
use bytes::Bytes;
use cockpit_core::{
    Dialect, Operation, Route, Scope,
    routes::{Access, ROUTES},
};
use http::{HeaderMap, Method};
use std::ops::Deref;

/// The management key of every gateway under test.
pub(crate) const KEY: &str = "3d2c1f3e-6f0a-4a52-9c3e-0d5a3f1b2c4d";

/// The project of every gateway under test; its Cockpit is active.
pub(crate) const PROJECT: &str = "07070707-0707-0707-0707-070707070707";

/// A well-formed remote-write request that holds nothing: an empty snappy block.
pub(crate) const EMPTY_PUSH: &[u8] = b"\0";

/// A gateway under test.
pub(crate) trait Target {
    /// Sends a request and waits for the whole answer.
    fn send(&self, request: &Sent<'_>) -> Answer;
    /// Creates a token of the project, and returns its secret.
    fn token(&self, scopes: &[Scope]) -> String;
    /// Revokes a token.
    fn revoke(&self, secret: &str);
    /// Makes the store fail, or mends it.
    fn break_store(&self, broken: bool);
    /// Whether the store can be made to fail at all.
    fn has_breakable_store(&self) -> bool {
        true
    }
    /// The headers of each request that a backend has seen since the last call.
    fn received(&self) -> Vec<HeaderMap>;
}

/// A request to send.
pub(crate) struct Sent<'s> {
    /// The function that serves it.
    pub(crate) function: &'s str,
    /// Its method.
    pub(crate) method: &'s Method,
    /// Its path and query.
    pub(crate) path: String,
    /// Its headers, in order.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Its body.
    pub(crate) body: Vec<u8>,
}

/// A row at one of its paths.
#[derive(Clone)]
pub(crate) struct Place {
    route: &'static Route,
    /// The path in Spin's own syntax.
    pub(crate) path: String,
}

impl Deref for Place {
    type Target = Route;

    fn deref(&self) -> &Route {
        self.route
    }
}

/// Every row at every path.
fn places() -> impl Iterator<Item = Place> {
    ROUTES.iter().flat_map(|route| route.paths().into_iter().map(move |path| Place { route, path }))
}

impl<'s> Sent<'s> {
    /// A request for a row without credentials or body.
    fn bare(route: &'s Place) -> Self {
        let method = &route.methods[0];
        let host = (!route.host().is_empty()).then(|| ("host", format!("{}example", route.host())));
        let headers = host.into_iter().collect();
        Self { function: route.function, method, path: concrete(&route.path), headers, body: vec![] }
    }

    fn with(mut self, headers: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.headers.extend(headers);
        self
    }
}

/// What a caller sees.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
}

impl Answer {
    /// Checks the status, and that the error is in the dialect's shape.
    pub(crate) fn is(&self, status: u16, dialect: Dialect, context: &str) {
        assert_eq!(self.status, status, "{context}: {:?}", self.body);
        assert!(self.headers.contains_key("x-request-id"), "{context}");
        let json = || serde_json::from_slice::<serde_json::Value>(&self.body).unwrap_or_else(|_| panic!("{context}"));
        match dialect {
            Dialect::Prometheus => assert_eq!(json()["status"], "error", "{context}"),
            Dialect::Management => assert!(json()["message"].is_string(), "{context}"),
            Dialect::Alertmanager => {
                assert!(json()["message"].is_string() && json()["code"] == status, "{context}: {:?}", self.body);
            }
            Dialect::Otlp => assert!(self.body.starts_with(b"\x12") && self.body.len() < 260, "{context}"),
            Dialect::Push | Dialect::Plain => {
                assert!(self.body.len() < 256 && self.body.ends_with(b"\n"), "{context}: {:?}", self.body);
            }
        }
    }

    pub(crate) fn says(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.body).contains(text)
    }
}

/// A path with its parameters filled in.
pub(crate) fn concrete(path: &str) -> String {
    filled(path, "job").replace("...", "loki/api/v1/labels")
}

/// A path with this value for each parameter; ids are ids.
fn filled(path: &str, value: &str) -> String {
    let fill = |part: &str| match part.strip_prefix(':') {
        Some(name) if name.ends_with("_id") && value == "job" => "00000000-0000-4000-8000-000000000000".to_owned(),
        Some("number") if value == "job" => "2".to_owned(),
        Some(_) => value.to_owned(),
        None => part.to_owned(),
    };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

fn guarded() -> impl Iterator<Item = Place> {
    places().filter(|route| !matches!(route.access, Access::Public(_)))
}

/// Whether a row is of the management API.
pub(crate) const fn is_managed(route: &Route) -> bool {
    matches!(route.access, Access::Admin | Access::Manager(_))
}

/// Rows that end at a backend.
pub(crate) fn relayed() -> impl Iterator<Item = Place> {
    guarded().filter(|route| matches!(route.access, Access::Holder(_) | Access::AnyToken))
}

/// The headers that a row asks for.
pub(crate) fn credentials(target: &impl Target, route: &Route) -> Vec<(&'static str, String)> {
    match route.access {
        Access::Public(_) => vec![],
        Access::Admin | Access::Manager(_) => vec![("x-auth-token", KEY.to_owned())],
        Access::AnyToken => vec![("x-token", target.token(&[]))],
        Access::Holder(scope) | Access::Observer(scope) => vec![("x-token", target.token(&[scope]))],
    }
}

/// A request that its function accepts, by the first of its methods.
pub(crate) fn good<'r>(target: &impl Target, route: &'r Place) -> Sent<'r> {
    good_by(target, route, &route.methods[0])
}

fn good_by<'r>(target: &impl Target, route: &'r Place, method: &'r Method) -> Sent<'r> {
    if is_managed(route) {
        return management::request(route, credentials(target, route));
    }
    let (body, media) = content(route.operation);
    let bare = Sent::bare(route).with(credentials(target, route));
    let query = if route.operation == Operation::TailLogs { "?query=%7Ba%3D%22b%22%7D" } else { "" };
    let path = bare.path.clone() + query;
    Sent { body: body.to_vec(), path, method, ..bare.with(media.map(|media| ("content-type", media.to_owned()))) }
}

/// A body that an operation accepts at any time, and its media type where it must be said.
const fn content(operation: Operation) -> (&'static [u8], Option<&'static str>) {
    match operation {
        Operation::PushMetrics | Operation::ReadMetrics => (EMPTY_PUSH, None),
        Operation::PushLogs => (br#"{"streams":[{"stream":{"a":"b"},"values":[]}]}"#, Some("application/json")),
        Operation::PushOtlpLogs => (b"\x0a\x04\x12\x02\x12\x00", Some("application/x-protobuf")),
        Operation::PushOtlpMetrics => (b"\x0a\x08\x12\x06\x12\x04\x2a\x02\x0a\x00", Some("application/x-protobuf")),
        Operation::SetMetricsRules | Operation::SetLogsRules => {
            (b"name: a\nrules: [{record: b, expr: c}]", Some("application/yaml"))
        }
        Operation::SetAlertmanagerConfig => {
            (b"alertmanager_config: '{route: {receiver: a}, receivers: [{name: a}]}'", Some("application/yaml"))
        }
        _ => (b"", None),
    }
}
