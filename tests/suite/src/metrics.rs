//! What senders of metrics are told, and what reaches the backend: each row of the notes on remote write is a case.

use crate::{
    flow::World,
    pushed::{Pushed, push, snappy},
    rows::Answer,
};
use cockpit_core::ports::UpstreamError;
use serde_json::json;

/// The moment at which test doubles live, in milliseconds.
const NOW: i64 = 1_699_565_000_000;

const VERSION_1: (&str, &str) = ("content-type", "application/x-protobuf");
const VERSION_2: (&str, &str) = ("content-type", "application/x-protobuf;proto=io.prometheus.write.v2.Request");

fn push_raw(world: &World, header: (&'static str, &str), request: &[u8]) -> Pushed {
    push(world, "/api/v1/push", &[header], &snappy(request))
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

/// A length-delimited protobuf field.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2][..], &varint(content.len() as u64), content].concat()
}

fn sample(millis: i64) -> Vec<u8> {
    field(2, &[&b"\x09"[..], &1.0_f64.to_le_bytes(), b"\x10", &varint(millis.cast_unsigned())].concat())
}

/// A series of version 1 with one sample at each of these times.
pub(crate) fn series(labels: &[(&str, &str)], times: &[i64]) -> Vec<u8> {
    let label =
        |(name, value): &(&str, &str)| field(1, &[field(1, name.as_bytes()), field(2, value.as_bytes())].concat());
    let parts = labels.iter().map(label).chain(times.iter().map(|millis| sample(*millis)));
    field(1, &parts.collect::<Vec<_>>().concat())
}

/// A request of version 2 with these symbols and one series that refers to them.
fn version_2(symbols: &[&str], references: &[u8], times: &[i64]) -> Vec<u8> {
    let symbols = symbols.iter().flat_map(|symbol| field(4, symbol.as_bytes()));
    let samples = times.iter().flat_map(|millis| sample(*millis));
    let series = field(5, &field(1, references).into_iter().chain(samples).collect::<Vec<_>>());
    symbols.chain(series).collect()
}

#[test]
fn a_good_push_goes_through_byte_for_byte() {
    let world = World::new();
    let (first, second) = (series(&[("__name__", "up")], &[NOW]), version_2(&["", "__name__", "up"], &[1, 2], &[NOW]));
    let unsorted = series(&[("job", "a"), ("__name__", "up"), ("empty", "")], &[NOW]);
    for (header, request, written) in [
        (VERSION_1, first.clone(), "1"),
        (VERSION_1, unsorted, "1"),
        (VERSION_1, vec![], "0"),
        (VERSION_1, series(&[("__name__", "up")], &[]), "0"),
        (VERSION_1, series(&[], &[NOW]), "1"),
        (VERSION_1, [first, b"\x7a\x02hi".to_vec()].concat(), "1"),
        (VERSION_2, second, "1"),
    ] {
        let pushed = push_raw(&world, header, &request);
        assert_eq!((pushed.answer.status, pushed.answer.body.len()), (200, 0), "{:?}", pushed.answer);
        assert_eq!(pushed.written(), [Some(written), Some("0"), Some("0")], "{request:02x?}");
        let (headers, body) = pushed.forwarded.unwrap();
        assert_eq!((body.as_ref(), headers["content-type"].to_str().unwrap()), (&*snappy(&request), header.1));
    }
}

#[test]
fn a_request_of_version_2_without_series_is_answered_here() {
    let world = World::new();
    for request in [&b""[..], b"\x22\x00", b"\x22\x00\x22\x01a"] {
        let pushed = push_raw(&world, VERSION_2, request);
        assert_eq!((pushed.answer.status, pushed.answer.body.len()), (204, 0));
        assert_eq!(pushed.written(), [Some("0"); 3]);
        assert!(pushed.forwarded.is_none(), "Mimir breaks off the connection of {request:?}");
    }
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
        assert_eq!(snap::raw::Decoder::new().decompress_vec(&body).unwrap(), good, "{check}");
    }
}

#[test]
fn one_bad_sample_leaves_its_series_in_place() {
    let world = World::new();
    let labels = [("__name__", "up")];
    let pushed = push_raw(&world, VERSION_1, &series(&labels, &[NOW, NOW + 3_600_000, NOW + 1]));
    assert!(pushed.text().starts_with("2 of 3 samples stored; 1 too-far-in-future"), "{}", pushed.text());
    let body = snap::raw::Decoder::new().decompress_vec(&pushed.forwarded.unwrap().1).unwrap();
    assert_eq!(body, series(&labels, &[NOW, NOW + 1]));
}

#[test]
fn nothing_is_forwarded_of_what_is_bad_or_malformed_throughout() {
    let world = World::new();
    let first = series(&[("__name__", "up")], &[NOW]);
    let second = version_2(&["", "__name__", "up"], &[1, 2], &[NOW]);
    for (header, request) in [
        (VERSION_1, series(&[("job", "a")], &[NOW])),
        (VERSION_1, second.clone()),
        (VERSION_2, first),
        (VERSION_2, version_2(&["", "a"], &[1], &[NOW])),
        (VERSION_2, version_2(&["", "a"], &[1, 2], &[NOW])),
        (VERSION_2, version_2(&["a", "b"], &[0, 1], &[NOW])),
        (VERSION_1, b"\x0a\x05\x0a".to_vec()),
    ] {
        let pushed = push_raw(&world, header, &request);
        assert_eq!((pushed.answer.status, pushed.forwarded.is_none()), (400, true), "{request:02x?}");
        assert!(!pushed.text().is_empty());
    }
    for body in [&b""[..], b"not snappy", b"\xff\x06\0\0sNaPpY", b"\xff\xff\xff\xff\x0f"] {
        let pushed = push(&world, "/api/v1/push", &[], body);
        assert_eq!((pushed.answer.status, pushed.forwarded.is_none()), (400, true), "{body:?}");
    }
}

#[test]
fn another_media_type_or_encoding_is_415() {
    let world = World::new();
    let body = snappy(&series(&[("__name__", "up")], &[NOW]));
    for header in [
        ("content-type", "application/json"),
        ("content-type", "image/png"),
        ("content-type", "application/x-protobuf;proto=other"),
        ("content-encoding", "zstd"),
        ("content-encoding", "gzip"),
        ("content-encoding", "identity"),
    ] {
        let pushed = push(&world, "/metrics/api/v1/push", &[header], &body);
        assert_eq!((pushed.answer.status, pushed.forwarded.is_none()), (415, true), "{header:?}");
        assert!(pushed.text().contains("send Content-"), "{}", pushed.text());
    }
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
fn explain_shows_how_much_of_each_limit_is_used() {
    let world = World::with(&[("quotas", "samples_per_second=100 active_series=7")]);
    let request = snappy(&series(&[("__name__", "up")], &[NOW, NOW + 1]));
    let explain = || push(&world, "/api/v1/push?explain=true", &[VERSION_1], &request).answer.json()["usage"].clone();
    let unused = explain();
    assert_eq!(unused[0], json!({"what": "samples", "used": 0, "limit": 2_000, "window_seconds": 20}));
    assert_eq!(unused[2], json!({"what": "active series", "used": 0, "limit": 7}));
    assert_eq!(explain(), unused, "an explanation uses nothing");
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
