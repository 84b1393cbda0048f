//! Logs over HTTP: what is pushed is read back, and nobody's broken connection is anybody else's trouble.
//!
//! What is read back is asked of the sandbox, and of the Loki that `COCKPIT_TEST_LOKI_URL` names, if it is set; that one
//! must have `auth_enabled`.

use super::{
    client::headers_of,
    gateway::{self, Gateway, Sandbox, with_sandbox},
    process::eventually,
};
use crate::{
    messages::{snappy, varint},
    rows::{Answer, PROJECT},
};
use flate2::{Compression, write::GzEncoder};
use http::Method;
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

fn writer(gateway: &Gateway) -> String {
    gateway.create_token("agent", &["write_logs"]).text("secret_key")
}

/// Pushes JSON.
pub(crate) fn push(gateway: &Gateway, secret: &str, body: &Value) -> Answer {
    let headers = [("authorization", format!("Bearer {secret}")), ("content-type", "application/json".to_owned())];
    let url = format!("{}/logs/loki/api/v1/push", gateway.url);
    gateway.client.send(&Method::POST, &url, &headers, body.to_string().as_bytes())
}

/// How long it has been since 1970.
pub(crate) fn now() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "the gateway under test lives now")]
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

/// A push of these lines, as old as the seconds beside them.
pub(crate) fn lines(app: &str, lines: &[(&str, u64)]) -> Value {
    let now = now().as_secs();
    let values: Vec<_> = lines.iter().map(|(line, age)| json!([format!("{}000000000", now - age), line])).collect();
    json!({"streams": [{"stream": {"app": app}, "values": values}]})
}

/// Pushes through a gateway before this Loki, and asks the Loki itself what it holds.
fn keeps_all_but_what_is_refused(name: &str, loki: &str) {
    // Past the harness, which keeps what tests that pass print to itself.
    writeln!(std::io::stderr(), "logs are written to {name}").unwrap();
    let gateway = Gateway::start("logs", &[("loki_url", loki)]);
    assert_eq!(gateway.activate().status, 200);
    let secret = writer(&gateway);
    // A Loki that stays remembers the runs before.
    let app = format!("read-back-{}", now().as_nanos());
    let answer = push(&gateway, &secret, &lines(&app, &[("one", 2), ("two", 1)]));
    assert_eq!((answer.status, answer.body.len()), (204, 0), "{name}: {answer:?}");
    let answer = push(&gateway, &secret, &lines(&app, &[("ancient", 32 * 86400), ("three", 0)]));
    assert_eq!(answer.status, 400, "{name}");
    assert!(answer.body.starts_with(b"1 of 2 log entries stored; 1 greater_than_max_sample_age: "), "{answer:?}");
    let kept = |tenant| gateway::lines(&gateway.client, loki, tenant, "app", &app);
    eventually(name, || (kept(PROJECT) == ["three", "two", "one"]).then_some(()));
    assert_eq!(kept("somebody-else").len(), 0, "{name} must keep tenants apart: auth_enabled");
}

#[test]
fn what_is_pushed_is_read_back_but_for_what_is_refused() {
    let sandbox = Sandbox::start();
    keeps_all_but_what_is_refused("the sandbox", &sandbox.loki.url);
    if let Some(url) = named() {
        keeps_all_but_what_is_refused("the Loki of COCKPIT_TEST_LOKI_URL", &url);
    }
}

/// A Loki that the environment names.
#[expect(clippy::disallowed_methods, reason = "the environment names a backend for tests only")]
pub(crate) fn named() -> Option<String> {
    std::env::var("COCKPIT_TEST_LOKI_URL").ok()
}

#[test]
fn a_sender_that_stops_in_the_midst_costs_nothing_but_its_connection() {
    let (gateway, sandbox) = with_sandbox("stalled");
    let secret = writer(&gateway);
    let head = format!(
        "POST /loki/api/v1/push HTTP/1.1\r\nHost: gateway\r\nX-Token: {secret}\r\nContent-Type: application/json\r\n\
         Content-Length: 1000000\r\n\r\n{{\"streams\":["
    );
    let stalled: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(gateway.url.trim_start_matches("http://")).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    assert_eq!(push(&gateway, &secret, &lines("b", &[("beside them", 1)])).status, 204);
    drop(stalled);
    assert_eq!(push(&gateway, &secret, &lines("b", &[("after them", 0)])).status, 204);
    assert_eq!(sandbox.loki.lines(PROJECT, "app", "b").len(), 2);
    assert_eq!(sandbox.loki.received().iter().filter(|request| request["path"] == "/loki/api/v1/push").count(), 2);
}

