//! Logs as they arrive: as events, as lines of JSON, and over a WebSocket that the local runtime carries; of the sandbox,
//! and of the Loki that `COCKPIT_TEST_LOKI_URL` names, if it is set.

use super::{
    gateway::{Gateway, Sandbox, StandIn, with_sandbox},
    logs,
    process::eventually,
    websocket::{self, lines},
};
use crate::rows::PROJECT;
use http::{Method, Request};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use ureq::BodyReader;

const QUERY: &str = "query=%7Bapp%3D%22tail%22%7D";

fn follower(gateway: &Gateway) -> String {
    gateway.create_token("agent", &["write_logs", "query_logs"]).text("secret_key")
}

fn push(gateway: &Gateway, secret: &str, line: &str, age: u64) {
    assert_eq!(logs::push(gateway, secret, &logs::lines("tail", &[(line, age)])).status, 204);
}

/// A tail over plain HTTP.
struct Tail(BufReader<BodyReader<'static>>);

impl Tail {
    fn open(gateway: &Gateway, secret: &str, query: &str, headers: &[(&str, &str)]) -> Self {
        Self::open_at(gateway, secret, &format!("/logs/loki/api/v1/tail?{QUERY}{query}"), headers)
    }

    fn open_at(gateway: &Gateway, secret: &str, path: &str, headers: &[(&str, &str)]) -> Self {
        let url = format!("{}{path}", gateway.url);
        let mut request = Request::builder().method(Method::GET).uri(url).header("x-token", secret);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = ureq::Agent::new_with_defaults().run(request.body(()).unwrap()).unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self(BufReader::new(response.into_body().into_reader()))
    }

    /// The next line that says something.
    fn line(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            match self.0.read_line(&mut line) {
                Ok(1..) if matches!(line.trim(), "" | ":") => {}
                Ok(1..) => return Some(line.trim().to_owned()),
                _ => return None,
            }
        }
    }

    /// The lines of log of the next frame.
    fn frame(&mut self) -> Vec<String> {
        lines(&serde_json::from_str(&self.line().expect("the tail goes on")).unwrap())
    }
}

/// Follows a Loki as a stream and over a WebSocket at once.
fn follows(name: &str, loki: &str) {
    writeln!(std::io::stderr(), "logs are followed at {name}").unwrap();
    let gateway = Gateway::start("tail-loki", &[("loki_url", loki)]);
    assert_eq!(gateway.activate().status, 200);
    let secret = follower(&gateway);
    // A Loki that stays remembers the runs before.
    let app = format!("followed-{}", logs::now().as_nanos());
    let push = |line| assert_eq!(logs::push(&gateway, &secret, &logs::lines(&app, &[(line, 0)])).status, 204);
    let path = format!("/logs/loki/api/v1/tail?query=%7Bapp%3D%22{app}%22%7D");
    let url = format!("{}{path}", gateway.url);
    let mut carried = websocket::open(&url, &[("x-token", &secret)]).unwrap();
    let mut streamed = Tail::open_at(&gateway, &secret, &path, &[]);
    for line in ["one", "two"] {
        push(line);
        assert_eq!((carried.lines(), streamed.frame()), (vec![line.to_owned()], vec![line.to_owned()]), "{name}");
    }
}

#[test]
fn a_loki_is_followed_as_a_stream_and_over_a_websocket() {
    let sandbox = Sandbox::start();
    follows("the sandbox", &sandbox.loki.url);
    if let Some(url) = logs::named() {
        follows("the Loki of COCKPIT_TEST_LOKI_URL", &url);
    }
}

#[test]
fn lines_of_json_show_the_past_and_then_what_comes_each_once() {
    let (gateway, _sandbox) = with_sandbox("tail-lines");
    let secret = follower(&gateway);
    for (line, age) in [("three", 30), ("two", 20), ("one", 10)] {
        push(&gateway, &secret, line, age);
    }
    let mut tail = Tail::open(&gateway, &secret, "&limit=2", &[]);
    assert_eq!(tail.frame(), ["two", "one"]);
    push(&gateway, &secret, "now", 0);
    assert_eq!(tail.frame(), ["now"]);
    push(&gateway, &secret, "late", 3);
    assert_eq!(tail.frame(), ["late"]);
}

#[test]
fn events_go_on_where_the_last_one_ended() {
    let (gateway, _sandbox) = with_sandbox("tail-events");
    let secret = follower(&gateway);
    let events = ("accept", "text/event-stream");
    let mut tail = Tail::open(&gateway, &secret, "", &[events]);
    push(&gateway, &secret, "first", 9);
    let id = tail.line().unwrap();
    let data = tail.line().unwrap();
    assert_eq!(lines(&serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap()), ["first"]);
    drop(tail);
    push(&gateway, &secret, "meanwhile", 2);
    let id = id.strip_prefix("id: ").unwrap();
    let mut tail = Tail::open(&gateway, &secret, "", &[events, ("last-event-id", id)]);
    assert!(tail.line().unwrap().starts_with("id: "));
    assert!(tail.line().unwrap().contains("meanwhile"));
    let since: u64 = id.parse().unwrap();
    assert_eq!(Tail::open(&gateway, &secret, &format!("&start={}", since + 1), &[]).frame(), ["meanwhile"]);
}

