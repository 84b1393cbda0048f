//! What a sender is told when its data, or something of ours, is broken.

use super::{
    gateway::{Gateway, with_sandbox},
    payload,
    process::free_port,
};
use crate::{
    messages::{series, snappy, version_2},
    rows::EMPTY_PUSH,
};
use http::Method;
use serde_json::json;
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    thread,
};

fn writer(gateway: &Gateway) -> String {
    gateway.create_token("agent", &["write_metrics", "query_metrics"]).text("secret_key")
}

#[test]
fn malformed_pushes_are_refused_and_go_nowhere() {
    let (gateway, sandbox) = with_sandbox("malformed");
    let secret = writer(&gateway);
    sandbox.received();
    let not_a_request = snap::raw::Encoder::new().compress_vec(b"\x0b\xff").unwrap();
    let version_2 = snap::raw::Encoder::new().compress_vec(b"\x22\x00").unwrap();
    for body in [b"not snappy".as_slice(), b"", &not_a_request, &version_2, b"\xff\xff\xff\xff\x0f"] {
        let answer = gateway.push(&secret, body);
        assert_eq!(answer.status, 400, "{body:?}");
        assert!(answer.body.ends_with(b"\n") && answer.body.len() < 256, "{answer:?}");
    }
    for (name, value) in
        [("content-type", "application/json"), ("content-encoding", "gzip"), ("content-encoding", "zstd")]
    {
        let headers = [("x-token", secret.clone()), (name, value.to_owned())];
        let url = format!("{}/api/v1/push", gateway.url);
        assert_eq!(gateway.client.send(&Method::POST, &url, &headers, EMPTY_PUSH).status, 415, "{value}");
    }
    assert_eq!(sandbox.received().len(), 0);
}

#[test]
fn a_push_is_forwarded_byte_for_byte() {
    let (gateway, sandbox) = with_sandbox("bytes");
    let secret = writer(&gateway);
    sandbox.received();
    let block = payload::one_sample("up");
    let answer = gateway.push(&secret, &block);
    assert_eq!((answer.status, answer.body.len()), (200, 0), "{answer:?}");
    let [received] = sandbox.received().try_into().unwrap();
    assert_eq!(received["body_length"], block.len());
    assert_eq!(received["path"], "/api/v1/push");
}

#[test]
fn a_backends_verdict_on_the_data_reaches_the_sender() {
    let (gateway, sandbox) = with_sandbox("verdict");
    let secret = writer(&gateway);
    for (status, seen) in [(400, 400), (429, 429), (500, 500), (503, 503)] {
        let headers = json!({"Retry-After": "7", "X-Scope-OrgID": "private"});
        sandbox.fail(&json!({"status": status, "body": "out of order\n", "headers": headers, "times": 1}));
        let answer = gateway.push(&secret, EMPTY_PUSH);
        assert_eq!((answer.status, answer.body.as_ref()), (seen, &b"out of order\n"[..]));
        assert_eq!(answer.headers["retry-after"], "7");
        assert!(!answer.headers.contains_key("x-scope-orgid"));
    }
}

#[test]
fn a_broken_backend_is_a_5xx_that_senders_retry() {
    let (gateway, sandbox) = with_sandbox("broken");
    let secret = writer(&gateway);
    for (fault, status) in [
        (json!({"cut": "before_response"}), 503),
        (json!({"status": 401, "body": "no org id"}), 502),
        (json!({"status": 404}), 502),
        (json!({"status": 307, "headers": {"Location": "http://127.0.0.1:1/"}}), 502),
    ] {
        sandbox.fail(&fault);
        let answer = gateway.push(&secret, EMPTY_PUSH);
        assert_eq!(answer.status, status, "{fault}: {answer:?}");
        assert!(answer.headers.contains_key("retry-after"), "{fault}");
    }
    sandbox.mend();
    assert_eq!(gateway.push(&secret, EMPTY_PUSH).status, 200);
}

#[test]
fn a_dead_or_slow_backend_is_a_503() {
    let dead = format!("http://127.0.0.1:{}", free_port());
    let gateway = Gateway::start("dead", &[("mimir_url", &dead)]);
    assert_eq!(gateway.activate().status, 200);
    assert_eq!(gateway.push(&writer(&gateway), EMPTY_PUSH).status, 503);

    let sandbox = super::gateway::Sandbox::start();
    let gateway = Gateway::start("slow", &[("mimir_url", &sandbox.mimir), ("push_timeout", "1")]);
    assert_eq!(gateway.activate().status, 200);
    sandbox.fail(&json!({"delay_ms": 20_000}));
    let answer = gateway.push(&writer(&gateway), EMPTY_PUSH);
    assert_eq!(answer.status, 503, "{answer:?}");
}

