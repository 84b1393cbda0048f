//! What must hold for every row of the route table, whoever carries the requests: `flow` runs these checks on
//! test doubles, `e2e` over HTTP. A new row is checked on arrival.

use crate::management;
use bytes::Bytes;
use cockpit_auth::Secret;
use cockpit_core::{
    Dialect, Operation, Route, Scope,
    routes::{Access, FALLBACK, ROUTES},
};
use cockpit_fake::Fake;
use http::{HeaderMap, Method};
use std::collections::BTreeSet;

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

impl<'s> Sent<'s> {
    /// A request for a row without credentials or body.
    pub(crate) fn bare(route: &'s Route) -> Self {
        let method = &route.methods[0];
        Self { function: route.function, method, path: concrete(route.path), headers: vec![], body: vec![] }
    }

    pub(crate) fn with(mut self, headers: impl IntoIterator<Item = (&'static str, String)>) -> Self {
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
            Dialect::Otlp => assert!(self.body.starts_with(b"\x12") && self.body.len() < 260, "{context}"),
            Dialect::Push | Dialect::Plain => {
                assert!(self.body.len() < 256 && self.body.ends_with(b"\n"), "{context}: {:?}", self.body);
            }
        }
    }

    /// Whether the body holds a text.
    pub(crate) fn says(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.body).contains(text)
    }
}

/// A path with its parameters filled in.
pub(crate) fn concrete(path: &str) -> String {
    path.replace(":token_id", "00000000-0000-4000-8000-000000000000")
        .replace(":datasource_id", "00000000-0000-4000-8000-000000000000")
        .replace(":access_key", "SCW00000000000000000")
        .replace(":number", "2")
        .replace(":dashboard_name", "ingest")
        .replace(":name", "job")
}

fn guarded() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| !matches!(route.access, Access::Public(_)))
}

/// Whether a row is of the management API.
pub(crate) const fn is_managed(route: &Route) -> bool {
    matches!(route.access, Access::Admin | Access::Manager(_))
}

/// Rows that end at a backend.
pub(crate) fn relayed() -> impl Iterator<Item = &'static Route> {
    guarded().filter(|route| !is_managed(route))
}

/// The headers that a row asks for.
pub(crate) fn credentials(target: &impl Target, route: &Route) -> Vec<(&'static str, String)> {
    match route.access {
        Access::Public(_) => vec![],
        Access::Admin | Access::Manager(_) => vec![("x-auth-token", KEY.to_owned())],
        Access::AnyToken => vec![("x-token", target.token(&[]))],
        Access::Holder(scope) => vec![("x-token", target.token(&[scope]))],
    }
}

/// A request that its function accepts.
pub(crate) fn good<'r>(target: &impl Target, route: &'r Route) -> Sent<'r> {
    if is_managed(route) {
        return management::request(route, credentials(target, route));
    }
    let (body, media) = content(route.operation);
    let media = media.map(|media| ("content-type", media.to_owned()));
    Sent { body: body.to_vec(), ..Sent::bare(route).with(credentials(target, route)).with(media) }
}

/// A body that an operation accepts at any time, and its media type where it must be said.
const fn content(operation: Operation) -> (&'static [u8], Option<&'static str>) {
    match operation {
        Operation::PushMetrics => (EMPTY_PUSH, None),
        Operation::PushLogs => (br#"{"streams":[{"stream":{"a":"b"},"values":[]}]}"#, Some("application/json")),
        Operation::PushOtlpLogs => (b"\x0a\x04\x12\x02\x12\x00", Some("application/x-protobuf")),
        Operation::PushOtlpMetrics => (b"\x0a\x08\x12\x06\x12\x04\x2a\x02\x0a\x00", Some("application/x-protobuf")),
        _ => (b"", None),
    }
}

/// Every check, in turn.
pub(crate) fn check(target: &impl Target) {
    strangers_are_refused(target);
    revoked_tokens_are_refused(target);
    tokens_without_the_scope_are_refused(target);
    keys_and_tokens_are_not_mixed_up(target);
    other_methods_are_told_the_right_ones(target);
    bodies_one_byte_too_large_are_refused(target);
    if target.has_breakable_store() {
        a_failing_store_is_never_the_callers_fault(target);
    }
    what_callers_say_about_tenants_never_reaches_a_backend(target);
    path_parameters_cannot_leave_their_segment(target);
    unlisted_paths_are_refused_in_the_words_of_their_neighbours(target);
    every_row_is_served(target);
    management::check(target);
}

fn strangers_are_refused(target: &impl Target) {
    let invented = Secret::generate(&Fake::new(&[])).expose().to_owned();
    for route in guarded() {
        let name = if is_managed(route) { "x-auth-token" } else { "x-token" };
        for headers in [vec![], vec![(name, "malformed".to_owned())], vec![(name, invented.clone())]] {
            let answer = target.send(&Sent::bare(route).with(headers));
            answer.is(401, route.dialect, route.path);
            let challenge = answer.headers.contains_key("www-authenticate");
            assert_eq!(challenge, route.dialect != Dialect::Management, "{}", route.path);
        }
    }
}

fn revoked_tokens_are_refused(target: &impl Target) {
    for route in relayed() {
        let secret = target.token(&Scope::ALL);
        target.revoke(&secret);
        target.send(&Sent::bare(route).with([("x-token", secret)])).is(401, route.dialect, route.path);
    }
}

fn tokens_without_the_scope_are_refused(target: &impl Target) {
    for route in ROUTES {
        let Access::Holder(needed) = route.access else { continue };
        let others: Vec<_> = Scope::ALL.into_iter().filter(|scope| *scope != needed).collect();
        let answer = target.send(&Sent::bare(route).with([("x-token", target.token(&others))]));
        answer.is(403, route.dialect, route.path);
        assert!(answer.says(needed.name()), "{}: {answer:?}", route.path);
    }
}

fn keys_and_tokens_are_not_mixed_up(target: &impl Target) {
    let secret = target.token(&Scope::ALL);
    for route in guarded() {
        let attempts = match route.access {
            Access::Admin | Access::Manager(_) => [("x-auth-token", secret.clone()), ("x-token", secret.clone())],
            _ => [("x-token", KEY.to_owned()), ("x-auth-token", secret.clone())],
        };
        for header in attempts {
            target.send(&Sent::bare(route).with([header])).is(401, route.dialect, route.path);
        }
    }
}

fn other_methods_are_told_the_right_ones(target: &impl Target) {
    for path in ROUTES.iter().map(|route| route.path).collect::<BTreeSet<_>>() {
        let rows: Vec<_> = ROUTES.iter().filter(|route| route.path == path).collect();
        let listed: Vec<_> = rows.iter().flat_map(|route| route.methods).collect();
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            if listed.contains(&&method) {
                continue;
            }
            let answer = target.send(&Sent { method: &method, ..Sent::bare(rows[0]) });
            answer.is(405, rows[0].dialect, path);
            let allow = answer.headers["allow"].to_str().unwrap();
            assert!(listed.iter().all(|method| allow.contains(method.as_str())), "{path}: {allow}");
        }
    }
}