#[test]
fn a_tail_ends_with_its_token_and_survives_a_failure() {
    let (gateway, sandbox) = with_sandbox("tail-token");
    let created = gateway.create_token("agent", &["write_logs", "query_logs"]);
    let (id, secret) = (created.text("id"), created.text("secret_key"));
    push(&gateway, &secret, "before", 1);
    let mut tail = Tail::open(&gateway, &secret, "", &[]);
    assert_eq!(tail.frame(), ["before"]);
    sandbox.loki.fail(&json!({"status": 503, "times": 2, "path_prefix": "/loki/api/v1/query_range"}));
    push(&gateway, &secret, "after", 0);
    assert_eq!(tail.frame(), ["after"]);
    gateway.manage(&Method::DELETE, &format!("tokens/{id}"), &Value::Null);
    assert_eq!(tail.line(), None);
}

#[test]
fn nonsense_is_refused_before_the_tail_begins() {
    let (gateway, sandbox) = with_sandbox("tail-nonsense");
    let secret = follower(&gateway);
    let get = |query: &str| {
        let url = format!("{}/loki/api/v1/tail?{query}", gateway.url);
        gateway.client.send(&Method::GET, &url, &[("x-token", secret.clone())], b"").status
    };
    for query in ["", "query=%7B&limit=0", "query=rate(%7B%7D)", &format!("{QUERY}&delay_for=6")] {
        assert_eq!(get(query), 400, "{query}");
    }
    sandbox.loki.fail(&json!({"status": 503}));
    assert_eq!(get(QUERY), 503);
}

#[test]
fn a_tail_that_nobody_reads_asks_no_more() {
    let (gateway, sandbox) = with_sandbox("tail-left");
    let secret = follower(&gateway);
    let mut tail = Tail::open(&gateway, &secret, "", &[]);
    tail.0.read_exact(&mut [0]).unwrap();
    let polls = || questions(&sandbox.loki);
    eventually("questions to be asked", || (polls() > 0).then_some(()));
    drop(tail);
    eventually("questions to end", || {
        polls();
        std::thread::sleep(std::time::Duration::from_secs(3));
        (polls() == 0).then_some(())
    });
}

/// How often a Loki has been asked since the last call.
fn questions(loki: &StandIn) -> usize {
    loki.received().iter().filter(|request| request["path"] == "/loki/api/v1/query_range").count()
}

#[test]
fn the_local_runtime_carries_websockets_for_whoever_may_read() {
    let (gateway, sandbox) = with_sandbox("tail-websocket");
    let secret = follower(&gateway);
    push(&gateway, &secret, "before", 1);
    sandbox.loki.received();
    let bearer = format!("Bearer {secret}");
    for path in ["/logs/loki/api/v1/tail", "/loki/api/v1/tail"] {
        let url = format!("{}{path}?{QUERY}", gateway.url);
        let mut tail = websocket::open(&url, &[("authorization", &bearer), ("x-scope-orgid", "victim")]).unwrap();
        assert_eq!(tail.lines()[0], "before", "{path}");
        push(&gateway, &secret, path, 0);
        assert_eq!(tail.lines(), [path]);
        let writer = gateway.create_token("writer", &["write_logs"]).text("secret_key");
        for (headers, status) in [
            (vec![], 401),
            (vec![("x-token", "ckp_wrong")], 401),
            (vec![("x-token", &*writer)], 403),
            (vec![("x-token", &*writer), ("x-original-uri", "/ready")], 403),
            (vec![("x-token", &*secret), ("x-forwarded-uri", "/ready")], 403),
        ] {
            assert_eq!(websocket::open(&url, &headers).unwrap_err(), status, "{headers:?}");
        }
    }
    let tails: Vec<_> =
        sandbox.loki.received().into_iter().filter(|request| request["path"] == "/loki/api/v1/tail").collect();
    assert_eq!(tails.len(), 2);
    for tail in tails {
        assert_eq!(tail["tenant"], PROJECT);
        let headers = tail["headers"].to_string();
        assert!(!headers.contains("ckp_") && !headers.contains("victim"), "{headers}");
    }
}

#[test]
fn a_websocket_that_reaches_a_function_is_told_where_to_go() {
    let (gateway, _sandbox) = with_sandbox("tail-upgrade");
    let secret = follower(&gateway);
    // Without the connection header, the runtime has nothing to carry.
    let headers = [("x-token", secret), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==".to_owned())];
    let url = format!("{}/loki/api/v1/tail?{QUERY}", gateway.url);
    let answer = gateway.client.send(&Method::GET, &url, &headers, b"");
    assert_eq!(answer.status, 501);
    assert!(String::from_utf8_lossy(&answer.body).contains("docs/read.md"), "{answer:?}");
}
