//! What proxies are told that ask for their callers: the same as the callers would be, or 403.

use crate::{
    flow::World,
    management,
    rows::{Answer, PROJECT, Sent, Target},
};
use cockpit_core::Scope;
use http::Method;

const TAIL: &str = "/logs/loki/api/v1/tail?query=%7B%7D";

/// Asks at a path below `/-/authorize`, with these headers and this body.
fn ask(world: &World, method: &Method, below: &str, headers: &[(&'static str, &str)], body: &str) -> Answer {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let path = format!("/-/authorize{below}");
    world.send(&Sent { function: "authorize", method, path, headers, body: body.into() })
}

/// A question: its method, the path below ours, its headers and its body.
type Question<'q> = (Method, &'q str, Vec<(&'static str, &'q str)>, String);

/// What each kind of proxy sends about a request: nginx, Traefik, Envoy, db-auth-gateway.
fn ways<'w>(method: &'w str, uri: &'w str) -> [Question<'w>; 4] {
    let path = uri.split('?').next().unwrap();
    let question = format!(r#"{{"path":"{path}","method":"{method}","requiredScope":"logs:read"}}"#);
    [
        (Method::GET, "", vec![("x-original-method", method), ("x-original-uri", uri)], String::new()),
        (
            Method::GET,
            "",
            vec![("x-forwarded-method", method), ("x-forwarded-uri", uri), ("x-forwarded-host", "gateway")],
            String::new(),
        ),
        (Method::try_from(method).unwrap(), uri, vec![], String::new()),
        (Method::POST, "", vec![("content-type", "application/json")], question),
    ]
}

#[test]
fn each_kind_of_proxy_is_told_the_tenant_of_whoever_may() {
    let world = World::new();
    let secret = world.token(&[Scope::QueryLogs, Scope::SetupMetricsRules]);
    let other = world.token(&[Scope::WriteLogs]);
    for (method, uri, allowed) in [
        ("GET", TAIL, true),
        ("POST", "/loki/api/v1/query", true),
        ("DELETE", "/metrics/prometheus/config/v1/rules/a%2Fb", true),
        ("GET", "/metrics/prometheus/config/v1/rules/a%2Fb", false),
        ("GET", "/metrics/prometheus/api/v1/query", false),
        ("DELETE", TAIL, false),
        ("GET", "/logs/loki/api/v1/rules/a%2Fb", false),
        ("GET", "/loki/api/v1/rules/%2e%2e", false),
        ("GET", "/loki/api/v1/nothing", false),
        ("GET", "/-/healthy", false),
        ("GET", "/-/authorize", false),
        ("GET", "/cockpit/v1beta1/cockpit", false),
    ] {
        for (by, below, headers, body) in ways(method, uri) {
            let told = |secret: &str| ask(&world, &by, below, &[&headers[..], &[("x-token", secret)]].concat(), &body);
            let answer = told(&secret);
            assert_eq!(answer.status, if allowed { 200 } else { 403 }, "{by} {method} {uri}: {answer:?}");
            assert_eq!(answer.headers.get("x-scope-orgid").is_some_and(|tenant| tenant == PROJECT), allowed);
            assert_eq!(told(&other).status, 403, "{method} {uri}");
            let stranger = ask(&world, &by, below, &headers, &body).status;
            assert!(stranger == 401 || (!allowed && stranger == 403), "{method} {uri}: {stranger}");
        }
    }
}

#[test]
fn a_proxy_is_told_the_label_policy_of_a_token_if_the_backend_enforces_it() {
    for (loki, mimir) in [("true", "false"), ("false", "true")] {
        let world = World::with(&[("loki_enforces_policies", loki), ("mimir_enforces_policies", mimir)]);
        let (limited, open) = (management::limited(&world), world.token(&Scope::ALL));
        for (uri, enforced) in [(TAIL, loki), ("/metrics/prometheus/api/v1/query", mimir)] {
            for (by, below, headers, body) in ways("GET", uri) {
                let told =
                    |secret: &str| ask(&world, &by, below, &[&headers[..], &[("x-token", secret)]].concat(), &body);
                let answer = told(&limited);
                let policy = answer.headers.get("x-prom-label-policy").map(|policy| policy.to_str().unwrap());
                let want = format!("{PROJECT}:%7Bteam%3D%22a%22%7D");
                match enforced {
                    "true" => assert_eq!((answer.status, policy), (200, Some(&*want)), "{uri}"),
                    _ => assert_eq!((answer.status, policy), (403, None), "{uri}"),
                }
                assert!(!told(&open).headers.contains_key("x-prom-label-policy"), "{uri}");
            }
        }
        let rules = [("x-original-method", "GET"), ("x-original-uri", "/metrics/prometheus/api/v1/rules")];
        let headers = [&rules[..], &[("x-token", &*limited)]].concat();
        assert_eq!(ask(&world, &Method::GET, "", &headers, "").status, 403, "rules know no policy");
    }
}

#[test]
fn a_question_that_a_caller_could_have_changed_is_refused() {
    let world = World::new();
    let secret = world.token(&[Scope::QueryLogs]);
    let refused = |method: &Method, below: &str, headers: &[(&'static str, &str)], body: &str| {
        let headers = [headers, &[("x-token", &secret)]].concat();
        let answer = ask(&world, method, below, &headers, body);
        assert_eq!(answer.status, 403, "{method} {below} {headers:?} {body}");
    };
    let all = ways("GET", TAIL);
    for (first, (method, below, headers, body)) in all.iter().enumerate() {
        for (second, (_, other, more, _)) in all.iter().enumerate() {
            // A body is read only where nothing else is asked.
            if first != second && second != 3 && first != 3 {
                let below = if below.is_empty() { other } else { below };
                refused(method, below, &[&headers[..], more].concat(), body);
            }
        }
    }
    for headers in [
        &[][..],
        &[("x-original-uri", TAIL)],
        &[("x-original-method", "GET")],
        &[("x-original-uri", TAIL), ("x-original-uri", TAIL), ("x-original-method", "GET")],
        &[("x-original-uri", TAIL), ("x-original-method", "GET"), ("x-original-method", "GET")],
        &[("x-forwarded-uri", TAIL), ("x-forwarded-method", "GET")],
    ] {
        refused(&Method::GET, "", headers, "");
    }
    for body in ["", "{}", r#"{"path":"/loki/api/v1/labels"}"#, "[]"] {
        refused(&Method::POST, "", &[("content-type", "application/json")], body);
    }
    refused(&Method::POST, "", &[], r#"{"path":"/loki/api/v1/labels","method":"GET"}"#);
}

#[test]
fn a_host_that_begins_with_logs_is_asked_about_as_such() {
    let world = World::new();
    let secret = world.token(&[Scope::QueryLogs]);
    for (host, header, status) in [
        ("logs.example", "host", 200),
        ("Logs.example:443", "host", 200),
        ("metrics.example", "host", 403),
        ("logs.example", "x-forwarded-host", 403),
    ] {
        let headers = [("x-token", &*secret), (header, host)];
        let nginx = [("x-original-method", "GET"), ("x-original-uri", "/prometheus/api/v1/rules")];
        assert_eq!(ask(&world, &Method::GET, "", &[&headers[..], &nginx].concat(), "").status, status, "{host}");
    }
}

#[test]
fn a_failing_store_is_no_refusal() {
    let world = World::new();
    let secret = world.token(&[Scope::QueryLogs]);
    world.break_store(true);
    for (method, below, headers, body) in ways("GET", TAIL) {
        assert_eq!(ask(&world, &method, below, &[&headers[..], &[("x-token", &secret)]].concat(), &body).status, 503);
    }
}
