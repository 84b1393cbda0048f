//! Every row of the table through the whole pipeline, on test doubles: what a caller without the right
//! credential, method or size is told, and what a failing store and a hostile header do.

use bytes::Bytes;
use cockpit_auth::Secret;
use cockpit_core::{
    Body, Dialect, ProjectId, Route, Scope,
    ports::{Random, UpstreamError},
    routes::{Access, FALLBACK, ROUTES},
};
use cockpit_fake::{Fake, run};
use cockpit_gate::serve;
use cockpit_state::{NewToken, Token, cockpits, tokens as stored};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header::CONTENT_LENGTH};
use http_body_util::BodyExt;
use uuid::Uuid;

const KEY: &str = "3d2c1f3e-6f0a-4a52-9c3e-0d5a3f1b2c4d";
const PROJECT: ProjectId = ProjectId::from_bytes([7; 16]);

/// A gateway with an active Cockpit.
struct World {
    fake: Fake,
}

impl World {
    fn new() -> Self {
        let fake = Fake::new(&[
            ("admin_key", KEY),
            ("grafana_url", "http://grafana:3000"),
            ("mimir_push_path", "/api/v1/push"),
            ("mimir_query_prefix", "/prometheus"),
            ("mimir_url", "http://mimir:9009"),
            ("public_url", "http://gateway:3000"),
            ("push_timeout", "10"),
            ("query_timeout", "120"),
        ]);
        run(cockpits::activate(&fake, PROJECT)).unwrap();
        Self { fake }
    }

    fn token(&self, scopes: &[Scope]) -> (Secret, Token) {
        let secret = Secret::generate(&self.fake);
        let id = Uuid::from_bytes(self.fake.bytes());
        let scopes = scopes.iter().copied().collect();
        let new = NewToken { id, project: PROJECT, name: "t".into(), scopes, secret: secret.hash() };
        let token = run(stored::create(&self.fake, new)).unwrap().unwrap();
        (secret, token)
    }

    /// The headers that a row asks for.
    fn credentials(&self, route: &Route) -> Vec<(&'static str, String)> {
        match route.access {
            Access::Public(_) => vec![],
            Access::Admin => vec![("x-auth-token", KEY.to_owned())],
            Access::AnyToken => vec![("x-token", self.token(&[]).0.expose().to_owned())],
            Access::Holder(scope) => vec![("x-token", self.token(&[scope]).0.expose().to_owned())],
        }
    }

    fn send(&self, function: &str, method: &Method, path: &str, headers: &[(&str, String)], body: Body) -> Answer {
        let mut request = Request::builder().method(method).uri(path).body(body).unwrap();
        for (name, value) in headers {
            let value = HeaderValue::try_from(value).unwrap();
            request.headers_mut().append(HeaderName::try_from(*name).unwrap(), value);
        }
        let fake = &self.fake;
        Answer::of(run(async {
            match function {
                "cockpit" => serve(function, fake, request, cockpit::handler::handle).await,
                "tokens" => serve(function, fake, request, tokens::handler::handle).await,
                "metrics-push" => serve(function, fake, request, metrics_push::handler::handle).await,
                "metrics-query" => serve(function, fake, request, metrics_query::handler::handle).await,
                "status" => serve(function, fake, request, status::handler::handle).await,
                other => panic!("add {other} to this list"),
            }
        }))
    }

    /// A plain request to a row, with these headers and nothing in the body.
    fn plain(&self, route: &Route, headers: &[(&str, String)]) -> Answer {
        self.send(route.function, &route.methods[0], &concrete(route.path), headers, Body::Empty)
    }
}

/// What a caller sees.
struct Answer {
    head: Response<()>,
    body: Bytes,
}

impl Answer {
    fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = run(body.collect()).unwrap().to_bytes();
        Self { head: Response::from_parts(parts, ()), body }
    }

    /// Checks the status, and that the error is in the dialect's shape.
    fn is(&self, status: u16, dialect: Dialect, context: &str) {
        assert_eq!(self.head.status(), status, "{context}: {:?}", self.body);
        assert!(self.head.headers().contains_key("x-request-id"), "{context}");
        let json = || serde_json::from_slice::<serde_json::Value>(&self.body).unwrap_or_else(|_| panic!("{context}"));
        match dialect {
            Dialect::Prometheus => assert_eq!(json()["status"], "error", "{context}"),
            Dialect::Management => assert!(json()["message"].is_string(), "{context}"),
            Dialect::Push | Dialect::Plain => {
                assert!(self.body.len() < 256 && self.body.ends_with(b"\n"), "{context}: {:?}", self.body);
            }
        }
    }
}

/// A path with its parameters filled in.
fn concrete(path: &str) -> String {
    path.replace(":token_id", "00000000-0000-4000-8000-000000000000").replace(":name", "job")
}

