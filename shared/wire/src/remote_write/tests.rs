use super::*;
use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
    #[prost(message, repeated, tag = "3")]
    metadata: Vec<MetricMetadata>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    exemplars: Vec<Exemplar>,
    #[prost(message, repeated, tag = "4")]
    histograms: Vec<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(bytes = "vec", tag = "1")]
    name: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Exemplar {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(double, tag = "2")]
    value: f64,
    #[prost(int64, tag = "3")]
    timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
struct MetricMetadata {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(bytes = "vec", tag = "2")]
    metric_family_name: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    help: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    unit: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct BucketSpan {
    #[prost(sint32, tag = "1")]
    offset: i32,
    #[prost(uint32, tag = "2")]
    length: u32,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(uint64, tag = "1")]
    count_int: u64,
    #[prost(double, tag = "2")]
    count_float: f64,
    #[prost(double, tag = "3")]
    sum: f64,
    #[prost(sint32, tag = "4")]
    schema: i32,
    #[prost(double, tag = "5")]
    zero_threshold: f64,
    #[prost(uint64, tag = "6")]
    zero_count_int: u64,
    #[prost(double, tag = "7")]
    zero_count_float: f64,
    #[prost(message, repeated, tag = "8")]
    negative_spans: Vec<BucketSpan>,
    #[prost(sint64, repeated, tag = "9")]
    negative_deltas: Vec<i64>,
    #[prost(double, repeated, tag = "10")]
    negative_counts: Vec<f64>,
    #[prost(message, repeated, tag = "11")]
    positive_spans: Vec<BucketSpan>,
    #[prost(sint64, repeated, tag = "12")]
    positive_deltas: Vec<i64>,
    #[prost(double, repeated, tag = "13")]
    positive_counts: Vec<f64>,
    #[prost(int32, tag = "14")]
    reset_hint: i32,
    #[prost(int64, tag = "15")]
    timestamp: i64,
    #[prost(double, repeated, tag = "16")]
    custom_values: Vec<f64>,
}

fn label(name: &str, value: &str) -> Label {
    Label { name: name.into(), value: value.into() }
}

/// A request that uses every field of the schema.
fn everything() -> WriteRequest {
    let span = BucketSpan { offset: -3, length: 2 };
    let histogram = Histogram {
        count_int: 7,
        count_float: 7.0,
        sum: 1.5,
        schema: -4,
        zero_threshold: 1e-128,
        zero_count_int: 1,
        zero_count_float: 1.0,
        negative_spans: vec![span],
        negative_deltas: vec![-1, 300],
        negative_counts: vec![0.5],
        positive_spans: vec![span, span],
        positive_deltas: vec![1],
        positive_counts: vec![0.25, f64::NAN],
        reset_hint: 2,
        timestamp: -1,
        custom_values: vec![1.0],
    };
    let exemplar = Exemplar { labels: vec![label("trace_id", "x")], value: 2.0, timestamp: 1 };
    let series = TimeSeries {
        labels: vec![label("__name__", "up"), label("job", "é")],
        samples: vec![Sample { value: f64::NAN, timestamp: -1 }, Sample { value: 1.0, timestamp: 1 << 40 }],
        exemplars: vec![exemplar],
        histograms: vec![histogram],
    };
    let metadata = MetricMetadata { kind: 1, metric_family_name: "up".into(), help: "h".into(), unit: "u".into() };
    WriteRequest { timeseries: vec![series.clone(), series], metadata: vec![metadata] }
}

#[test]
fn every_field_of_the_schema_is_counted_or_passed() {
    let want = Contents { series: 2, samples: 4, histograms: 2, exemplars: 2, metadata: 1 };
    assert_eq!(check(&everything().encode_to_vec()), Ok(want));
    assert_eq!(check(b""), Ok(Contents::default()), "an empty request is well formed");
}

#[test]
fn unknown_fields_are_skipped_and_those_of_version_2_refused() {
    assert_eq!(check(b"\x7a\x02hi"), Ok(Contents::default()));
    assert_eq!(check(b"\x22\x00"), Err(ProtobufError::WrongMessage));
    assert_eq!(check(b"\x2a\x00"), Err(ProtobufError::WrongMessage));
}

/// The walk must say yes and no exactly where a generated decoder does.
#[test]
fn damaged_requests_get_the_verdict_of_a_generated_decoder() {
    let whole = everything().encode_to_vec();
    let (mut refused, mut accepted) = (0, 0);
    for index in 0..whole.len() {
        assert_eq!(check(&whole[..index]).is_ok(), WriteRequest::decode(&whole[..index]).is_ok(), "cut at {index}");
        for flip in [1, 2, 4, 0x80] {
            let mut damaged = whole.clone();
            damaged[index] ^= flip;
            let (ours, theirs) = (check(&damaged), WriteRequest::decode(damaged.as_slice()));
            if ours == Err(ProtobufError::WrongMessage) {
                continue;
            }
            if ours.is_ok() {
                accepted += 1
            } else {
                refused += 1
            }
            assert_eq!(ours.is_ok(), theirs.is_ok(), "byte {index} ^ {flip}: {ours:?}, {theirs:?}");
        }
    }
    assert!(refused > 100 && accepted > 100, "{refused} refused, {accepted} accepted");
}
