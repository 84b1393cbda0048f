//! How much may be sent: what was chosen through the management API, held against what is then pushed.

mod activations;

use crate::{
    flow::World,
    messages::{NOW_MILLIS, series, snappy},
    rows::{Answer, KEY, PROJECT, Sent, Target},
};
use cockpit_core::{Body, Scope};
use cockpit_fake::Sent as Received;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

/// A call of the management API.
fn manage(world: &World, function: &str, method: &Method, path: &str, body: &Value) -> Answer {
    let path = format!("/cockpit/v1beta1/{path}");
    let headers = vec![("x-auth-token", KEY.to_owned())];
    let body = if body.is_null() { vec![] } else { body.to_string().into() };
    world.send(&Sent { function, method, path, headers, body })
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"))
}

/// Sets a budget.
fn budget(world: &World, selector: &str, active_series: Option<u64>, active_streams: Option<u64>) -> Answer {
    let body = json!({"project_id": PROJECT, "selector": selector, "active_series": active_series,
        "active_streams": active_streams});
    manage(world, "budgets", &Method::PUT, "budgets", &body)
}

/// Creates a token with these limits, and returns its secret.
fn limited(world: &World, limits: &Value) -> String {
    let scopes = json!({"write_metrics": true, "write_logs": true, "query_metrics": true});
    let body = json!({"project_id": PROJECT, "name": "limited", "scopes": scopes, "limits": limits});
    let created = manage(world, "tokens", &Method::POST, "tokens", &body);
    json_of(&created)["secret_key"].as_str().unwrap_or_else(|| panic!("{created:?}")).to_owned()
}

fn push_metrics(world: &World, secret: &str, path: &str, request: &[u8]) -> Answer {
    let (headers, body) = (vec![("x-token", secret.to_owned())], snappy(request));
    world.send(&Sent { function: "metrics-push", method: &Method::POST, path: path.into(), headers, body })
}

/// Pushes one sample of each of these series of a team.
fn push_team(world: &World, team: &str, names: &[&str]) -> Answer {
    let millis = world.fake.micros.get() / 1_000;
    let request: Vec<_> =
        names.iter().flat_map(|name| series(&[("__name__", name), ("team", team)], &[millis])).collect();
    push_metrics(world, &world.token(&[Scope::WriteMetrics]), "/api/v1/push", &request)
}

/// Pushes an entry of each of these streams.
fn push_streams(world: &World, secret: &str, streams: &[Value]) -> Answer {
    let values = json!([[(i128::from(world.fake.micros.get()) * 1_000).to_string(), "line"]]);
    let streams: Vec<_> = streams.iter().map(|stream| json!({"stream": stream, "values": values})).collect();
    let headers = vec![("x-token", secret.to_owned()), ("content-type", "application/json".to_owned())];
    let (method, path) = (&Method::POST, "/loki/api/v1/push".to_owned());
    let body = json!({"streams": streams}).to_string().into();
    world.send(&Sent { function: "logs-push", method, path, headers, body })
}

fn text(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(text.len() < 256 && text.matches('\n').count() <= 1, "{text}");
    text
}

