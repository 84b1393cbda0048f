//! Rules and Alertmanager's configuration over HTTP: what is stored is read back, what is wrong goes nowhere.
//!
//! Rules are also stored in the Mimir and the Loki that the environment names, if it does.

use super::{
    gateway::{Gateway, with_sandbox},
    logs, prometheus,
};
use crate::rows::Answer;
use http::Method;
use std::io::Write;

fn send(gateway: &Gateway, secret: &str, method: &Method, path: &str, body: &str) -> Answer {
    // What curl says of any body.
    let headers = [("x-token", secret.to_owned()), ("content-type", "application/x-www-form-urlencoded".to_owned())];
    gateway.client.send(method, &format!("{}{path}", gateway.url), &headers, body.as_bytes())
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// A group of rules that Mimir and Loki both understand.
fn group(name: &str, rules: usize) -> String {
    let rules: Vec<_> = (0..rules).map(|number| format!("  - record: r{number}\n    expr: vector(1)\n")).collect();
    format!("name: {name}\nrules:\n{}", rules.concat())
}

/// Where each signal has its rules.
const RULERS: [(&str, &str); 4] = [
    ("/metrics/prometheus/config/v1/rules", "metrics"),
    ("/prometheus/config/v1/rules", "metrics"),
    ("/logs/loki/api/v1/rules", "logs"),
    ("/logs/api/prom/rules", "logs"),
];

/// Stores, lists, shows and deletes a group of rules through a gateway.
fn keeps_a_group(gateway: &Gateway, path: &str, signal: &str) {
    let create = |scope: &str| gateway.create_token("rules", &[scope]).text("secret_key");
    let (reader, writer) = (create(&format!("query_{signal}")), create(&format!("setup_{signal}_rules")));
    let of = |secret: &str, method: &Method, below: &str, body: &str| {
        send(gateway, secret, method, &format!("{path}{below}"), body)
    };
    assert_eq!(of(&reader, &Method::POST, "/node", &group("a", 1)).status, 403);
    assert_eq!(of(&writer, &Method::GET, "", "").status, 403);
    let stored = of(&writer, &Method::POST, "/node", &group("a", 20));
    assert_eq!((stored.status, stored.text("status").as_str()), (202, "success"), "{path}");
    assert!(text(&of(&reader, &Method::GET, "", "")).contains("name: a"), "{path}");
    assert!(text(&of(&reader, &Method::GET, "/node/a", "")).starts_with("name: a\n"), "{path}");
    assert_eq!(of(&writer, &Method::DELETE, "/node/a", "").status, 202, "{path}");
    assert_eq!(of(&reader, &Method::GET, "/node/a", "").status, 404, "{path}");
}

#[test]
fn groups_are_stored_listed_and_deleted_by_whoever_may() {
    let (gateway, _sandbox) = with_sandbox("rules");
    for (path, signal) in RULERS {
        keeps_a_group(&gateway, path, signal);
    }
    for (variable, signal, url) in
        [("mimir_url", "metrics", prometheus::named_url()), ("loki_url", "logs", logs::named())]
    {
        let Some(url) = url else { continue };
        let gateway = Gateway::start("rules-named", &[(variable, &url)]);
        assert_eq!(gateway.activate().status, 200);
        for (path, _) in RULERS.iter().filter(|(_, kind)| *kind == signal) {
            writeln!(std::io::stderr(), "rules are stored at {path} of {url}").unwrap();
            keeps_a_group(&gateway, path, signal);
        }
    }
}

#[test]
fn what_is_wrong_with_an_upload_is_named_with_its_line_and_goes_nowhere() {
    let (gateway, sandbox) = with_sandbox("rules-wrong");
    let secret =
        gateway.create_token("rules", &["setup_metrics_rules", "setup_logs_rules", "setup_alerts"]).text("secret_key");
    sandbox.received();
    for (path, _) in RULERS {
        for (body, want) in [
            (group("a", 21), "line 43: the group has 21 rules, the most is 20\n"),
            (group("a", 2).replace("expr", "exp"), "line 4: the rule has the unknown field exp; known are "),
            ("name: a\nrules: [".to_owned(), "line 3: "),
            (String::new(), "line 1: there is nothing in it\n"),
        ] {
            let answer = send(&gateway, &secret, &Method::POST, &format!("{path}/node"), &body);
            assert_eq!(answer.status, 400, "{path}: {answer:?}");
            assert!(text(&answer).starts_with(want), "{path}: {}", text(&answer));
        }
    }
    let answer = send(&gateway, &secret, &Method::POST, "/alerts/api/v1/alerts", "alertmanager_config: |\n  rout:\n");
    assert_eq!(answer.status, 400);
    assert!(text(&answer).contains("in line 1 of alertmanager_config: "), "{}", text(&answer));
    assert!(sandbox.received().is_empty());
}

#[test]
fn a_project_has_as_many_groups_as_its_plan_and_may_replace_them() {
    let (_, sandbox) = with_sandbox("rules-sandbox");
    let variables = [&sandbox.variables()[..], &[("rule_groups", "2")]].concat();
    let gateway = Gateway::start("rules-limit", &variables);
    assert_eq!(gateway.activate().status, 200);
    let secret = gateway.create_token("rules", &["setup_metrics_rules", "setup_logs_rules"]).text("secret_key");
    for (path, _) in [RULERS[0], RULERS[2]] {
        let store = |namespace: &str, name: &str| {
            send(&gateway, &secret, &Method::POST, &format!("{path}/{namespace}"), &group(name, 1))
        };
        assert_eq!((store("a", "x").status, store("b%20c", "y").status), (202, 202), "{path}");
        let full = store("a", "z");
        assert_eq!((full.status, text(&full).contains("2 groups")), (400, true), "{path}: {full:?}");
        assert_eq!(store("b%20c", "y").status, 202, "{path}");
        // What the backend does not say is not the caller's fault.
        let ruler = if path.contains("loki") { &sandbox.loki } else { &sandbox.metrics() };
        ruler.fail(&serde_json::json!({"status": 500, "times": 1}));
        assert_eq!(store("a", "x").status, 502, "{path}");
        ruler.fail(&serde_json::json!({"status": 200, "body": "<html>", "times": 1}));
        assert_eq!(store("a", "x").status, 502, "{path}");
    }
}

#[test]
fn a_slash_in_a_namespace_reaches_mimir_as_it_was_sent_and_never_loki() {
    let (gateway, sandbox) = with_sandbox("rules-slash");
    let secret = gateway.create_token("rules", &["setup_metrics_rules", "setup_logs_rules"]).text("secret_key");
    for namespace in ["a%2Fb", "a%2fb", "%2Fetc%2Frules%20x"] {
        sandbox.received();
        let path = format!("/prometheus/config/v1/rules/{namespace}");
        assert_eq!(send(&gateway, &secret, &Method::POST, &format!("/metrics{path}"), &group("g", 1)).status, 202);
        let received = sandbox.received();
        let stored = received.last().unwrap();
        assert_eq!(stored["path"], path);
        assert!(stored["headers"].to_string().contains(r#"["content-type","application/yaml"]"#), "{stored}");
        assert_eq!(send(&gateway, &secret, &Method::DELETE, &format!("{path}/g?x=%2F"), "").status, 202);
        let received = sandbox.received();
        let deleted = received.last().unwrap();
        assert_eq!((&deleted["path"], &deleted["query"]), (&format!("{path}/g").into(), &"x=%2F".into()));
        for ruler in ["/loki/api/v1/rules", "/api/prom/rules"] {
            assert_eq!(send(&gateway, &secret, &Method::DELETE, &format!("{ruler}/{namespace}"), "").status, 400);
        }
        assert!(sandbox.received().is_empty());
    }
}

#[test]
fn an_alertmanager_configuration_is_stored_shown_and_deleted() {
    let (gateway, _sandbox) = with_sandbox("alertmanager-config");
    let secret = gateway.create_token("alerts", &["setup_alerts"]).text("secret_key");
    let configuration = "alertmanager_config: |\n  route:\n    receiver: a\n  receivers:\n    - name: a\n";
    for path in ["/alerts/api/v1/alerts", "/api/v1/alerts"] {
        assert_eq!(send(&gateway, &secret, &Method::GET, path, "").status, 404);
        assert_eq!(send(&gateway, &secret, &Method::POST, path, configuration).status, 201);
        assert_eq!(text(&send(&gateway, &secret, &Method::GET, path, "")), configuration);
        assert_eq!(send(&gateway, &secret, &Method::DELETE, path, "").status, 200);
    }
}