#[test]
fn a_body_that_does_not_come_holds_no_place() {
    let sandbox = super::gateway::Sandbox::start();
    let gateway = Gateway::start("late", &[("mimir_url", &sandbox.mimir), ("body_timeout", "1")]);
    assert_eq!(gateway.activate().status, 200);
    let secret = writer(&gateway);
    let begin = |part: &str| {
        let mut stream = TcpStream::connect(gateway.url.trim_start_matches("http://")).unwrap();
        let head = "POST /api/v1/push HTTP/1.1\r\nHost: g\r\nContent-Length: 9\r\n";
        stream.write_all(format!("{head}X-Token: {secret}\r\n\r\n{part}").as_bytes()).unwrap();
        BufReader::new(stream)
    };
    for mut slow in ["", "abc"].map(begin) {
        let mut answer = String::new();
        slow.read_line(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    }
    assert_eq!(gateway.push(&secret, EMPTY_PUSH).status, 200, "the instance goes on");
}

/// The largest requests there can be: of version 1.0, of which every second series is refused, and of version 2.0, whose
/// symbols are as many as can be held. No request costs more memory.
fn hostile() -> [(&'static str, Vec<u8>); 2] {
    const LARGEST: usize = 32 << 20;
    let now = payload::now();
    let pair = [series(&[("__name__", "up")], &[now]), series(&[("a", "")], &[0])].concat();
    let filled = |begun: Vec<u8>, one: &[u8]| [&begun[..], &one.repeat((LARGEST - begun.len()) / one.len())].concat();
    let first = filled(pair.repeat((1 << 17) - 1), &series(&[("__name__", "a")], &[now]));
    let one = |times| version_2(&[], &[1, 2], times);
    let symbols = [&b"\x22\x00\x22\x08__name__\x22\x02up"[..], &b"\x22\x00".repeat((1 << 20) - 3)].concat();
    let second = filled([symbols, one(&[now, 0, now]).repeat((1 << 17) - 1)].concat(), &one(&[now]));
    [("application/x-protobuf", first), ("application/x-protobuf;proto=io.prometheus.write.v2.Request", second)]
}

#[test]
fn the_costliest_pushes_of_metrics_fit_an_instance_side_by_side() {
    let (_, sandbox) = with_sandbox("costly-metrics-sandbox");
    // What is measured is memory, so no rate stands in the way.
    let quotas = ("quotas", "samples_per_second=1000000000 active_series=1000000");
    let gateway = Gateway::start("costly-metrics", &[("mimir_url", &sandbox.mimir), quotas]);
    assert_eq!(gateway.activate().status, 200);
    let secret = writer(&gateway);
    sandbox.fail(&json!({"delay_ms": 1000}));
    for (kind, request) in hostile() {
        let body = snappy(&request);
        let headers = [("x-token", &*secret), ("content-type", kind)].map(|(name, value)| (name, value.to_owned()));
        let url = format!("{}/api/v1/push", gateway.url);
        let send = || gateway.client.clone().attempt(&Method::POST, &url, &headers, &body).map(|answer| answer.status);
        let statuses: Vec<_> = thread::scope(|scope| {
            let sending: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
            sending.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(statuses.contains(&Some(400)), "{kind}: {statuses:?}");
        let known = |status: &Option<u16>| matches!(status, Some(400 | 503));
        assert!(statuses.iter().all(known), "{kind}: an instance broke: {statuses:?}");
    }
}

#[test]
fn a_revoked_token_is_refused_at_once() {
    let (gateway, _sandbox) = with_sandbox("revoked");
    let created = gateway.create_token("agent", &["write_metrics"]);
    let (id, secret) = (created.text("id"), created.text("secret_key"));
    assert_eq!(gateway.push(&secret, EMPTY_PUSH).status, 200);
    let revoke = || gateway.manage(&Method::DELETE, &format!("tokens/{id}"), &serde_json::Value::Null);
    assert_eq!(revoke().status, 204);
    assert_eq!(gateway.push(&secret, EMPTY_PUSH).status, 401);
    assert_eq!(revoke().text("resource"), "token");
}
