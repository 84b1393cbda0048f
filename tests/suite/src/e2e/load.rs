//! Large answers pass through without staying.

use super::gateway::with_sandbox;
use http::Method;
use serde_json::json;
use std::{fs, io::Read};

/// Resident memory of a process, in bytes.
fn resident(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn a_large_answer_streams_through_in_bounded_memory() {
    const SIZE: u64 = 1 << 30;
    let (gateway, sandbox) = with_sandbox("stream");
    let secret = gateway.create_token("reader", &["query_metrics"]).text("secret_key");
    assert_eq!(gateway.query(&secret, "up").len(), 0);
    let before = resident(gateway.id());
    sandbox.fail(&json!({"stream_bytes": SIZE}));
    let request = http::Request::builder()
        .method(Method::GET)
        .uri(format!("{}/prometheus/api/v1/query?query=up", gateway.url))
        .header("x-token", secret)
        .body(())
        .unwrap();
    let mut body = ureq::Agent::new_with_defaults().run(request).unwrap().into_body().into_reader();
    let mut chunk = vec![0; 1 << 16];
    let mut received = 0;
    while let length @ 1.. = body.read(&mut chunk).unwrap() {
        received += length as u64;
    }
    assert_eq!(received, SIZE);
    let grown = resident(gateway.id()).saturating_sub(before);
    assert!(grown < 64 << 20, "the gateway grew by {grown} bytes");
}
