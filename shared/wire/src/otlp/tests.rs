mod proto;

use super::*;
use crate::{random::Random, scramble::spoil};
use prost::Message as _;
use proto::{Any, AnyValue, Data, KeyValue, Number};

fn logs(request: &[u8]) -> Result<usize, ProtobufError> {
    Items::LogRecords.count_protobuf(request)
}

fn metrics(request: &[u8]) -> Result<usize, ProtobufError> {
    Items::DataPoints.count_protobuf(request)
}

fn any(value: Any) -> AnyValue {
    AnyValue { value: Some(value) }
}

/// Attributes that use every kind of value.
fn attributes() -> Vec<KeyValue> {
    let values = vec![
        any(Any::Text("é".into())),
        any(Any::Bool(true)),
        any(Any::Int(-1)),
        any(Any::Double(0.5)),
        any(Any::Bytes(vec![0xff])),
        AnyValue { value: None },
    ];
    let list = any(Any::Array(proto::Array { values }));
    let pair = KeyValue { key: "k".into(), value: Some(list) };
    vec![KeyValue { key: "m".into(), value: Some(any(Any::Pairs(proto::Pairs { values: vec![pair] }))) }]
}

fn scope() -> Option<proto::Scope> {
    Some(proto::Scope { name: "n".into(), version: "v".into(), attributes: attributes(), dropped: 1 })
}

fn resource() -> Option<proto::Resource> {
    Some(proto::Resource { attributes: attributes(), dropped: 2 })
}

/// A request that uses every field of the schema: three records.
fn everything() -> proto::Logs {
    let record = proto::LogRecord {
        time: 1,
        severity: 9,
        severity_text: "info".into(),
        body: attributes()[0].value.clone(),
        attributes: attributes(),
        dropped: 300,
        flags: 1,
        trace: vec![1; 16],
        span: vec![2; 8],
        observed: 2,
        event: "e".into(),
    };
    let scopes = vec![proto::ScopeLogs { scope: scope(), records: vec![record; 3], schema_url: "s".into() }];
    proto::Logs { resources: vec![proto::ResourceLogs { resource: resource(), scopes, schema_url: "s".into() }] }
}

/// One metric of each kind, which use every field of the schema: six data points.
fn every_metric() -> proto::Metrics {
    let exemplar = |value| proto::Exemplar {
        time: 1,
        value: Some(value),
        span: vec![1; 8],
        trace: vec![2; 16],
        attributes: attributes(),
    };
    let exemplars = vec![exemplar(proto::Sampled::Double(0.5)), exemplar(proto::Sampled::Int(-1))];
    let number = |value| proto::NumberPoint {
        start: 1,
        time: 2,
        value: Some(value),
        exemplars: exemplars.clone(),
        attributes: attributes(),
        flags: 1,
    };
    let histogram = proto::HistogramPoint {
        start: 1,
        time: 2,
        count: 3,
        sum: Some(1.5),
        counts: vec![1, 2],
        bounds: vec![0.5],
        exemplars: exemplars.clone(),
        attributes: attributes(),
        flags: 1,
        min: Some(0.0),
        max: Some(1.0),
    };
    let buckets = Some(proto::Buckets { offset: -3, counts: vec![1, 300] });
    let exponential = proto::ExponentialPoint {
        attributes: attributes(),
        start: 1,
        time: 2,
        count: 3,
        sum: Some(1.5),
        scale: -1,
        zeros: 1,
        positive: buckets.clone(),
        negative: buckets,
        flags: 1,
        exemplars: exemplars.clone(),
        min: Some(0.0),
        max: Some(1.0),
        threshold: 0.1,
    };
    let summary = proto::SummaryPoint {
        start: 1,
        time: 2,
        count: 3,
        sum: 1.5,
        quantiles: vec![proto::Quantile { quantile: 0.5, value: 1.0 }],
        attributes: attributes(),
        flags: 1,
    };
    let data = [
        Data::Gauge(proto::Gauge { points: vec![number(Number::Double(0.5)), number(Number::Int(-1))] }),
        Data::Sum(proto::Sum { points: vec![number(Number::Int(1))], temporality: 2, monotonic: true }),
        Data::Histogram(proto::Histogram { points: vec![histogram], temporality: 2 }),
        Data::Exponential(proto::Exponential { points: vec![exponential], temporality: 2 }),
        Data::Summary(proto::Summary { points: vec![summary] }),
    ];
    let metric = |data| proto::Metric {
        name: "n".into(),
        description: "d".into(),
        unit: "u".into(),
        data: Some(data),
        metadata: attributes(),
    };
    let metrics = data.into_iter().map(metric).collect();
    let scopes = vec![proto::ScopeMetrics { scope: scope(), metrics, schema_url: "s".into() }];
    proto::Metrics { resources: vec![proto::ResourceMetrics { resource: resource(), scopes, schema_url: "s".into() }] }
}

#[test]
fn every_item_is_counted() {
    assert_eq!(logs(&everything().encode_to_vec()), Ok(3));
    assert_eq!(metrics(&every_metric().encode_to_vec()), Ok(6));
    for count in [logs, metrics] {
        assert_eq!(count(b""), Ok(0));
        assert_eq!(count(b"\x7a\x02hi"), Ok(0), "unknown fields are skipped");
    }
}

