//! A batch of logs as Promtail sends it: 1 MB of lines in 40 streams, every fourth with structured metadata.

use crate::Case;
use cockpit_wire::{
    checks::Limits,
    identity::Open,
    inflate::{Coding, inflate},
    loki::{self, Judged, checker::Checker},
    snappy,
};
use flate2::{Compression, write::GzEncoder};
use prost::Message;
use serde_json::json;
use std::{io::Write, rc::Rc};

const STREAMS: usize = 40;

/// Lines of a stream.
const LINES: usize = 125;

/// A moment in 2023, in nanoseconds.
const NOW: i64 = 1_699_565_000_000_000_000;

/// The most that anything may inflate to.
const LIMIT: usize = 12 << 20;

#[derive(Message)]
struct Push {
    #[prost(message, repeated, tag = "1")]
    streams: Vec<Stream>,
}

#[derive(Message)]
struct Stream {
    #[prost(string, tag = "1")]
    labels: String,
    #[prost(message, repeated, tag = "2")]
    entries: Vec<Entry>,
}

#[derive(Message)]
struct Entry {
    #[prost(message, optional, tag = "1")]
    time: Option<Time>,
    #[prost(string, tag = "2")]
    line: String,
    #[prost(message, repeated, tag = "3")]
    metadata: Vec<Pair>,
}

#[derive(Message)]
struct Time {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[derive(Message)]
struct Pair {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

fn labels(stream: usize) -> [(&'static str, String); 6] {
    [
        ("app", format!("checkout-{}", stream % 8)),
        ("cluster", "production-eu-west".into()),
        ("container", "server".into()),
        ("level", if stream.is_multiple_of(2) { "info" } else { "error" }.into()),
        ("namespace", "shop".into()),
        ("pod", format!("checkout-{stream}-7f9c6d5b4-x2x{stream}")),
    ]
}

fn line(stream: usize, index: usize) -> String {
    let (id, took) = (stream * 7919 + index * 104_729, index * 37 % 900);
    format!(
        r#"{{"ts":"2023-11-09T21:23:20.{took:03}Z","caller":"handler.go:{index}","msg":"request served","method":"GET","path":"/api/v1/orders/{id}","status":200,"duration_ms":{took},"user":"user-{id}","trace":"{id:016x}{index:016x}"}}"#
    )
}

fn protobuf() -> Vec<u8> {
    let pair = |(name, value): &(&str, String)| format!("{name}={value:?}");
    let entry = |stream, index: usize| Entry {
        time: Some(Time { seconds: NOW / 1_000_000_000, nanos: 165_521_000 }),
        line: line(stream, index),
        metadata: (index.is_multiple_of(4))
            .then(|| Pair { name: "trace_id".into(), value: format!("{index:032x}") })
            .into_iter()
            .collect(),
    };
    let stream = |stream| Stream {
        labels: format!("{{{}}}", labels(stream).iter().map(pair).collect::<Vec<_>>().join(", ")),
        entries: (0..LINES).map(|index| entry(stream, index)).collect(),
    };
    Push { streams: (0..STREAMS).map(stream).collect() }.encode_to_vec()
}

fn text() -> Vec<u8> {
    let stream = |stream| {
        let labels: serde_json::Map<_, _> =
            labels(stream).into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let values: Vec<_> = (0..LINES).map(|index| json!([NOW.to_string(), line(stream, index)])).collect();
        json!({"stream": labels, "values": values})
    };
    json!({"streams": (0..STREAMS).map(stream).collect::<Vec<_>>()}).to_string().into()
}

/// Checks everything, and cuts what was refused: here, nothing.
fn check<E: std::fmt::Debug>(judge: impl Fn(&mut Checker<'_, Open>) -> Result<Judged, E>) -> usize {
    let limits = Limits::default();
    let mut checker = Checker::new(&limits, NOW, Open);
    let judged = judge(&mut checker).unwrap();
    assert!(judged.patch.is_empty() && checker.report().is_clean());
    judged.kept
}

/// The cases of logs.
pub fn cases() -> Vec<Case> {
    let (proto, text) = (Rc::new(protobuf()), Rc::new(text()));
    let block = Rc::new(snap::raw::Encoder::new().compress_vec(&proto).unwrap());
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&text).unwrap();
    let gzip = Rc::new(encoder.finish().unwrap());
    let case = |name, bytes: &Rc<Vec<u8>>, run: Box<dyn Fn() -> usize>| Case {
        name,
        bytes: bytes.len(),
        items: STREAMS * LINES,
        run,
    };
    let (a, b, c, d, e) = (Rc::clone(&proto), Rc::clone(&proto), Rc::clone(&text), Rc::clone(&text), Rc::clone(&proto));
    vec![
        case("logs, protobuf: walk and check", &proto, Box::new(move || check(|c| loki::protobuf::walk(&a, c)))),
        case("logs, protobuf: prost", &proto, Box::new(move || Push::decode(b.as_slice()).unwrap().streams.len())),
        case("logs, snappy: inflate, walk and check", &e, {
            Box::new(move || {
                let message = snappy::inflate(&block, LIMIT).unwrap();
                check(|c| loki::protobuf::walk(&message, c))
            })
        }),
        case("logs, JSON: read and check", &text, Box::new(move || check(|r| loki::json::read(&c, r)))),
        case("logs, JSON: serde_json to a tree", &text, {
            Box::new(move || {
                serde_json::from_slice::<serde_json::Value>(&d).unwrap()["streams"].as_array().unwrap().len()
            })
        }),
        case("logs, gzip: inflate, read and check", &text, {
            Box::new(move || {
                let text = inflate(Coding::Gzip, &gzip, LIMIT).unwrap().bytes;
                check(|r| loki::json::read(&text, r))
            })
        }),
    ]
}
