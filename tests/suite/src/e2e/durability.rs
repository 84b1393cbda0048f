//! What was acknowledged is kept: through restarts, kills and crowds.

use super::{
    gateway::{Gateway, with_sandbox},
    payload,
};
use crate::rows::{EMPTY_PUSH, KEY, PROJECT};
use http::Method;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};

#[test]
fn a_cockpit_lives_from_activation_to_deactivation() {
    let (gateway, _sandbox) = with_sandbox("life");
    let body = json!({"project_id": PROJECT});
    let shown = gateway.manage(&Method::GET, &format!("cockpit?project_id={PROJECT}"), &Value::Null);
    assert_eq!((shown.status, shown.text("status").as_str()), (200, "ready"));
    let endpoints = &shown.json()["endpoints"];
    for name in ["metrics_url", "logs_url", "traces_url", "alertmanager_url", "grafana_url"] {
        assert!(
            endpoints[name].as_str().is_some_and(|url| url.starts_with("http") && !url.ends_with('/')),
            "{endpoints}"
        );
    }
    assert_eq!(gateway.activate().text("type"), "already_exists");

    let secret = gateway.create_token("agent", &["write_metrics"]).text("secret_key");
    assert_eq!(gateway.push(&secret, EMPTY_PUSH).status, 200);
    assert_eq!(gateway.manage(&Method::POST, "deactivate", &body).text("status"), "deleting");
    assert_eq!(gateway.push(&secret, EMPTY_PUSH).status, 401);
    let gone = gateway.manage(&Method::POST, "deactivate", &body);
    assert_eq!((gone.status, gone.text("resource_id").as_str()), (404, PROJECT));
    assert_eq!(gateway.create_token("late", &[]).status, 404);
    assert_eq!(gateway.activate().status, 200);
    assert_eq!(gateway.token_ids(), Vec::<String>::new());
}

#[test]
fn a_secret_is_shown_once_and_everything_survives_a_restart() {
    let (mut gateway, _sandbox) = with_sandbox("restart");
    let created = gateway.create_token("agent", &["write_metrics"]);
    let (id, secret) = (created.text("id"), created.text("secret_key"));
    gateway.restart();
    let shown = gateway.manage(&Method::GET, &format!("tokens/{id}"), &Value::Null).json();
    assert_eq!(shown["secret_key"], Value::Null);
    assert_eq!(shown["scopes"]["write_metrics"], true);
    assert_eq!(gateway.token_ids(), [id]);
    assert_eq!(gateway.push(&secret, EMPTY_PUSH).status, 200);
}