fn rows() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter()
}

fn guarded() -> impl Iterator<Item = &'static Route> {
    rows().filter(|route| !matches!(route.access, Access::Public(_)))
}

#[test]
fn no_row_serves_a_stranger() {
    let world = World::new();
    for route in guarded() {
        let credential = if route.access == Access::Admin { "x-auth-token" } else { "x-token" };
        let unknown = Secret::generate(&world.fake).expose().to_owned();
        for headers in [vec![], vec![(credential, "malformed".to_owned())], vec![(credential, unknown)]] {
            let answer = world.plain(route, &headers);
            answer.is(401, route.dialect, route.path);
            let challenge = answer.head.headers().contains_key("www-authenticate");
            assert_eq!(challenge, route.dialect != Dialect::Management, "{}", route.path);
        }
    }
}

#[test]
fn a_revoked_token_is_a_strangers() {
    let world = World::new();
    for route in guarded().filter(|route| route.access != Access::Admin) {
        let (secret, token) = world.token(&Scope::ALL);
        run(stored::delete(&world.fake, &token)).unwrap();
        world.plain(route, &[("x-token", secret.expose().to_owned())]).is(401, route.dialect, route.path);
    }
}

#[test]
fn a_token_with_every_scope_but_the_right_one_is_refused() {
    let world = World::new();
    for route in rows() {
        let Access::Holder(needed) = route.access else { continue };
        let others: Vec<_> = Scope::ALL.into_iter().filter(|scope| *scope != needed).collect();
        let (secret, _) = world.token(&others);
        let answer = world.plain(route, &[("x-token", secret.expose().to_owned())]);
        answer.is(403, route.dialect, route.path);
        assert!(
            answer.body.windows(needed.name().len()).any(|text| text == needed.name().as_bytes()),
            "{}",
            route.path
        );
    }
}

#[test]
fn an_api_key_is_no_token_and_a_token_no_api_key() {
    let world = World::new();
    let (secret, _) = world.token(&Scope::ALL);
    for route in guarded() {
        let wrong = if route.access == Access::Admin { secret.expose() } else { KEY };
        for name in ["x-token", "x-auth-token", "x-scope-orgid"] {
            if (route.access == Access::Admin) == (name == "x-auth-token") || wrong == KEY {
                world.plain(route, &[(name, wrong.to_owned())]).is(401, route.dialect, route.path);
            }
        }
    }
}

#[test]
fn other_methods_are_told_the_right_ones() {
    let world = World::new();
    for path in rows().map(|route| route.path).collect::<std::collections::BTreeSet<_>>() {
        let listed: Vec<_> = rows().filter(|route| route.path == path).flat_map(|route| route.methods).collect();
        let route = rows().find(|route| route.path == path).unwrap();
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS] {
            if listed.contains(&&method) {
                continue;
            }
            let answer = world.send(route.function, &method, &concrete(path), &[], Body::Empty);
            answer.is(405, route.dialect, path);
            let allow = answer.head.headers()["allow"].to_str().unwrap().to_owned();
            assert!(listed.iter().all(|method| allow.contains(method.as_str())), "{path}: {allow}");
        }
    }
}

#[test]
fn a_body_one_byte_too_large_is_refused_whether_or_not_it_says_so() {
    let world = World::new();
    for route in rows() {
        let size = route.limits.body + 1;
        let status = if route.dialect == Dialect::Push { 400 } else { 413 };
        let mut headers = world.credentials(route);
        let reads = route.methods.contains(&Method::POST);
        if reads {
            let body = Body::Full(vec![b' '; size].into());
            let method = &Method::POST;
            let answer = world.send(route.function, method, &concrete(route.path), &headers, body);
            answer.is(status, route.dialect, route.path);
        }
        headers.push((CONTENT_LENGTH.as_str(), size.to_string()));
        world.plain(route, &headers).is(status, route.dialect, route.path);
    }
    assert_eq!(world.fake.upstream.take_sent().len(), 0);
}

