//! The checks themselves.

use super::{KEY, PROJECT, Sent, Target, filled, good, good_by, guarded, is_managed, places, relayed};
use crate::management;
use cockpit_auth::Secret;
use cockpit_core::{
    Dialect, Scope,
    routes::{Access, FALLBACK},
};
use cockpit_fake::Fake;
use http::Method;
use std::collections::BTreeSet;

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
    nothing_a_caller_must_not_say_reaches_a_backend(target);
    administration_is_out_of_reach(target);
    path_parameters_cannot_leave_their_segment(target);
    unlisted_paths_are_refused_in_the_words_of_their_neighbours(target);
    every_row_is_served(target);
    management::check(target);
}

fn strangers_are_refused(target: &impl Target) {
    let invented = Secret::generate(&Fake::new(&[])).expose().to_owned();
    for route in guarded() {
        let name = if is_managed(&route) { "x-auth-token" } else { "x-token" };
        for headers in [vec![], vec![(name, "malformed".to_owned())], vec![(name, invented.clone())]] {
            let answer = target.send(&Sent::bare(&route).with(headers));
            answer.is(401, route.dialect, &route.path);
            let challenge = answer.headers.contains_key("www-authenticate");
            assert_eq!(challenge, route.dialect != Dialect::Management, "{}", route.path);
        }
    }
}

fn revoked_tokens_are_refused(target: &impl Target) {
    for route in guarded().filter(|route| !is_managed(route)) {
        let secret = target.token(&Scope::ALL);
        target.revoke(&secret);
        target.send(&Sent::bare(&route).with([("x-token", secret)])).is(401, route.dialect, &route.path);
    }
}

fn tokens_without_the_scope_are_refused(target: &impl Target) {
    for route in places() {
        let (Access::Holder(needed) | Access::Observer(needed)) = route.access else { continue };
        let others: Vec<_> = Scope::ALL.into_iter().filter(|scope| *scope != needed).collect();
        let answer = target.send(&Sent::bare(&route).with([("x-token", target.token(&others))]));
        answer.is(403, route.dialect, &route.path);
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
            target.send(&Sent::bare(&route).with([header])).is(401, route.dialect, &route.path);
        }
    }
}

fn other_methods_are_told_the_right_ones(target: &impl Target) {
    for path in places().map(|route| route.path).collect::<BTreeSet<_>>() {
        let rows: Vec<_> = places().filter(|route| route.path == path && route.host().is_empty()).collect();
        let listed: Vec<_> = rows.iter().flat_map(|route| route.methods).collect();
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            if listed.contains(&&method) {
                continue;
            }
            let answer = target.send(&Sent { method: &method, ..Sent::bare(&rows[0]) });
            answer.is(405, rows[0].dialect, &path);
            let allow = answer.headers["allow"].to_str().unwrap();
            assert!(listed.iter().all(|method| allow.contains(method.as_str())), "{path}: {allow}");
        }
    }
}

fn bodies_one_byte_too_large_are_refused(target: &impl Target) {
    // At which of its paths makes no difference to a row's limits, and takes megabytes.
    for route in places().filter(|route| route.path == *route.paths().last().unwrap()) {
        let status = if route.dialect == Dialect::Push { 400 } else { 413 };
        let body = vec![b' '; route.limits.body + 1];
        for method in route.methods.iter().filter(|method| **method != Method::GET) {
            let request = Sent { body: body.clone(), ..good_by(target, &route, method) };
            target.send(&request).is(status, route.dialect, &route.path);
        }
    }
}

fn a_failing_store_is_never_the_callers_fault(target: &impl Target) {
    let key = management::key(target, PROJECT, "full");
    for route in guarded().chain(places().filter(|route| route.path == "/-/ready")) {
        let request = match route.access {
            // The operator's own key is not looked up, and the plans are known.
            Access::Manager(_) => management::request(&route, vec![("x-auth-token", key.clone())]),
            _ => good(target, &route),
        };
        target.break_store(true);
        let answer = target.send(&request);
        target.break_store(false);
        answer.is(503, route.dialect, &route.path);
        assert!(answer.headers.contains_key("retry-after"), "{}", route.path);
    }
}