#[test]
fn pages_are_parts_of_the_list() {
    let (gateway, _sandbox) = with_sandbox("pages");
    for name in ["b", "c", "a"] {
        gateway.create_token(name, &[]);
    }
    let names = |query: &str| -> Vec<String> {
        let path = format!("tokens?project_id={PROJECT}&{query}");
        let list = gateway.manage(&Method::GET, &path, &Value::Null).json();
        assert_eq!(list["total_count"], 3);
        list["tokens"].as_array().unwrap().iter().map(|token| token["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("page=1&page_size=2&order_by=name_asc"), ["a", "b"]);
    assert_eq!(names("page=2&page_size=2&order_by=name_asc"), ["c"]);
    assert_eq!(names("page=3&page_size=2"), Vec::<String>::new());
    assert_eq!(names("order_by=created_at_desc"), ["a", "c", "b"]);
}

/// How and where each kind of entity is created and listed, what one is made of, and where its list stands.
type Kept = (Method, &'static str, fn(usize) -> Value, &'static str);

/// How many are created at once: fewer than there may be of anything.
const CROWD: usize = 16;

const COLLECTIONS: &[Kept] = &[
    (
        Method::POST,
        "cockpit/v1beta1/tokens",
        |number| json!({"name": number.to_string(), "scopes": {"query_metrics": true}}),
        "tokens",
    ),
    (
        Method::POST,
        "cockpit/v1beta1/datasources",
        |number| json!({"name": number.to_string(), "type": "logs"}),
        "datasources",
    ),
    (
        Method::POST,
        "cockpit/v1beta1/contact-points",
        |number| json!({"contact_point": {"email": {"to": format!("{number}@example.org")}}}),
        "contact_points",
    ),
    (
        Method::POST,
        "cockpit/v1beta1/grafana-users",
        |number| json!({"login": format!("u{number}"), "role": "viewer"}),
        "grafana_users",
    ),
    (
        Method::PUT,
        "cockpit/v1beta1/budgets",
        |number| json!({"selector": format!("{{team=\"{number}\"}}"), "active_series": 1}),
        "budgets",
    ),
    (Method::POST, "iam/v1alpha1/api-keys", |_| json!({"project_ids": [PROJECT]}), "api_keys"),
];

#[test]
fn concurrent_creations_are_all_kept() {
    let (gateway, _sandbox) = with_sandbox("crowd");
    for (method, path, fields, list) in COLLECTIONS {
        let url = format!("{}/{path}", gateway.url);
        let headers = [("x-auth-token", KEY.to_owned())];
        let created: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..CROWD)
                .map(|number| {
                    let mut body = fields(number);
                    body["project_id"] = PROJECT.into();
                    let (gateway, url, headers) = (&gateway, &url, &headers);
                    scope.spawn(move || gateway.client.send(method, url, headers, body.to_string().as_bytes()))
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(created.iter().all(|answer| answer.status == 200), "{path}: {created:?}");
        let page = format!("{url}?project_id={PROJECT}&page_size=1000");
        let listed = gateway.client.send(&Method::GET, &page, &headers, b"").json()[*list].clone();
        let kept: BTreeSet<_> = listed.as_array().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(kept.len(), CROWD, "{path}: {listed}");
        for secret in created.iter().filter(|_| *list == "tokens").map(|answer| answer.text("secret_key")) {
            assert_eq!(gateway.push(&secret, EMPTY_PUSH).status, 403, "it lives, and may not push");
        }
    }
}

#[test]
fn concurrent_pushes_all_arrive() {
    let (gateway, sandbox) = with_sandbox("pushes");
    let secret = gateway.create_token("agent", &["write_metrics", "query_metrics"]).text("secret_key");
    sandbox.received();
    thread::scope(|scope| {
        for number in 0..200 {
            let (gateway, secret) = (&gateway, &secret);
            let body = payload::one_sample(&format!("push_{number}"));
            scope.spawn(move || assert_eq!(gateway.push(secret, &body).status, 200));
        }
    });
    assert_eq!(sandbox.received().len(), 200);
    assert_eq!(gateway.query(&secret, "%7B__name__=~%22push_.*%22%7D").len(), 200);
}

#[test]
fn a_kill_during_creations_loses_no_token_that_was_acknowledged() {
    let (mut gateway, _sandbox) = with_sandbox("kill");
    let acknowledged: Vec<_> = (0..3).flat_map(|round| create_until_killed(&mut gateway, round)).collect();
    assert!(acknowledged.len() > 10, "{} creations before the kills", acknowledged.len());
    let listed: BTreeSet<_> = gateway.token_ids().into_iter().collect();
    for (id, secret) in acknowledged {
        assert!(listed.contains(&id), "{id} is lost");
        assert_eq!(gateway.push(&secret, EMPTY_PUSH).status, 200, "{id} is dead");
    }
}

/// Creates tokens from four threads until the gateway is killed in their midst; returns those acknowledged.
fn create_until_killed(gateway: &mut Gateway, round: usize) -> Vec<(String, String)> {
    let killed = AtomicBool::new(false);
    let acknowledged = thread::scope(|scope| {
        let creators: Vec<_> = (0..4)
            .map(|number| {
                scope.spawn({
                    let (gateway, killed) = (&*gateway, &killed);
                    move || create_while_up(gateway, killed, &format!("round-{round}-{number}"))
                })
            })
            .collect();
        super::process::eventually("a creation to be under way", || {
            (gateway.token_ids().len() > 8 * (round + 1)).then_some(())
        });
        gateway.kill();
        killed.store(true, Relaxed);
        creators.into_iter().flat_map(|creator| creator.join().unwrap()).collect()
    });
    gateway.start_again();
    acknowledged
}

fn create_while_up(gateway: &Gateway, killed: &AtomicBool, name: &str) -> Vec<(String, String)> {
    let url = format!("{}/cockpit/v1beta1/tokens", gateway.url);
    let body = json!({"project_id": PROJECT, "name": name, "scopes": {"write_metrics": true}}).to_string();
    let headers = [("x-auth-token", crate::rows::KEY.to_owned())];
    let mut acknowledged = Vec::new();
    while !killed.load(Relaxed) {
        let Some(answer) = gateway.client.attempt(&Method::POST, &url, &headers, body.as_bytes()) else { break };
        assert_eq!(answer.status, 200, "{answer:?}");
        acknowledged.push((answer.text("id"), answer.text("secret_key")));
    }
    acknowledged
}