#[test]
fn repeated_numbers_are_read_packed_and_one_by_one() {
    // A data point of a histogram, in a metric, in a scope, in a resource.
    let request = |counts: &[u8]| {
        let wrap = |inner: Vec<u8>, tag: &u8| [&[*tag, u8::try_from(inner.len()).unwrap()][..], &inner].concat();
        metrics(&[0x0a, 0x4a, 0x12, 0x12, 0x0a].iter().fold(counts.to_vec(), wrap))
    };
    assert_eq!(request(&[&[0x32, 8][..], &[0; 8]].concat()), Ok(1));
    assert_eq!(request(&[&[0x31][..], &[0; 8]].concat()), Ok(1));
    assert_eq!(request(&[&[0x32, 7][..], &[0; 7]].concat()), Err(ProtobufError::Truncated));
    assert_eq!(request(&[0x30, 1]), Err(ProtobufError::WireType));
}

#[test]
fn nesting_is_bounded() {
    let mut value = any(Any::Int(1));
    let depth = |levels: usize| {
        let mut message = value.clone();
        (0..levels).for_each(|_| message = any(Any::Array(proto::Array { values: vec![message.clone()] })));
        message
    };
    let request = |body: AnyValue| {
        let mut request = everything();
        request.resources[0].scopes[0].records[0].body = Some(body);
        logs(&request.encode_to_vec())
    };
    assert_eq!(request(depth(29)), Ok(3));
    assert_eq!(request(depth(40)), Err(ProtobufError::Depth));
    value = any(Any::Bool(false));
    assert_eq!(request(value), Ok(3));
}

/// Bytes that turn one field into another.
const TAGS: &[u8] = b"\x08\x0a\x10\x12\x1a\x22\x2a\x32\x3a\x4a\x52\x5a\x00\x01\x80\xff\x09\x0d\x11\x19\x21\x31";

/// Compares whether logs are read, whatever they are, and how many records there are; says whether they are logs.
pub(crate) fn agree_on_logs(bytes: &[u8]) -> bool {
    let records = |logs: &proto::Logs| logs.resources.iter().flat_map(|r| &r.scopes).map(|s| s.records.len()).sum();
    let theirs: Option<usize> = proto::Logs::decode(bytes).as_ref().map(records).ok();
    assert_eq!(logs(bytes).ok(), theirs, "{bytes:?}");
    theirs.is_some()
}

/// The same of metrics and their data points.
pub(crate) fn agree_on_metrics(bytes: &[u8]) -> bool {
    let points = |metric: &proto::Metric| match &metric.data {
        None => 0,
        Some(Data::Gauge(data)) => data.points.len(),
        Some(Data::Sum(data)) => data.points.len(),
        Some(Data::Histogram(data)) => data.points.len(),
        Some(Data::Exponential(data)) => data.points.len(),
        Some(Data::Summary(data)) => data.points.len(),
    };
    let all = |metrics: &proto::Metrics| {
        metrics.resources.iter().flat_map(|r| &r.scopes).flat_map(|s| &s.metrics).map(points).sum::<usize>()
    };
    let (ours, theirs) = (metrics(bytes).ok(), proto::Metrics::decode(bytes).as_ref().map(all).ok());
    // Of two kinds of data in one metric a generated decoder forgets the first.
    assert!(ours >= theirs && ours.is_some() == theirs.is_some(), "{ours:?}, {theirs:?}: {bytes:?}");
    theirs.is_some()
}

/// The same of requests as JSON.
pub(crate) fn agree_on_json(text: &[u8]) {
    for path in [json::LOGS, json::METRICS] {
        json::tests::agree(text, path);
    }
}

/// Requests as JSON.
pub(crate) fn json_seeds() -> Vec<Vec<u8>> {
    json::tests::SHAPES.iter().map(|text| text.replace("ITEM", "{}").into()).collect()
}

/// A request of each signal.
pub(crate) fn seeds() -> [Vec<u8>; 2] {
    [everything().encode_to_vec(), every_metric().encode_to_vec()]
}

/// Damages a request, and compares what is left of it.
fn compare(whole: &[u8], agree: fn(&[u8]) -> bool) {
    let mut random = Random::new(1);
    let (mut refused, mut accepted) = (0_u32, 0_u32);
    for _ in 0..60_000 {
        let mut damaged = whole.to_vec();
        for _ in 0..=random.below(2) {
            match random.below(2) {
                0 => random.damage(&mut damaged, TAGS),
                _ => damaged = spoil(&mut random, &damaged, TAGS),
            }
        }
        *if agree(&damaged) { &mut accepted } else { &mut refused } += 1;
    }
    assert!(refused > 1_000 && accepted > 1_000, "{refused} refused, {accepted} accepted");
}

#[test]
fn damaged_requests_get_the_verdict_of_a_generated_decoder() {
    let [logs, metrics] = seeds();
    compare(&logs, agree_on_logs);
    compare(&metrics, agree_on_metrics);
}
