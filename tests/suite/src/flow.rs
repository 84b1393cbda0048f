//! Every row of the table through the whole pipeline, on test doubles.

use crate::rows::{self, Answer, KEY, PROJECT, Sent, Target};
use cockpit_auth::Secret;
use cockpit_core::{
    Body, Operation, ProjectId, Scope, Scopes,
    ports::{Random, UpstreamError},
};
use cockpit_fake::{Fake, run};
use cockpit_gate::serve;
use cockpit_state::{NewToken, Token, cockpits, tokens as stored};
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use http_body_util::BodyExt;
use std::{cell::RefCell, collections::BTreeMap};
use uuid::Uuid;

/// A gateway on test doubles, with an active Cockpit.
pub(crate) struct World {
    pub(crate) fake: Fake,
    /// The tokens by their secrets, and the secrets by what they may do: a project has so many tokens and no more.
    tokens: RefCell<BTreeMap<String, Token>>,
    secrets: RefCell<BTreeMap<u16, String>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// One with these variables besides the usual ones.
    pub(crate) fn with(variables: &[(&'static str, &'static str)]) -> Self {
        let usual = [
            ("admin_key", KEY),
            ("alertmanager_prefix", "/alertmanager"),
            ("alertmanager_url", "http://alertmanager:9093"),
            ("body_timeout", "30"),
            ("grafana_url", "http://grafana:3000"),
            ("loki_otlp_path", "/otlp/v1/logs"),
            ("loki_push_path", "/loki/api/v1/push"),
            ("loki_url", "http://loki:3100"),
            ("mimir_otlp_path", "/otlp/v1/metrics"),
            ("mimir_push_path", "/api/v1/push"),
            ("mimir_query_prefix", "/prometheus"),
            ("mimir_url", "http://mimir:9009"),
            ("public_url", "http://gateway:3000"),
            ("push_timeout", "10"),
            ("query_timeout", "120"),
        ];
        let fake = Fake::new(&[&usual[..], variables].concat());
        run(cockpits::activate(&fake, project(), &())).unwrap();
        fake.upstream.usually("/rules", "{}");
        fake.upstream.usually("/query_range", r#"{"data":{"resultType":"streams","result":[]}}"#);
        Self { fake, tokens: RefCell::default(), secrets: RefCell::default() }
    }
}

fn project() -> ProjectId {
    ProjectId::parse(PROJECT).unwrap()
}

impl World {
    /// The answer to a request, whose body is still to be read.
    pub(crate) async fn answer(&self, sent: &Sent<'_>) -> Response<Body> {
        let body = Body::from_bytes(sent.body.clone());
        let mut request = Request::builder().method(sent.method).uri(&sent.path).body(body).unwrap();
        request.headers_mut().insert(CONTENT_LENGTH, sent.body.len().into());
        for (name, value) in &sent.headers {
            let value = HeaderValue::try_from(value).unwrap();
            request.headers_mut().append(HeaderName::try_from(*name).unwrap(), value);
        }
        let (function, fake) = (sent.function, &self.fake);
        match function {
            "cockpit" => serve(function, fake, request, cockpit::handler::handle).await,
            "tokens" => serve(function, fake, request, tokens::handler::handle).await,
            "datasources" => serve(function, fake, request, datasources::handler::handle).await,
            "contact-points" => serve(function, fake, request, contact_points::handler::handle).await,
            "managed-alerts" => serve(function, fake, request, managed_alerts::handler::handle).await,
            "grafana-users" => serve(function, fake, request, grafana_users::handler::handle).await,
            "grafana-dashboards" => serve(function, fake, request, grafana_dashboards::handler::handle).await,
            "plans" => serve(function, fake, request, plans::handler::handle).await,
            "budgets" => serve(function, fake, request, budgets::handler::handle).await,
            "audit" => serve(function, fake, request, audit::handler::handle).await,
            "api-keys" => serve(function, fake, request, api_keys::handler::handle).await,
            "alertmanager" => serve(function, fake, request, alertmanager::handler::handle).await,
            "alertmanager-config" => serve(function, fake, request, alertmanager_config::handler::handle).await,
            "authorize" => serve(function, fake, request, authorize::handler::handle).await,
            "logs-query" => serve(function, fake, request, logs_query::handler::handle).await,
            "logs-rules" => serve(function, fake, request, logs_rules::handler::handle).await,
            "logs-tail" => serve(function, fake, request, logs_tail::handler::handle).await,
            "metrics-rules" => serve(function, fake, request, metrics_rules::handler::handle).await,
            "logs-push" => serve(function, fake, request, logs_push::handler::handle).await,
            "metrics-push" => serve(function, fake, request, metrics_push::handler::handle).await,
            "metrics-query" => serve(function, fake, request, metrics_query::handler::handle).await,
            "status" => serve(function, fake, request, status::handler::handle).await,
            "self-metrics" => serve(function, fake, request, self_metrics::handler::handle).await,
            "console" => serve(function, fake, request, console::handler::handle).await,
            "openapi" => serve(function, fake, request, openapi::handler::handle).await,
            other => panic!("add {other} to this list"),
        }
    }
}

impl Target for World {
    fn send(&self, sent: &Sent<'_>) -> Answer {
        read(run(self.answer(sent)))
    }

    fn token(&self, scopes: &[Scope]) -> String {
        let scopes: Scopes = scopes.iter().copied().collect();
        if let Some(secret) = self.secrets.borrow().get(&scopes.bits()) {
            return secret.clone();
        }
        let secret = Secret::generate(&self.fake);
        let id = Uuid::from_bytes(self.fake.bytes());
        let (name, secret_hash, bounds) = ("t".into(), secret.hash(), stored::Bounds::default());
        let new = NewToken { id, project: project(), name, scopes, secret: secret_hash, expires_at: None, bounds };
        let cockpit = run(cockpits::find(&self.fake, project())).unwrap().unwrap();
        let token = run(stored::create(&self.fake, &cockpit, new, &())).unwrap().done().unwrap();
        self.tokens.borrow_mut().insert(secret.expose().to_owned(), token);
        self.secrets.borrow_mut().insert(scopes.bits(), secret.expose().to_owned());
        secret.expose().to_owned()
    }

