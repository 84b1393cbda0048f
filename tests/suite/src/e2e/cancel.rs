//! Whoever leaves costs nothing more: what was asked of a backend for them is broken off.

use super::{
    gateway::{Gateway, Sandbox, StandIn, on_spin, with_sandbox},
    process::eventually,
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

/// Asks a query on a connection of its own.
fn ask(gateway: &Gateway, secret: &str) -> TcpStream {
    let mut stream = TcpStream::connect(gateway.url.trim_start_matches("http://")).unwrap();
    let head = format!("GET /prometheus/api/v1/query?query=up HTTP/1.1\r\nHost: g\r\nX-Token: {secret}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// The requests whose answers nobody waited for.
fn abandoned(stand_in: &StandIn) -> Vec<Value> {
    stand_in.remembered().into_iter().filter(|request| request["abandoned"] == true).collect()
}

#[test]
fn a_caller_who_leaves_in_the_midst_of_an_answer_ends_it_at_the_backend() {
    let (gateway, sandbox) = with_sandbox("cancel-midst");
    let secret = gateway.create_token("reader", &["query_metrics"]).text("secret_key");
    sandbox.fail(&json!({"stream_bytes": 1_u64 << 40}));
    let mut stream = ask(&gateway, &secret);
    stream.read_exact(&mut [0; 100_000]).unwrap();
    assert!(abandoned(&sandbox.metrics()).is_empty());
    drop(stream);
    eventually("the backend to be left", || (!abandoned(&sandbox.metrics()).is_empty()).then_some(()));
}

#[test]
fn a_backend_that_takes_too_long_is_left() {
    let sandbox = Sandbox::start();
    let variables = [&sandbox.variables()[..], &[("query_timeout", "1")]].concat();
    let gateway = Gateway::start("cancel-timeout", &variables);
    assert_eq!(gateway.activate().status, 200);
    let secret = gateway.create_token("reader", &["query_metrics"]).text("secret_key");
    sandbox.fail(&json!({"delay_ms": 600_000}));
    let mut answer = String::new();
    BufReader::new(ask(&gateway, &secret)).read_line(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    eventually("the backend to be left", || abandoned(&sandbox.metrics()).pop());
}

#[test]
fn a_caller_who_leaves_before_the_answer_ends_the_wait_at_the_backend() {
    // Spin has no way to tell a component.
    if on_spin() {
        return;
    }
    let (gateway, sandbox) = with_sandbox("cancel-before");
    let secret = gateway.create_token("reader", &["query_metrics"]).text("secret_key");
    sandbox.fail(&json!({"delay_ms": 600_000}));
    let stream = ask(&gateway, &secret);
    std::thread::sleep(std::time::Duration::from_millis(500));
    drop(stream);
    let left = eventually("the backend to be left", || abandoned(&sandbox.metrics()).pop());
    assert_eq!((&left["path"], &left["status"]), (&json!("/prometheus/api/v1/query"), &json!(0)));
    sandbox.mend();
    assert!(gateway.query(&secret, "up").is_empty(), "the gateway goes on");
}