#[test]
fn a_budget_is_set_listed_kept_and_removed() {
    let world = World::new();
    assert_eq!(budget(&world, r#"{team="a"}"#, Some(2), None).status, 200);
    world.fake.pass(1);
    let set = budget(&world, r#"{ team='a', env="prod" }"#, Some(1), Some(7));
    assert_eq!(json_of(&set), json!({"selector": r#"{env="prod",team="a"}"#, "active_series": 1, "active_streams": 7}));
    let list =
        || json_of(&manage(&world, "budgets", &Method::GET, &format!("budgets?project_id={PROJECT}"), &Value::Null));
    assert_eq!((&list()["total_count"], &list()["budgets"][0]["selector"]), (&2.into(), &r#"{team="a"}"#.into()));

    let cut = push_team(&world, "a", &["up", "down", "around"]);
    assert_eq!(cut.status, 400);
    assert_eq!(
        text(&cut),
        "2 of 3 samples stored; 1 max-series-per-budget: a budget's limit of active series is reached, and this series \
         is new: the budget {team=\"a\"} has 2 of 2: around\n"
    );
    assert_eq!(push_team(&world, "b", &["up", "down", "around"]).status, 200, "others have room");

    let one = format!("budgets?project_id={PROJECT}&selector=%7Bteam%3D%22a%22%7D");
    assert_eq!(manage(&world, "budgets", &Method::DELETE, &one, &Value::Null).status, 204);
    assert_eq!(manage(&world, "budgets", &Method::DELETE, &one, &Value::Null).status, 404);
    assert_eq!(list()["total_count"], 1);
    world.fake.pass(20);
    push_team(&world, "a", &["up"]);
    assert_eq!(push_team(&world, "a", &["up", "down", "around"]).status, 200, "soon nothing limits it");
}

#[test]
fn a_project_has_so_many_budgets_and_what_is_no_selector_is_named() {
    let world = World::new();
    for number in 0..20 {
        assert_eq!(budget(&world, &format!("{{team=\"{number}\"}}"), Some(1), None).status, 200);
    }
    let full = budget(&world, r#"{team="more"}"#, Some(1), None);
    assert_eq!((full.status, &json_of(&full)["type"]), (403, &"quotas_exceeded".into()));
    let wrong = budget(&world, r#"{team=~"a"}"#, Some(1), None);
    assert_eq!((wrong.status, &json_of(&wrong)["details"][0]["argument_name"]), (400, &"selector".into()), "{wrong:?}");
}

#[test]
fn streams_over_a_budget_are_429_and_the_answer_says_whose_limit_it_is() {
    let world = World::new();
    budget(&world, r#"{team="a"}"#, None, Some(1));
    let token = world.token(&[Scope::WriteLogs]);
    let stream = |team: &str, app: &str| json!({"team": team, "app": app});
    assert_eq!(push_streams(&world, &token, &[stream("a", "one"), stream("b", "one")]).status, 200);
    let cut = push_streams(&world, &token, &[stream("a", "two"), stream("b", "two")]);
    assert_eq!(cut.status, 429, "nothing is wrong with them");
    let line = text(&cut);
    assert!(line.starts_with("1 of 2 log entries stored; 1 stream_limit_per_budget: "), "{line}");
    assert!(line.ends_with("the budget {team=\"a\"} has 1 of 1: {app=\"two\", team=\"a\"}\n"), "{line}");
    assert_eq!((&cut.headers["ratelimit-limit"], &cut.headers["ratelimit-remaining"]), (&1.into(), &0.into()));
    assert!(cut.headers.contains_key("retry-after") && !cut.headers.contains_key("ratelimit-policy"));
    assert_eq!(push_streams(&world, &token, &[stream("b", "two")]).status, 200, "the rest was stored");
}

#[test]
fn a_tokens_limit_holds_for_that_token_and_in_every_protocol() {
    let world = World::new();
    let secret = limited(&world, &json!({"metrics_requests_per_second": 1, "logs_requests_per_second": 1}));
    let request = series(&[("__name__", "up")], &[NOW_MILLIS]);
    for _ in 0..20 {
        assert_eq!(push_metrics(&world, &secret, "/api/v1/push", &request).status, 200);
    }
    let refused = push_metrics(&world, &secret, "/api/v1/push", &request);
    assert_eq!(refused.status, 429);
    assert!(text(&refused).starts_with("the token's limit of 20 pushes in 20 s is reached: 20 are taken, retry in "));
    assert_eq!(refused.headers["ratelimit-policy"], "20;w=20");
    let other = world.token(&[Scope::WriteMetrics]);
    assert_eq!(push_metrics(&world, &other, "/api/v1/push", &request).status, 200);
    for _ in 0..10 {
        assert_eq!(push_streams(&world, &secret, &[json!({"a": "b"})]).status, 200);
    }
    assert!(text(&push_streams(&world, &secret, &[json!({"a": "b"})])).starts_with("the token's limit of 10 pushes"));
    let headers = vec![("x-token", secret), ("content-type", "application/x-protobuf".to_owned())];
    let body = b"\x0a\x08\x12\x06\x12\x04\x2a\x02\x0a\x00".to_vec();
    let path = "/otlp/v1/metrics".to_owned();
    let otlp = world.send(&Sent { function: "metrics-push", method: &Method::POST, path, headers, body });
    assert_eq!(otlp.status, 429);
}

#[test]
fn explain_shows_the_limits_of_the_token_and_of_budgets() {
    let world = World::new();
    budget(&world, r#"{team="a"}"#, Some(50), None);
    push_team(&world, "a", &["up", "down"]);
    let secret = limited(&world, &json!({"samples_per_second": 5}));
    let request = series(&[("__name__", "up")], &[NOW_MILLIS]);
    let told = json_of(&push_metrics(&world, &secret, "/api/v1/push?explain=true", &request));
    let usage = told["usage"].as_array().unwrap();
    assert_eq!(usage[0], json!({"owner": "token", "what": "samples", "used": 0, "limit": 100, "window_seconds": 20}));
    assert_eq!(usage[1]["owner"], "cockpit");
    assert_eq!(usage[4], json!({"owner": "budget {team=\"a\"}", "what": "active series", "used": 2, "limit": 50}));
}

#[test]
fn what_a_plan_allows_and_the_operator_changes_is_what_holds() {
    let world = World::with(&[("quotas", "active_series=2")]);
    manage(&world, "plans", &Method::POST, "select-plan", &json!({"project_id": PROJECT, "plan_id": "premium"}));
    let cut = push_team(&world, "a", &["up", "down", "around"]);
    assert!(text(&cut).contains("1 max-series-per-user: "), "{cut:?}");
    assert!(text(&cut).ends_with("the cockpit has 2 of 2: around\n"), "{cut:?}");
}

#[test]
fn samples_are_too_old_once_the_plan_no_longer_keeps_them() {
    const DAY: i64 = 86_400_000;
    for (limits, plan, days, wanted) in [
        ("", "free", 32, 400),
        ("", "premium", 32, 200),
        ("", "premium", 366, 400),
        ("retention=864000", "premium", 11, 400),
    ] {
        let world = World::with(&[("metrics_limits", limits)]);
        manage(&world, "plans", &Method::POST, "select-plan", &json!({"project_id": PROJECT, "plan_id": plan}));
        let (old, secret) =
            (series(&[("__name__", "up")], &[NOW_MILLIS - days * DAY]), world.token(&[Scope::WriteMetrics]));
        let pushed = push_metrics(&world, &secret, "/api/v1/push", &old);
        assert_eq!(pushed.status, wanted, "{plan}, {days} days: {pushed:?}");
        let explained = push_metrics(&world, &secret, "/api/v1/push?explain=true", &old);
        assert_eq!(json_of(&explained)["stored"], u8::from(wanted == 200), "{plan}, {days} days");
    }
}

/// Pushes once in ten seconds for so many; tells what the metrics backend was sent besides those pushes.
fn push_for(world: &World, seconds: i64, push: impl Fn()) -> Vec<Received> {
    world.fake.upstream.take_sent();
    (0..seconds / 10).for_each(|_| {
        push();
        world.fake.pass(10);
    });
    let told = |sent: &Received| {
        let body = snap::raw::Decoder::new().decompress_vec(sent.body()).unwrap_or_default();
        String::from_utf8_lossy(&body).contains("cockpit_pushes_total")
    };
    world.fake.upstream.take_sent().into_iter().filter(told).collect()
}

#[test]
fn usage_is_written_into_the_tenants_metrics_if_the_operator_wants_it() {
    let logs = |world: &World| drop(push_streams(world, &world.token(&[Scope::WriteLogs]), &[json!({"a": "b"})]));
    let metrics = |world: &World| assert_eq!(push_team(world, "a", &["up"]).status, 200);
    for (wanted, count) in [("on", 5..=7), ("off", 0..=0), ("", 0..=0)] {
        let world = World::with(&[("usage_in_mimir", wanted)]);
        for told in [push_for(&world, 1_200, || metrics(&world)), push_for(&world, 1_200, || logs(&world))] {
            assert!(count.contains(&told.len()), "{wanted}: {}", told.len());
            for sent in told {
                assert_eq!(sent.uri(), "http://mimir:9009/api/v1/push");
                assert_eq!(
                    (&sent.headers()["x-scope-orgid"], &sent.headers()["content-encoding"]),
                    (&PROJECT.parse().unwrap(), &"snappy".parse().unwrap())
                );
            }
        }
    }
}

#[test]
fn a_backend_that_refuses_usage_fails_no_push_and_is_told_to_the_operator() {
    let world = World::with(&[("usage_in_mimir", "on")]);
    let told = push_for(&world, 600, || {
        for status in [200, 400] {
            let mut answer = Response::new(Body::Empty);
            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            world.fake.upstream.answer(Ok(answer));
        }
        assert_eq!(push_team(&world, "a", &["up"]).status, 200);
        world.fake.upstream.forget_answers();
    });
    assert!(!told.is_empty());
    let logged = world.fake.logged.take();
    assert_eq!(logged.len(), told.len());
    assert!(logged[0].contains("the usage of a tenant is not in the metrics backend: it answered 400"), "{logged:?}");
}

fn scrape(world: &World, header: (&'static str, &str), query: &str) -> (u16, String) {
    let (path, headers) = (format!("/-/metrics{query}"), vec![(header.0, header.1.to_owned())]);
    let answer = world.send(&Sent { function: "self-metrics", method: &Method::GET, path, headers, body: vec![] });
    (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
}

#[test]
fn usage_is_shown_to_a_scraper_of_one_project_or_of_all() {
    let world = World::new();
    push_team(&world, "a", &["up", "down"]);
    let token = world.token(&[Scope::QueryMetrics]);
    let (status, own) = scrape(&world, ("authorization", &format!("Bearer {token}")), "");
    let line = format!("cockpit_ingested_samples_total{{project_id=\"{PROJECT}\"}} 2\n");
    assert!(status == 200 && own.contains(&line), "{own}");
    assert!(own.contains("# TYPE cockpit_ingested_samples_total counter\n") && !own.contains("cockpit_senders"));
    assert!(own.contains(&format!("cockpit_limit{{project_id=\"{PROJECT}\",limit=\"active_streams\"}} 5000\n")));
    for header in [("x-auth-token", KEY), ("authorization", &format!("Bearer {KEY}"))] {
        let (status, all) = scrape(&world, header, "");
        assert!(status == 200 && all.contains(&line) && all.contains("cockpit_senders 1\n"), "{all}");
        assert!(scrape(&world, header, &format!("?project_id={PROJECT}")).1.contains(&line));
        assert!(!scrape(&world, header, "?page=2").1.contains("cockpit_pushes_total"));
    }
    let other = "?project_id=08080808-0808-0808-0808-080808080808";
    assert_eq!(scrape(&world, ("x-token", &token), other).0, 404);
    manage(&world, "cockpit", &Method::POST, "deactivate", &json!({"project_id": PROJECT}));
    assert!(!scrape(&world, ("x-auth-token", KEY), "").1.contains("cockpit_pushes_total"), "it is no more");
}

#[test]
fn an_api_key_sees_its_own_project() {
    let world = World::new();
    push_team(&world, "a", &["up"]);
    let key = crate::management::key(&world, PROJECT, "read_only");
    assert!(scrape(&world, ("x-auth-token", &key), "").1.contains("cockpit_ingested_samples_total"));
    let stranger = crate::management::key(&world, "08080808-0808-0808-0808-080808080808", "full");
    assert_eq!(scrape(&world, ("x-auth-token", &stranger), &format!("?project_id={PROJECT}")).0, 404);
}

#[test]
fn people_are_shown_what_their_project_uses() {
    let world = World::with(&[("quotas", "active_series=2 samples_per_second=120")]);
    push_team(&world, "a", &["up", "down", "around"]);
    budget(&world, r#"{team="a"}"#, Some(50), None);
    world.fake.pass(60);
    let page = |header: (&'static str, &str), query: &str| {
        let (path, headers) = (format!("/console/usage{query}"), vec![(header.0, header.1.to_owned())]);
        let answer = world.send(&Sent { function: "console", method: &Method::GET, path, headers, body: vec![] });
        (answer.status, String::from_utf8_lossy(&answer.body).into_owned(), answer.headers)
    };
    let token = world.token(&[Scope::QueryMetrics]);
    let (status, own, headers) = page(("x-token", &token), "");
    assert_eq!((status, &headers["cache-control"]), (200, &"no-store".parse().unwrap()), "{own}");
    for part in [PROJECT, "plan free", "too_many_active</code> 1", "{team=&quot;a&quot;}", "<td>3</td>"] {
        assert!(own.contains(part), "{part}: {own}");
    }
    assert!(own.contains("<code>active_series</code></th><td>0</td><td>2</td>"), "it is not collected yet: {own}");
    assert_eq!(page(("x-token", &token), "?project_id=08080808-0808-0808-0808-080808080808").0, 404);
    assert_eq!(page(("x-auth-token", KEY), "").0, 400, "the operator has no project");
    assert_eq!(page(("x-auth-token", KEY), &format!("?project_id={PROJECT}")).1, own);
    assert_eq!(page(("x-token", &world.token(&[Scope::QueryLogs])), "").0, 403);
}