#[test]
fn a_stranger_that_stops_in_the_midst_is_turned_away_all_the_same() {
    let (gateway, _sandbox) = with_sandbox("stalled-stranger");
    let head = "POST /loki/api/v1/push HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nConnection: close\r\n";
    let answer = raw(&gateway, &format!("{head}Content-Length: 1000000\r\n\r\n{{"));
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

/// The largest pushes there can be, of which every second entry is refused: no request costs more memory.
fn hostile() -> [(&'static str, &'static str, Vec<u8>); 2] {
    let now = now().as_secs();
    const PAIRS: usize = 49_000;
    let pairs = format!("[],[\"{now}000000000\"],").repeat(PAIRS);
    let stream = format!("{{\"values\":[{}]}},", pairs.trim_end_matches(','));
    let text = stream.repeat((12 << 20) / stream.len() - 1);
    let text = format!("{{\"streams\":[{}]}}", text.trim_end_matches(','));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();

    let pair = [&b"\x12\x00\x12\x08\x0a\x06\x08"[..], &varint(now)].concat();
    let entries = pair.repeat(PAIRS);
    let stream = [&b"\x0a"[..], &varint(entries.len() as u64), &entries].concat();
    let message = stream.repeat((12 << 20) / stream.len());
    let block = snappy(&message);
    [("application/json", "gzip", encoder.finish().unwrap()), ("application/x-protobuf", "snappy", block)]
}

#[test]
fn the_costliest_pushes_there_can_be_fit_an_instance_side_by_side() {
    let (_, sandbox) = with_sandbox("costly-sandbox");
    // What is measured is memory, so no rate stands in the way.
    let quotas = ("quotas", "log_bytes_per_second=1000000000");
    let gateway = Gateway::start("costly", &[("loki_url", &sandbox.loki.url), quotas]);
    assert_eq!(gateway.activate().status, 200);
    let secret = writer(&gateway);
    sandbox.loki.fail(&json!({"delay_ms": 1000}));
    for (kind, coding, body) in hostile() {
        let headers = [("x-token", &*secret), ("content-type", kind), ("content-encoding", coding)];
        let headers = headers.map(|(name, value)| (name, value.to_owned()));
        let url = format!("{}/loki/api/v1/push", gateway.url);
        let send = || gateway.client.clone().send(&Method::POST, &url, &headers, &body).status;
        let statuses: Vec<_> = thread::scope(|scope| {
            let sending: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
            sending.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(statuses.contains(&400), "{kind}: {statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 400 | 503)), "{kind}: an instance broke: {statuses:?}");
        let pushed = sandbox.loki.received().iter().filter(|request| request["path"] == "/loki/api/v1/push").count();
        assert_eq!(pushed, 0, "{kind}: what is refused whole goes nowhere");
    }
}

/// Sends bytes as they are, and returns all that is answered until the connection is closed.
fn raw(gateway: &Gateway, request: &str) -> String {
    let mut stream = TcpStream::connect(gateway.url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn bodies_in_chunks_and_bodies_that_wait_for_leave_are_taken() {
    let (gateway, sandbox) = with_sandbox("chunked");
    let secret = writer(&gateway);
    let body = lines("d", &[("in chunks", 0)]).to_string();
    let (first, second) = body.split_at(10);
    let head = format!(
        "POST /loki/api/v1/push HTTP/1.1\r\nHost: g\r\nX-Scope-Orgid: {secret}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    );
    let chunk = |part: &str| format!("{:x}\r\n{part}\r\n", part.len());
    let chunks = format!("Transfer-Encoding: chunked\r\n\r\n{}{}0\r\n\r\n", chunk(first), chunk(second));
    assert!(raw(&gateway, &format!("{head}{chunks}")).starts_with("HTTP/1.1 204 "));
    let waiting = format!("Expect: 100-continue\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    assert!(raw(&gateway, &format!("{head}{waiting}")).contains("HTTP/1.1 204 "));
    assert_eq!(sandbox.loki.lines(PROJECT, "app", "d").len(), 2);
    for request in sandbox.loki.received().iter().filter(|request| request["path"] == "/loki/api/v1/push") {
        let headers = headers_of(&request["headers"]);
        assert_eq!(headers["content-length"], body.len().to_string(), "old Lokis fail without a length");
    }
}

#[test]
fn paths_beside_the_listed_ones_do_not_exist() {
    let (gateway, sandbox) = with_sandbox("paths");
    let secret = writer(&gateway);
    for path in
        ["/api/prom/push", "/loki/api/v1/push/", "//loki/api/v1/push", "/loki/api/v1/push/loki/api/v1/push", "/flush"]
    {
        let url = format!("{}{path}", gateway.url);
        let answer = gateway.client.send(&Method::POST, &url, &[("x-token", secret.clone())], b"{}");
        assert_eq!(answer.status, 404, "{path}");
    }
    assert_eq!(sandbox.loki.received().len(), 0);
}

#[test]
fn a_slow_backend_is_cut_with_503() {
    let (fast, sandbox) = with_sandbox("slow-logs-sandbox");
    drop(fast);
    let gateway = Gateway::start("slow-logs", &[("loki_url", &sandbox.loki.url), ("push_timeout", "1")]);
    assert_eq!(gateway.activate().status, 200);
    let secret = writer(&gateway);
    sandbox.loki.fail(&json!({"delay_ms": 20_000}));
    let answer = push(&gateway, &secret, &lines("c", &[("late", 0)]));
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.headers.contains_key("retry-after"));
    sandbox.loki.mend();
    assert_eq!(push(&gateway, &secret, &lines("c", &[("late", 0)])).status, 204);
}
