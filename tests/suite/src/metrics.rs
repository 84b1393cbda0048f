//! What senders of metrics are told, and what reaches the backend: each row of the notes on remote write is a case.

mod written;

use crate::{
    flow::{self, World},
    messages::{NOW_MILLIS as NOW, field, series, snappy, unsnappy, version_2},
    pushed::{Pushed, push},
    rows::{Answer, Target},
};
use bytes::Bytes;
use cockpit_core::{Body, Scope, ports::UpstreamError};
use cockpit_fake::run;
use cockpit_gate::serve;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;
use std::sync::Arc;

const VERSION_1: (&str, &str) = ("content-type", "application/x-protobuf");
const VERSION_2: (&str, &str) = ("content-type", "application/x-protobuf;proto=io.prometheus.write.v2.Request");

fn push_raw(world: &World, header: (&'static str, &str), request: &[u8]) -> Pushed {
    push(world, "/api/v1/push", &[header], &snappy(request))
}

#[test]
fn the_good_part_is_stored_and_the_rest_is_named() {
    let world = World::new();
    let good = series(&[("__name__", "up")], &[NOW]);
    for (bad, check) in [
        (series(&[("job", "a")], &[NOW]), "missing-metric-name"),
        (series(&[("__name__", "é")], &[NOW]), "metric-name-invalid"),
        (series(&[("__name__", "a"), ("b-c", "1")], &[NOW]), "label-invalid"),
        (series(&[("__name__", "a"), ("b", "1"), ("b", "1")], &[NOW]), "duplicate-label-names"),
        (series(&[("__name__", "a"), ("b", &"x".repeat(2049))], &[NOW]), "label-value-too-long"),
        (series(&[("__name__", "a"), (&"x".repeat(1025), "1")], &[NOW]), "label-name-too-long"),
        (series(&[("__name__", "a")], &[NOW + 11 * 60_000]), "too-far-in-future"),
        (series(&[("__name__", "a")], &[NOW - 32 * 86_400_000]), "too-far-in-past"),
        (field(3, &field(4, b"help")), "metadata-missing-metric-name"),
    ] {
        let pushed = push_raw(&world, VERSION_1, &[bad, good.clone()].concat());
        assert_eq!(pushed.answer.status, 400, "{check}");
        assert!(pushed.text().contains(check), "{}", pushed.text());
        assert_eq!(pushed.written(), [Some("1"), Some("0"), Some("0")], "{check}");
        let (_, body) = pushed.forwarded.unwrap();
        assert_eq!(unsnappy(&body), good, "{check}");
    }
}

#[test]
fn the_backend_is_told_what_a_body_is_as_every_backend_reads_it() {
    let world = World::new();
    let [one, two] = [series(&[("__name__", "up")], &[NOW]), version_2(&["", "__name__", "up"], &[1, 2], &[NOW])];
    for (kinds, request, want) in [
        (&[][..], &one, VERSION_1),
        (&["APPLICATION/X-Protobuf"], &one, VERSION_1),
        (&["application/x-protobuf; charset=utf-8"], &one, VERSION_1),
        (&["application/x-protobuf ; Proto=\"prometheus.WriteRequest\""], &one, VERSION_1),
        (&["application/x-protobuf; proto=io.prometheus.write.v2.Request"], &two, VERSION_2),
        (&["application/x-protobuf; Proto=\"io.prometheus.write.v2.Request\""], &two, VERSION_2),
        (&[VERSION_1.1, VERSION_2.1], &one, VERSION_1),
    ] {
        for coding in [None, Some("SNAPPY")] {
            let headers = kinds.iter().map(|kind| ("content-type", *kind));
            let headers: Vec<_> = headers.chain(coding.map(|coding| ("content-encoding", coding))).collect();
            let pushed = push(&world, "/api/v1/push", &headers, &snappy(request));
            let (seen, _) = pushed.forwarded.as_ref().unwrap();
            let all = |name| seen.get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
            assert_eq!((all("content-type"), all("content-encoding")), (vec![want.1], vec!["snappy"]), "{headers:?}");
        }
    }
}

#[test]
fn one_bad_sample_leaves_its_series_in_place() {
    let world = World::new();
    let labels = [("__name__", "up")];
    let pushed = push_raw(&world, VERSION_1, &series(&labels, &[NOW, NOW + 3_600_000, NOW + 1]));
    assert!(pushed.text().starts_with("2 of 3 samples stored; 1 too-far-in-future"), "{}", pushed.text());
    let body = unsnappy(pushed.body());
    assert_eq!(body, series(&labels, &[NOW, NOW + 1]));
}

#[test]
fn what_was_sent_is_let_go_before_the_backend_is_asked() {
    let world = World::new();
    let block: Arc<[u8]> =
        snappy(&[series(&[("a", "b")], &[NOW]), series(&[("__name__", "up")], &[NOW])].concat()).into();
    let held = Arc::downgrade(&block);
    // The backend's refusal is read before the push is over.
    let looking = Body::from_bytes("?").map_frame(move |frame| {
        frame.map_data(|_| Bytes::from_static(if held.strong_count() > 0 { b"held" } else { b"gone" }))
    });
    let mut refusal = Response::new(Body::stream(looking));
    *refusal.status_mut() = StatusCode::BAD_REQUEST;
    world.fake.upstream.answer(Ok(refusal));
    let request = Request::post("/api/v1/push").header("x-token", world.token(&[Scope::WriteMetrics]));
    let request = request.body(Body::from_bytes(Bytes::from_owner(block))).unwrap();
    let answer = run(serve("metrics-push", &world.fake, request, metrics_push::handler::handle));
    assert_eq!(flow::read(answer).body, "gone\n");
}

#[test]
fn bad_metadata_is_cut_and_good_metadata_needs_no_series() {
    let world = World::new();
    let [named, nameless] = [field(2, b"up"), field(4, b"help")].map(|metadata| field(3, &metadata));
    let pushed = push_raw(&world, VERSION_1, &[&named[..], &nameless, &named].concat());
    let text = pushed.text();
    assert!(text.starts_with("2 of 3 metadata stored; 1 metadata-missing-metric-name: "), "{text}");
    assert_eq!(pushed.written(), [Some("0"); 3]);
    assert_eq!(unsnappy(pushed.body()), [&named[..], &named].concat());
    assert_eq!(push_raw(&world, VERSION_1, &named).status(), (200, true));
    assert_eq!(push_raw(&world, VERSION_1, &nameless).status(), (400, false));
}

#[test]
fn the_verdict_of_the_backend_wins_when_it_refuses_more() {
    let world = World::new();
    let good = series(&[("__name__", "up")], &[NOW]);
    let part = [&good[..], &series(&[("job", "a")], &[NOW])].concat();
    for (answered, of_good, of_part) in [
        (200, 200, 400),
        (204, 204, 400),
        (400, 400, 400),
        (422, 400, 400),
        (429, 429, 429),
        (500, 500, 500),
        (307, 502, 502),
    ] {
        for (request, want) in [(&good, of_good), (&part, of_part)] {
            let text = if answered < 300 { "" } else { "out of order\n" };
            let mut answer = Response::new(Body::from_bytes(text));
            *answer.status_mut() = StatusCode::from_u16(answered).unwrap();
            world.fake.upstream.answer(Ok(answer));
            let pushed = push_raw(&world, VERSION_1, request);
            assert_eq!(pushed.status(), (want, true), "{answered}");
            assert_eq!(
                pushed.text() == "out of order\n",
                (400..500).contains(&answered) || answered == 500,
                "{answered}"
            );
            let again = matches!(want, 429 | 500..=599);
            assert_eq!(pushed.answer.headers.contains_key("retry-after"), again, "{answered}");
        }
    }
}

#[test]
fn a_line_fits_whatever_names_a_sender_chooses() {
    let world = World::new();
    let hostile = "é\r\n\u{1b}[31m".repeat(200);
    let bad = |name: &str| series(&[("__name__", "up"), (name, "1")], &[NOW]);
    let request = [bad(&hostile), bad("b-c"), series(&[("__name__", &hostile)], &[NOW]), series(&[("a", "1")], &[NOW])];
    let text = push_raw(&world, VERSION_1, &request.concat()).text();
    assert!(text.ends_with("…\n") && text.chars().filter(|letter| letter.is_control()).eq(['\n']), "{text:?}");
    assert!(text.starts_with("0 of 4 samples stored; 1 missing-metric-name: "), "{text}");
}

#[test]
fn new_series_over_the_limit_are_cut_and_the_sender_does_not_block_on_them() {
    let world = World::with(&[("quotas", "active_series=1")]);
    let [old, new] = ["old", "new"].map(|name| series(&[("__name__", name)], &[NOW]));
    let without_samples = series(&[("__name__", "silent")], &[]);
    assert_eq!(push_raw(&world, VERSION_1, &without_samples).status(), (200, true), "it is not active");
    assert_eq!(push_raw(&world, VERSION_1, &old).status(), (200, true));
    let pushed = push_raw(&world, VERSION_1, &[&new[..], &old].concat());
    assert_eq!((pushed.answer.status, unsnappy(pushed.body())), (400, old), "{}", pushed.text());
    assert!(pushed.text().starts_with("1 of 2 samples stored; 1 max-series-per-user: "), "{}", pushed.text());
    assert_eq!(push_raw(&world, VERSION_1, &new).status(), (400, false));
}

#[test]
fn explain_says_what_would_be_refused_and_stores_nothing() {
    let world = World::new();
    let request = [series(&[("__name__", "up")], &[NOW]), series(&[("job", "a")], &[NOW, NOW])].concat();
    let pushed = push(&world, "/api/v1/push?explain=true", &[VERSION_1], &snappy(&request));
    assert_eq!((pushed.answer.status, pushed.forwarded.is_none()), (200, true), "{:?}", pushed.answer);
    let told = pushed.answer.json();
    assert_eq!((&told["received"], &told["stored"]), (&3.into(), &1.into()), "{told}");
    assert_eq!(told["refused"][0]["id"], "missing-metric-name", "{told}");
}

#[test]
fn explain_says_what_is_too_many_and_makes_nothing_active() {
    let world = World::with(&[("quotas", "active_series=2")]);
    let request = snappy(&["up", "down", "around"].map(|name| series(&[("__name__", name)], &[NOW])).concat());
    for _ in 0..2 {
        let told = push(&world, "/api/v1/push?explain=true", &[VERSION_1], &request).answer.json();
        assert_eq!((&told["received"], &told["stored"]), (&3.into(), &2.into()), "{told}");
        assert_eq!(told["refused"][0]["id"], "max-series-per-user", "{told}");
        assert_eq!(told["usage"][2]["used"], 0, "{told}");
    }
}

#[test]
fn whatever_comes_of_a_push_it_counts_as_one() {
    let world = World::with(&[("quotas", "metrics_requests_per_second=1")]);
    let good = snappy(&series(&[("__name__", "up")], &[NOW]));
    let status = |path: &str, body: &[u8]| push(&world, path, &[VERSION_1], body).answer.status;
    for _ in 0..5 {
        assert_eq!((status("/api/v1/push", b"no snappy"), status("/api/v1/push", &snappy(b"no protobuf"))), (400, 400));
        world.fake.upstream.answer(Err(UpstreamError::TimedOut));
        assert_eq!((status("/api/v1/push", &good), status("/api/v1/push?explain=true", &good)), (503, 200));
    }
    for (path, body) in [("/api/v1/push", b"no snappy".as_slice()), ("/api/v1/push?explain=true", &good)] {
        assert_eq!(status(path, body), 429, "{path}");
    }
}

#[test]
fn a_push_that_the_backend_did_not_take_is_paid_for_when_it_comes_again() {
    let world = World::with(&[("quotas", "samples_per_second=1")]);
    let request = snappy(&series(&[("__name__", "up")], &[NOW; 20]));
    let status = || push(&world, "/api/v1/push", &[VERSION_1], &request).answer.status;
    for _ in 0..3 {
        world.fake.upstream.answer(Err(UpstreamError::TimedOut));
        assert_eq!(status(), 503);
    }
    assert_eq!([status(), status()], [200, 429]);
}

#[test]
fn explain_shows_how_much_of_each_limit_is_used() {
    let world = World::with(&[("quotas", "samples_per_second=100 active_series=7")]);
    let request = snappy(&series(&[("__name__", "up")], &[NOW, NOW + 1]));
    let explain = || push(&world, "/api/v1/push?explain=true", &[VERSION_1], &request).answer.json()["usage"].clone();
    let unused = explain();
    assert_eq!(
        unused[0],
        json!({"owner": "cockpit", "what": "samples", "used": 0, "limit": 2_000, "window_seconds": 20})
    );
    assert_eq!(unused[2], json!({"owner": "cockpit", "what": "active series", "used": 0, "limit": 7}));
    assert_eq!(unused[1]["used"], 1, "to explain a push is a push");
    let again = explain();
    assert_eq!((&again[0], &again[1]["used"], &again[2]), (&unused[0], &2.into(), &unused[2]), "and no more than that");
    assert_eq!(push(&world, "/api/v1/push", &[VERSION_1], &request).answer.status, 200);
    let used = explain();
    assert!(used[0]["used"].as_u64() >= Some(2) && used[1]["used"].as_u64() >= Some(1), "{used}");
    assert_eq!(used[2]["used"], 1, "{used}");
}

/// What a sender is told that says how often it has tried: the status, and how many seconds to wait.
fn attempt(world: &World, attempt: &str) -> (u16, u64) {
    let request = snappy(&series(&[("__name__", "up")], &[NOW; 20]));
    let Answer { status, headers, .. } =
        push(world, "/api/v1/push", &[VERSION_1, ("retry-attempt", attempt)], &request).answer;
    (status, headers.get("retry-after").map_or(0, |value| value.to_str().unwrap().parse().unwrap()))
}

#[test]
fn a_sender_that_tries_in_vain_is_asked_to_wait_longer_each_time() {
    let limited = World::with(&[("quotas", "samples_per_second=1")]);
    assert_eq!(attempt(&limited, "").0, 200);
    for (tried, least) in [("", 1), ("1", 2), ("3", 8)] {
        let (status, seconds) = attempt(&limited, tried);
        assert!(status == 429 && (least..=96).contains(&seconds), "{tried}: {status}, {seconds} s");
    }
    let failing = World::new();
    for (tried, range) in [("", 3..=8), ("1", 5..=15), ("9", 40..=120)] {
        failing.fake.upstream.answer(Err(UpstreamError::TimedOut));
        let (status, seconds) = attempt(&failing, tried);
        assert!(status == 503 && range.contains(&seconds), "{tried}: {status}, {seconds} s");
    }
}