/// What no backend may hear of a caller: credentials, tenants, policies, switches, and what belongs to a connection.
const HOSTILE: &[&str] = &[
    "connection",
    "cookie",
    "forwarded",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "referer",
    "spin-client-addr",
    "spin-full-url",
    "spin-path-info",
    "te",
    "trailer",
    "via",
    "x-auth-token",
    "x-cortex-tenant",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-uri",
    "x-loki-actor-path",
    "x-loki-backfill-shard",
    "x-loki-disable-pipeline-wrappers",
    "x-loki-query-limits",
    "x-mimir-ruler-override-namespace-protection",
    "x-mimir-skiplabelcountvalidation",
    "x-mimir-skiplabelnamevalidation",
    "x-original-uri",
    "x-prom-label-policy",
    "x-scope-orgid",
    "x-scope-userid",
    "x-webauth-user",
];

fn nothing_a_caller_must_not_say_reaches_a_backend(target: &impl Target) {
    for route in relayed() {
        for method in route.methods {
            target.received();
            let hostile = HOSTILE.iter().map(|name| (*name, "victim".to_owned()));
            target.send(&good_by(target, &route, method).with(hostile));
            let received = target.received();
            assert!(!received.is_empty(), "{method} {}", route.path);
            for sent in received {
                let tenants: Vec<_> = sent.get_all("x-scope-orgid").iter().collect();
                assert_eq!(tenants, [PROJECT], "{method} {}", route.path);
                assert!(sent.values().all(|value| value != "victim"), "{method} {}: {sent:?}", route.path);
                assert!(!format!("{sent:?}").contains("ckp_"), "{method} {}", route.path);
            }
        }
    }
}

/// Paths that backends serve to whoever asks, or that would change what they keep.
fn administration_is_out_of_reach(target: &impl Target) {
    let secret = target.token(&Scope::ALL);
    target.received();
    for prefix in ["", "/metrics", "/logs", "/alerts", "/alerts/alertmanager", "/metrics/prometheus"] {
        for path in [
            "/-/reload",
            "/-/quit",
            "/api/v1/admin/tsdb/delete_series",
            "/api/v1/upload/block/x/start",
            "/api/v1/user_limits",
            "/compactor/delete_tenant",
            "/config",
            "/debug/pprof/heap",
            "/distributor/ring",
            "/flush",
            "/ingester/shutdown",
            "/loki/api/v1/delete",
            "/memberlist",
            "/metrics",
            "/multitenant_alertmanager/configs",
            "/runtime_config",
            "/services",
        ] {
            let (function, path) = (FALLBACK, format!("{prefix}{path}"));
            let headers = vec![("x-token", secret.clone())];
            let request = Sent { function, method: &Method::POST, path, headers, body: vec![] };
            assert_eq!(target.send(&request).status, 404, "{}", request.path);
        }
    }
    assert!(target.received().is_empty());
}

fn path_parameters_cannot_leave_their_segment(target: &impl Target) {
    for route in places().filter(|route| route.path.contains(':')) {
        // Mimir's rules only: Loki would take the slash for the end of the namespace, and delete another group.
        let slashes = route.path.contains("/prometheus/config/v1/rules/");
        for segment in ["..", "%2e%2e", "%252e%252e", "a%2fb", "a%252Fb", "a%2f..", "a%5Cb", "%00", "%zz"] {
            if slashes && matches!(segment, "a%2fb" | "a%252Fb") {
                continue;
            }
            let path = filled(&route.path, segment);
            let request = Sent { path: path.clone(), ..good(target, &route) };
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
        ("/alerts/alertmanager/api/v1/alerts", Dialect::Alertmanager),
        ("/logs/loki/api/v1/nothing", Dialect::Plain),
        ("/", Dialect::Plain),
    ] {
        let request =
            Sent { function: FALLBACK, method: &Method::POST, path: path.into(), headers: vec![], body: vec![] };
        target.send(&request).is(404, dialect, path);
    }
}

fn every_row_is_served(target: &impl Target) {
    for route in places() {
        for method in route.methods {
            let answer = target.send(&good_by(target, &route, method));
            assert!(answer.status < 500, "{method} {}: {answer:?}", route.path);
        }
    }
}