fn bodies_one_byte_too_large_are_refused(target: &impl Target) {
    for route in ROUTES {
        let status = if route.dialect == Dialect::Push { 400 } else { 413 };
        let body = vec![b' '; route.limits.body + 1];
        let credentials = credentials(target, route);
        for method in route.methods.iter().filter(|method| **method != Method::GET) {
            let request = Sent { method, body: body.clone(), ..Sent::bare(route).with(credentials.clone()) };
            target.send(&request).is(status, route.dialect, route.path);
        }
    }
}

fn a_failing_store_is_never_the_callers_fault(target: &impl Target) {
    let key = management::key(target, PROJECT, "full");
    for route in guarded().chain(ROUTES.iter().filter(|route| route.path == "/-/ready")) {
        let request = match route.access {
            // The operator's own key is not looked up, and the plans are known.
            Access::Manager(_) => management::request(route, vec![("x-auth-token", key.clone())]),
            _ => good(target, route),
        };
        target.break_store(true);
        let answer = target.send(&request);
        target.break_store(false);
        answer.is(503, route.dialect, route.path);
        assert!(answer.headers.contains_key("retry-after"), "{}", route.path);
    }
}

fn what_callers_say_about_tenants_never_reaches_a_backend(target: &impl Target) {
    let hostile = [
        "x-scope-orgid",
        "x-scope-userid",
        "x-prom-label-policy",
        "x-auth-token",
        "cookie",
        "spin-full-url",
        "x-forwarded-for",
        "x-mimir-skiplabelcountvalidation",
        "x-loki-backfill-shard",
        "x-loki-actor-path",
        "x-loki-disable-pipeline-wrappers",
    ];
    for route in relayed() {
        target.received();
        let request = good(target, route).with(hostile.map(|name| (name, "victim".to_owned())));
        target.send(&request);
        let [sent] = target.received().try_into().unwrap();
        let tenants: Vec<_> = sent.get_all("x-scope-orgid").iter().collect();
        assert_eq!(tenants, [PROJECT], "{}", route.path);
        assert!(sent.values().all(|value| value != "victim"), "{}: {sent:?}", route.path);
        assert!(!format!("{sent:?}").contains("ckp_"), "{}", route.path);
    }
}

fn path_parameters_cannot_leave_their_segment(target: &impl Target) {
    for route in ROUTES.iter().filter(|route| route.path.contains(':')) {
        for segment in ["..", "%2e%2e", "%252e%252e", "a%2fb", "a%5Cb", "%00", "%zz"] {
            let fill = |part| if str::starts_with(part, ":") { segment } else { part };
            let path = route.path.split('/').map(fill).collect::<Vec<_>>().join("/");
            let request = Sent { path: path.clone(), ..good(target, route) };
            target.send(&request).is(400, route.dialect, &path);
        }
    }
}

fn unlisted_paths_are_refused_in_the_words_of_their_neighbours(target: &impl Target) {
    for (path, dialect) in [
        ("/cockpit/v1beta1/nothing", Dialect::Management),
        ("/metrics/prometheus/api/v1/nothing", Dialect::Prometheus),
        ("/metrics/api/v1/push/api/v1/push", Dialect::Push),
        ("/logs/otlp/v1/logs/v1/logs", Dialect::Otlp),
        ("/metrics/otlp/v1/metrics/v1/metrics", Dialect::Otlp),
        ("/", Dialect::Plain),
    ] {
        let request =
            Sent { function: FALLBACK, method: &Method::POST, path: path.into(), headers: vec![], body: vec![] };
        target.send(&request).is(404, dialect, path);
    }
}

fn every_row_is_served(target: &impl Target) {
    for route in ROUTES {
        let answer = target.send(&good(target, route));
        assert!(answer.status < 500, "{}: {answer:?}", route.path);
    }
}