    fn revoke(&self, secret: &str) {
        run(stored::delete(&self.fake, &self.tokens.borrow()[secret], &())).unwrap();
        self.secrets.borrow_mut().retain(|_, kept| kept != secret);
    }

    fn break_store(&self, broken: bool) {
        self.fake.kv.fail_after(broken.then_some(0));
    }

    fn received(&self) -> Vec<HeaderMap> {
        self.fake.upstream.take_sent().into_iter().map(|sent| sent.headers().clone()).collect()
    }
}

/// An answer with its whole body.
pub(crate) fn read(response: Response<Body>) -> Answer {
    let (head, mut body) = response.into_parts();
    // A tail goes on for an hour.
    let body = match head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/x-ndjson") {
        true => run(body.frame()).unwrap().unwrap().into_data().unwrap(),
        false => run(body.collect()).unwrap().to_bytes(),
    };
    Answer { status: head.status.as_u16(), headers: head.headers, body }
}

#[test]
fn every_row_keeps_its_promises() {
    rows::check(&World::new());
}

#[test]
fn a_backend_that_fails_is_never_the_callers_fault() {
    let world = World::new();
    for route in rows::relayed() {
        for error in [UpstreamError::TimedOut, UpstreamError::Failed("refused".into())] {
            world.fake.upstream.answer(Err(error));
            world.send(&rows::good(&world, &route)).is(503, route.dialect, &route.path);
        }
        for status in [301, 307, 401, 403, 407] {
            let mut answer = Response::new(Body::Empty);
            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            world.fake.upstream.answer(Ok(answer));
            world.send(&rows::good(&world, &route)).is(502, route.dialect, &route.path);
        }
    }
}

#[test]
fn a_fault_is_logged_with_its_cause_and_shown_without() {
    let world = World::new();
    let route = rows::relayed().next().unwrap();
    let request = rows::good(&world, &route);
    world.break_store(true);
    let answer = world.send(&request);
    let [line] = world.fake.logged.take().try_into().unwrap();
    let id = answer.headers["x-request-id"].to_str().unwrap();
    assert!(line.contains("the test says so") && line.contains(id), "{line}");
    assert!(!String::from_utf8_lossy(&answer.body).contains("the test"), "{answer:?}");
}

#[test]
fn a_push_or_query_in_the_steady_state_costs_one_read_of_the_store_and_hardly_a_write() {
    let world = World::new();
    for route in rows::relayed() {
        let request = rows::good(&world, &route);
        let send = |times| {
            world.fake.kv.take_operations();
            for _ in 0..times {
                world.fake.micros.set(world.fake.micros.get() + 10_000);
                world.send(&request);
            }
            world.fake.kv.take_operations()
        };
        // An instance that meets a sender learns what is active, and leases by what it sees. It serves 128 requests.
        world.fake.forget();
        send(28);
        let seen = send(100);
        assert!(seen.reads == 100 && seen.writes * 20 < 100, "{} {seen:?}", route.path);
    }
}

#[test]
fn a_backend_sees_the_path_without_our_prefix_and_the_query_as_it_was_sent() {
    let world = World::new();
    let reads = |route: &rows::Place| !route.function.ends_with("-push") && route.operation != Operation::TailLogs;
    for route in rows::relayed().filter(reads) {
        let mut request = rows::good(&world, &route);
        let path = ["/metrics", "/logs", "/alerts"].iter().find_map(|prefix| {
            request.path.strip_prefix(prefix).filter(|rest| rest.starts_with('/')).map(ToOwned::to_owned)
        });
        // Where nothing precedes a backend's own paths, they are ours.
        let want = path.unwrap_or_else(|| request.path.clone()).replace("/federate", "/prometheus/federate");
        request.path.push_str("?a=%2F&match[]=b+c&a=%5B%5D");
        world.send(&request);
        let sent = world.fake.upstream.take_sent().pop().unwrap();
        assert_eq!(sent.uri().path_and_query().unwrap().as_str(), format!("{want}?a=%2F&match[]=b+c&a=%5B%5D"));
    }
}

#[test]
fn what_a_backend_says_of_its_connection_tenants_and_callers_stays_with_us() {
    let world = World::new();
    let private = [
        "alt-svc",
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-status",
        "set-cookie",
        "spin-full-url",
        "te",
        "trailer",
        "upgrade",
        "www-authenticate",
        "x-prom-label-policy",
        "x-scope-orgid",
    ];
    for route in rows::relayed().filter(|route| route.operation != Operation::TailLogs) {
        let mut answer = Response::new(Body::Empty);
        answer
            .headers_mut()
            .extend(private.map(|name| (HeaderName::from_static(name), HeaderValue::from_static("private"))));
        answer.headers_mut().insert("x-mimir-told", HeaderValue::from_static("all the same"));
        if matches!(route.operation, Operation::SetMetricsRules | Operation::SetLogsRules) {
            world.fake.upstream.answer(Ok(Response::new(Body::from_bytes("{}"))));
        }
        world.fake.upstream.answer(Ok(answer));
        let told = world.send(&rows::good(&world, &route)).headers;
        assert!(told.values().all(|value| value != "private"), "{}: {told:?}", route.path);
        assert!(told.contains_key("x-mimir-told"), "{}", route.path);
    }
}
