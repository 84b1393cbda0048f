//! What OpenTelemetry's exporters are told, and what reaches the backend, whatever the signal.

use crate::{
    flow::World,
    messages::gzip,
    pushed::{Pushed, push},
};
use cockpit_core::ports::UpstreamError;
use http::{Response, StatusCode};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// A signal.
struct Signal {
    path: &'static str,
    /// A request of one item.
    protobuf: &'static [u8],
    json: &'static str,
}

const SIGNALS: [Signal; 4] = [LOGS, METRICS, Signal { path: "/logs/otlp/v1/logs", ..LOGS }, PREFIXED_METRICS];
const PREFIXED_METRICS: Signal = Signal { path: "/metrics/otlp/v1/metrics", ..METRICS };
const LOGS: Signal = Signal {
    path: "/otlp/v1/logs",
    protobuf: b"\x0a\x04\x12\x02\x12\x00",
    json: r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}"#,
};
const METRICS: Signal = Signal {
    path: "/otlp/v1/metrics",
    protobuf: b"\x0a\x08\x12\x06\x12\x04\x2a\x02\x0a\x00",
    json: r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{}]}}]}]}]}"#,
};

impl Signal {
    fn push(&self, world: &World, kind: &str, coding: &str, body: &[u8]) -> Pushed {
        push(world, self.path, &[("content-type", kind), ("content-encoding", coding)], body)
    }
}

#[test]
fn well_formed_requests_are_forwarded_byte_for_byte() {
    let world = World::new();
    for signal in SIGNALS {
        let (protobuf, text) = (signal.protobuf, signal.json.as_bytes());
        for (kind, coding, body) in [
            (PROTOBUF, "", protobuf.to_vec()),
            ("Application/X-Protobuf; charset=utf-8", "", protobuf.to_vec()),
            (PROTOBUF, "identity", protobuf.to_vec()),
            (PROTOBUF, "GZIP", gzip(protobuf)),
            (JSON, "", text.to_vec()),
            (JSON, "gzip", gzip(text)),
        ] {
            let pushed = signal.push(&world, kind, coding, &body);
            assert_eq!(pushed.status(), (200, true), "{kind} {coding}");
            assert_eq!(pushed.body(), &body[..]);
            assert_eq!(pushed.header("content-encoding"), if coding.len() == 4 { "gzip" } else { "" });
            assert_eq!(pushed.header("content-type"), if kind == JSON { JSON } else { PROTOBUF });
        }
    }
}

#[test]
fn nothing_sent_is_nothing_lost() {
    let world = World::new();
    for signal in SIGNALS {
        for (kind, body, answer) in [(PROTOBUF, &b""[..], &b""[..]), (JSON, b"{}", b"{}")] {
            let pushed = signal.push(&world, kind, "", body);
            assert_eq!((pushed.status(), &pushed.answer.body[..]), ((200, false), answer), "{kind}");
            assert_eq!(pushed.answer.headers["content-type"], kind);
        }
    }
}

#[test]
fn what_is_no_request_is_refused_in_the_form_it_came_in() {
    let world = World::new();
    for signal in SIGNALS {
        for (kind, coding, body, status) in [
            ("text/plain", "", signal.protobuf.to_vec(), 415),
            (PROTOBUF, "zstd", signal.protobuf.to_vec(), 415),
            (PROTOBUF, "", b"\x0a\xff".to_vec(), 400),
            (PROTOBUF, "gzip", signal.protobuf.to_vec(), 400),
            (PROTOBUF, "gzip", gzip(&vec![0; 40 << 20]), 400),
            (JSON, "zstd", b"{}".to_vec(), 415),
            (JSON, "", b"[]".to_vec(), 400),
            (JSON, "", b"{".to_vec(), 400),
        ] {
            let pushed = signal.push(&world, kind, coding, &body);
            assert_eq!(pushed.status(), (status, false), "{kind} {coding}");
            if kind == JSON {
                assert!(pushed.answer.json()["message"].is_string());
            } else {
                assert_eq!(pushed.answer.body[0], 0x12, "a Status with a message");
            }
        }
    }
}

#[test]
fn a_data_point_costs_as_much_as_a_sample() {
    // In a window of 20 seconds.
    let world = World::with(&[("quotas", "samples_per_second=1")]);
    let push = |points| METRICS.push(&world, JSON, "", data_points(points).as_bytes());
    let told = push(21);
    assert_eq!(told.status(), (400, false), "whoever is told 429 sends it again, for ever");
    let told = told.answer.json();
    assert!(told["message"].as_str().unwrap().contains("21 samples can never pass"), "{told}");
    assert_eq!(push(20).status(), (200, true));
    assert_eq!(push(1).answer.status, 429);
}

#[test]
fn whatever_comes_of_a_request_it_counts_as_a_push() {
    let world = World::with(&[("quotas", "metrics_requests_per_second=1 logs_requests_per_second=1")]);
    for (signal, window) in [(LOGS, 10), (METRICS, 20)] {
        for number in 0..window {
            let (body, status) = if number % 2 == 0 { ("{}", 200) } else { ("[]", 400) };
            assert_eq!(signal.push(&world, JSON, "", body.as_bytes()).status(), (status, false));
        }
        for body in ["{}", "[]", signal.json] {
            assert_eq!(signal.push(&world, JSON, "", body.as_bytes()).status(), (429, false), "{body}");
        }
    }
}

#[test]
fn what_is_to_be_explained_is_not_stored() {
    let world = World::new();
    for signal in SIGNALS {
        let path = format!("{}?explain=true", signal.path);
        let pushed = push(&world, &path, &[("content-type", JSON)], signal.json.as_bytes());
        assert_eq!(pushed.status(), (400, false));
        let told = pushed.answer.json();
        assert!(told["message"].as_str().unwrap().starts_with("explain=true is for"), "{told}");
    }
}

fn data_points(count: usize) -> String {
    METRICS.json.replace("{}", &vec!["{}"; count].join(","))
}

#[test]
fn what_a_backend_refuses_it_refuses_in_its_own_words() {
    let world = World::new();
    for signal in SIGNALS {
        let mut answer = Response::new(cockpit_core::Body::from_bytes(&b"\x12\x05two\nl"[..]));
        *answer.status_mut() = StatusCode::BAD_REQUEST;
        world.fake.upstream.answer(Ok(answer));
        let told = signal.push(&world, PROTOBUF, "", signal.protobuf).answer;
        assert_eq!((told.status, &told.body[..]), (400, &b"\x12\x05two\nl"[..]));
    }
}

#[test]
fn no_sender_sees_a_status_that_loses_data_for_our_fault() {
    let world = World::new();
    for signal in SIGNALS {
        let status = || signal.push(&world, PROTOBUF, "", signal.protobuf).answer.status;
        for (answered, seen) in
            [(204, 204), (400, 400), (404, 502), (429, 429), (500, 503), (501, 503), (502, 502), (503, 503), (504, 504)]
        {
            let mut answer = Response::new(cockpit_core::Body::Empty);
            *answer.status_mut() = StatusCode::from_u16(answered).unwrap();
            world.fake.upstream.answer(Ok(answer));
            assert_eq!(status(), seen, "{answered}");
        }
        for error in [UpstreamError::TimedOut, UpstreamError::Failed("refused".into())] {
            world.fake.upstream.answer(Err(error));
            assert_eq!(status(), 503);
        }
    }
}
