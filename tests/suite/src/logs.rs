//! What senders of logs are told, and what reaches the backend: each row of the notes on Loki's push is a case.

use crate::{
    flow::World,
    messages::{NOW, deflate, field, gzip, snappy, stream, unsnappy, varint, zlib},
    pushed::{self, Pushed},
    rows::{Sent, Target},
};
use cockpit_core::{Body, Scope, ports::UpstreamError};
use cockpit_gate::{Call, serve};
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

fn push(world: &World, headers: &[(&'static str, &str)], body: &[u8]) -> Pushed {
    pushed::push(world, "/loki/api/v1/push", headers, body)
}

fn push_json(world: &World, body: &Value) -> Pushed {
    push(world, &[("content-type", "application/json")], body.to_string().as_bytes())
}

fn entry(ago: i64, line: &str) -> Value {
    json!([((NOW - ago) * 1_000_000_000).to_string(), line])
}

#[test]
fn what_loki_can_read_is_forwarded_byte_for_byte_and_the_rest_is_unpacked() {
    let world = World::new();
    let text = json!({"streams": [{"stream": {"a": "b"}, "values": [entry(1, "x")]}]}).to_string();
    let text = text.as_bytes();
    let short = &gzip(text)[..gzip(text).len() - 4];
    for (coding, body, forwarded, seen) in [
        ("gzip", gzip(text), gzip(text), "gzip"),
        ("GZip", gzip(text), gzip(text), "gzip"),
        ("deflate", deflate(text), deflate(text), "deflate"),
        ("identity", text.to_vec(), text.to_vec(), ""),
        ("deflate", zlib(text), text.to_vec(), ""),
        ("gzip", short.to_vec(), text.to_vec(), ""),
    ] {
        let pushed = push(&world, &[("content-type", "Application/JSON"), ("content-encoding", coding)], &body);
        assert_eq!((pushed.body(), pushed.header("content-encoding")), (&forwarded[..], seen), "{coding}");
        assert_eq!(pushed.header("content-type"), "application/json");
        assert_eq!(pushed.header("content-length"), forwarded.len().to_string());
    }
}

#[test]
fn bad_streams_and_entries_are_cut_out_and_the_rest_goes_on() {
    let world = World::new();
    let pushed = push_json(
        &world,
        &json!({"streams": [
            {"stream": {"a-b": "c"}, "values": [entry(1, "x"), entry(1, "y")]},
            {"stream": {"a": "b"}, "values": [entry(1, "x"), entry(32 * 86400, "old"), entry(-700, "new"), entry(2, "y")]},
            {"stream": {"c": "d"}, "values": [entry(32 * 86400, "old")]},
        ]}),
    );
    assert_eq!(pushed.status(), (400, true));
    let left: Value = serde_json::from_slice(pushed.body()).unwrap();
    let want = json!({"streams": [{"stream": {"a": "b"}, "values": [entry(1, "x"), entry(2, "y")]}]});
    assert_eq!(left, want);
    let text = pushed.text();
    let want = "2 of 7 log entries stored; 1 invalid_labels: a stream's labels cannot be read: = is expected at byte 2";
    assert!(text.starts_with(want), "{text}");
}

#[test]
fn protobuf_is_cut_on_the_wire() {
    let world = World::new();
    let long = "x".repeat((256 << 10) + 1);
    let streams = [stream("{a=\"b\"}", &["1", &long, "2"]), stream("{a", &["3"]), stream("{}", &["4"])].concat();
    for (coding, body) in [("snappy", snappy(&streams)), ("gzip", gzip(&snappy(&streams)))] {
        let headers = [("content-type", "application/x-protobuf"), ("content-encoding", coding)];
        let pushed = push(&world, &headers, &body);
        assert_eq!(pushed.status(), (400, true), "{}", pushed.text());
        let left = unsnappy(pushed.body());
        assert_eq!(left, [stream("{a=\"b\"}", &["1", "2"]), stream("{}", &["4"])].concat());
        assert_eq!(pushed.header("content-encoding"), "");
        let text = pushed.text();
        assert!(text.starts_with("3 of 5 log entries stored; 1 invalid_labels: "), "{text}");
        assert!(text.contains("1 line_too_long: a line is too long: 262145 bytes in {a=\"b\"}"), "{text}");
    }
}

#[test]
fn a_push_with_more_faults_than_can_be_cut_out_is_refused_whole() {
    let world = World::new();
    // Every second entry is refused, and none of those is beside another.
    let pair = [&b"\x12\x00\x12\x08\x0a\x06\x08"[..], &varint(NOW.try_into().unwrap())].concat();
    let full = field(1, &pair.repeat(1 << 15)).repeat(9);
    let streams = [full, stream("{a", &["refused"]), stream("{a=\"b\"}", &["good"])].concat();
    let pushed = push(&world, &[("content-type", "application/x-protobuf")], &snappy(&streams));
    assert_eq!(pushed.status(), (400, false), "{}", pushed.text());
    assert!(pushed.text().contains("send smaller batches"), "{}", pushed.text());
}

#[test]
fn a_push_of_which_nothing_is_left_costs_the_backend_nothing() {
    let world = World::new();
    let nothing = push_json(&world, &json!({"streams": []}));
    assert!(nothing.status() == (400, false) && nothing.text().contains("at least one is required"));
    let pushed = push_json(&world, &json!({"streams": [{"stream": {"a": "b"}, "values": [entry(32 * 86400, "old")]}]}));
    assert_eq!(pushed.status(), (400, false));
    assert!(
        pushed.text().starts_with("0 of 1 log entries stored; 1 greater_than_max_sample_age: "),
        "{}",
        pushed.text()
    );
}

#[test]
fn new_streams_over_the_limit_are_cut_and_may_be_sent_again() {
    let world = World::with(&[("quotas", "active_streams=1")]);
    let stream = |app: &str| json!({"stream": {"app": app}, "values": [entry(1, "x"), entry(2, "y")]});
    let [old, new] = [stream("old"), stream("new")];
    assert_eq!(push_json(&world, &json!({"streams": [old]})).status(), (200, true));
    let pushed = push_json(&world, &json!({"streams": [new, old]}));
    assert_eq!(pushed.status(), (429, true));
    assert_eq!(serde_json::from_slice::<Value>(pushed.body()).unwrap(), json!({"streams": [old]}));
    let text = pushed.text();
    assert!(text.starts_with("2 of 4 log entries stored; 2 stream_limit: ") && text.contains("app=\"new\""), "{text}");
    let headers = &pushed.answer.headers;
    assert!(headers.contains_key("retry-after") && headers["ratelimit-limit"] == "1", "{headers:?}");
    assert_eq!(push_json(&world, &json!({"streams": [new]})).status(), (429, false));
    let bad = json!({"stream": {"a-b": "c"}, "values": [entry(1, "x")]});
    assert_eq!(
        push_json(&world, &json!({"streams": [new, old, bad]})).status(),
        (400, true),
        "not all may be sent again"
    );
}

#[test]
fn the_verdict_of_the_backend_wins_when_it_refuses_more() {
    let world = World::new();
    let good = json!({"streams": [{"stream": {"a": "b"}, "values": [entry(1, "x")]}]});
    let part = json!({"streams": [{"stream": {"a": "b"}, "values": [entry(1, "x"), entry(32 * 86400, "old")]}]});
    for (answered, status) in [
        (204, 204),
        (400, 400),
        (413, 400),
        (422, 400),
        (429, 429),
        (500, 500),
        (503, 503),
        (401, 502),
        (404, 502),
        (301, 502),
    ] {
        for push in [&good, &part] {
            let mut answer = Response::new(Body::from_bytes("entry too far behind\n"));
            *answer.status_mut() = StatusCode::from_u16(answered).unwrap();
            world.fake.upstream.answer(Ok(answer));
            let pushed = push_json(&world, push);
            let want = if answered == 204 && push == &part { 400 } else { status };
            assert_eq!(pushed.status(), (want, true), "{answered}");
            let again = matches!(want, 429 | 500..=599);
            assert_eq!(pushed.answer.headers.contains_key("retry-after"), again, "{answered}: Loki never says when");
            let ours = want == 400 && answered == 204;
            assert_eq!(pushed.text().contains("greater_than_max_sample_age"), ours, "{answered}");
        }
    }
    world.fake.upstream.answer(Err(UpstreamError::TimedOut));
    assert_eq!(push_json(&world, &part).answer.status, 503);
}

#[test]
fn a_sender_that_stops_in_the_midst_is_nobodys_fault() {
    let world = World::new();
    let request = Request::post("/loki/api/v1/push")
        .header("x-token", world.token(&[Scope::WriteLogs]))
        .header("content-type", "application/json")
        .body(cockpit_fake::interrupted("{\"streams\":["))
        .unwrap();
    let answer = cockpit_fake::run(serve("logs-push", &world.fake, request, logs_push::handler::handle));
    assert_eq!(answer.status(), 503, "whoever listens may send it again");
    assert!(answer.headers().contains_key("retry-after"));
    assert!(world.fake.logged.take().is_empty() && world.fake.upstream.take_sent().is_empty());
}

#[test]
fn a_push_takes_its_own_size_of_what_an_instance_may_hold_and_not_twice() {
    const MIB: usize = 1 << 20;
    let world = World::new();
    // Of 48 MiB, two thirds are held by another request.
    let other = async |call: Call<'_, _>| Ok(Response::new(call.hold(vec![0; 32 * MIB].into())?));
    let request = Request::get("/-/healthy").body(Body::Empty).unwrap();
    let held = cockpit_fake::run(serve("status", &world.fake, request, other));
    assert!(matches!(held.body(), Body::Full(_)));
    let lines: Vec<_> = (0..36).map(|number| entry(number, &"x".repeat(MIB / 4))).collect();
    let pushed = push_json(&world, &json!({"streams": [{"stream": {"a": "b"}, "values": lines}]}));
    assert_eq!(pushed.status(), (200, true), "{}", pushed.text());
    drop(held);
}

#[test]
fn limits_are_the_operators_and_a_typo_is_not_the_senders_fault() {
    let world = World::new();
    let body = json!({"streams": [{"stream": {"a": "b"}, "values": [entry(1, "12345678")]}]});
    let set = |value: &str| drop(world.fake.variables.borrow_mut().insert("logs_limits", value.to_owned()));
    set("max-line-size=8");
    assert_eq!(push_json(&world, &body).answer.status, 200);
    set("max-line-size=7");
    assert!(push_json(&world, &body).text().contains("line_too_long: a line is too long: 8 bytes in {a=\"b\"}"));
    set("max-line=7");
    assert_eq!(push_json(&world, &body).status(), (503, false));
}

#[test]
fn an_explanation_names_what_would_be_refused_and_forwards_nothing() {
    let world = World::new();
    let body = json!({"streams": [{"stream": {"a": "b"}, "values": [entry(1, "x"), entry(32 * 86400, "old")]}]});
    let headers = [("content-type", "application/json")];
    let pushed = pushed::push(&world, "/logs/loki/api/v1/push?explain=true", &headers, body.to_string().as_bytes());
    assert_eq!(pushed.status(), (200, false));
    let explained: Value = serde_json::from_slice(&pushed.answer.body).unwrap();
    assert_eq!(explained["received"], 2);
    assert_eq!(explained["stored"], 1);
    let [refused] = explained["refused"].as_array().unwrap().as_slice() else { panic!("{explained}") };
    assert_eq!(refused["id"], "greater_than_max_sample_age");
    assert_eq!(refused["limit"], json!({"name": "retention", "value": 31 * 86400, "unit": "seconds"}));
    assert_eq!(refused["examples"].as_array().unwrap().len(), 1);
    let usage: Vec<_> = explained["usage"].as_array().unwrap().iter().map(|used| used["what"].clone()).collect();
    assert_eq!(usage, ["bytes", "pushes", "active streams"]);
}

#[test]
fn an_explanation_is_for_those_who_may_push() {
    let world = World::new();
    for (function, path, scope) in [
        ("logs-push", "/loki/api/v1/push?explain=true", Scope::WriteMetrics),
        ("metrics-push", "/api/v1/push?explain=true", Scope::WriteLogs),
    ] {
        for (token, status) in [(String::new(), 401), (world.token(&[scope]), 403)] {
            let headers = vec![("x-token", token)];
            let (method, path) = (&Method::POST, path.to_owned());
            assert_eq!(
                world.send(&Sent { function, method, path, headers, body: vec![] }).status,
                status,
                "{function}"
            );
        }
    }
}