#[test]
fn a_failing_store_is_never_the_callers_fault() {
    let world = World::new();
    for route in guarded().chain(rows().filter(|route| route.path == "/-/ready")) {
        let mut headers = world.credentials(route);
        headers.push(("content-type", "application/json".into()));
        if route.dialect == Dialect::Push {
            headers.pop();
        }
        let body = Body::Full(format!(r#"{{"project_id":"{PROJECT}","name":"t"}}"#).into());
        let path = format!("{}?project_id={PROJECT}", concrete(route.path));
        world.fake.kv.fail_after(0);
        let answer = world.send(route.function, &route.methods[0], &path, &headers, body);
        world.fake.kv.fail_after(None);
        answer.is(503, route.dialect, route.path);
        assert!(answer.head.headers().contains_key("retry-after"), "{}", route.path);
        let logged = world.fake.logged.take().join("");
        assert!(logged.contains("the test says so"), "{}: {logged}", route.path);
        assert!(!answer.body.windows(8).any(|text| text == b"the test"), "{}", route.path);
    }
}

fn relayed() -> impl Iterator<Item = &'static Route> {
    guarded().filter(|route| matches!(route.access, Access::Holder(_) | Access::AnyToken))
}

/// A request that its function forwards.
fn forward(world: &World, route: &Route, extra: &[(&str, String)]) -> Answer {
    let mut headers = world.credentials(route);
    headers.extend_from_slice(extra);
    // An empty snappy block is a well-formed remote-write request.
    let body = if route.dialect == Dialect::Push { Body::Full(Bytes::from_static(b"\0")) } else { Body::Empty };
    world.send(route.function, &route.methods[0], &concrete(route.path), &headers, body)
}

#[test]
fn what_callers_say_about_tenants_never_reaches_a_backend() {
    let world = World::new();
    for route in relayed() {
        let hostile = [
            "x-scope-orgid",
            "x-scope-userid",
            "x-prom-label-policy",
            "x-auth-token",
            "cookie",
            "connection",
            "spin-full-url",
            "x-forwarded-for",
            "x-mimir-skiplabelcountvalidation",
            "x-loki-backfill-shard",
            "te",
        ];
        let extra: Vec<_> = hostile.iter().map(|name| (*name, "victim".to_owned())).collect();
        assert_eq!(forward(&world, route, &extra).head.status(), 200, "{}", route.path);
        let [sent] = world.fake.upstream.take_sent().try_into().unwrap();
        let tenants: Vec<_> = sent.headers().get_all("x-scope-orgid").iter().collect();
        assert_eq!(tenants, [PROJECT.to_string().as_str()], "{}", route.path);
        assert!(sent.headers().values().all(|value| value != "victim"), "{}: {:?}", route.path, sent.headers());
        assert!(!format!("{sent:?}").contains("ckp_"), "{}", route.path);
    }
}

#[test]
fn a_backend_that_fails_is_never_the_callers_fault() {
    let world = World::new();
    for route in relayed() {
        for error in [UpstreamError::TimedOut, UpstreamError::Failed("refused".into())] {
            world.fake.upstream.answer(Err(error));
            forward(&world, route, &[]).is(503, route.dialect, route.path);
        }
        for status in [301, 307, 401, 403, 407] {
            let mut answer = Response::new(Body::Empty);
            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            world.fake.upstream.answer(Ok(answer));
            forward(&world, route, &[]).is(502, route.dialect, route.path);
        }
    }
}

#[test]
fn a_push_or_query_costs_one_read_of_the_store_and_no_write() {
    let world = World::new();
    for route in relayed() {
        let headers = world.credentials(route);
        world.fake.kv.take_operations();
        let body = if route.dialect == Dialect::Push { Body::Full(Bytes::from_static(b"\0")) } else { Body::Empty };
        world.send(route.function, &route.methods[0], &concrete(route.path), &headers, body);
        let seen = world.fake.kv.take_operations();
        assert_eq!((seen.reads, seen.writes), (1, 0), "{}", route.path);
    }
}

#[test]
fn path_parameters_cannot_leave_their_segment() {
    let world = World::new();
    for route in rows().filter(|route| route.path.contains(':')) {
        for segment in ["..", "%2e%2e", "%252e%252e", "a%2fb", "a%5Cb", "%00", "%zz"] {
            let path: Vec<_> =
                route.path.split('/').map(|part| if part.starts_with(':') { segment } else { part }).collect();
            let headers = world.credentials(route);
            let answer = world.send(route.function, &route.methods[0], &path.join("/"), &headers, Body::Empty);
            answer.is(400, route.dialect, &path.join("/"));
        }
    }
}

#[test]
fn unlisted_paths_are_refused_in_the_words_of_their_neighbours() {
    let world = World::new();
    for (path, dialect) in [
        ("/cockpit/v1beta1/nothing", Dialect::Management),
        ("/metrics/prometheus/api/v1/nothing", Dialect::Prometheus),
        ("/metrics/api/v1/push/api/v1/push", Dialect::Push),
        ("/", Dialect::Plain),
    ] {
        world.send(FALLBACK, &Method::POST, path, &[], Body::Empty).is(404, dialect, path);
    }
}

#[test]
fn every_operation_is_served_by_its_function() {
    let world = World::new();
    for route in rows() {
        let answer = forward(&world, route, &[]);
        assert_ne!(answer.head.status(), 503, "{} {:?}", route.path, world.fake.logged.take());
    }
}
