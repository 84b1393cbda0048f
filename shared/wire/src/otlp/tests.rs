use super::*;
use crate::random::{Random, rounds};
use prost::Message as _;

/// The schema as prost reads it, with bytes for strings.
mod proto {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Logs {
        #[prost(message, repeated, tag = "1")]
        pub(super) resources: Vec<ResourceLogs>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct ResourceLogs {
        #[prost(message, optional, tag = "1")]
        pub(super) resource: Option<Resource>,
        #[prost(message, repeated, tag = "2")]
        pub(super) scopes: Vec<ScopeLogs>,
        #[prost(bytes = "vec", tag = "3")]
        pub(super) schema_url: Vec<u8>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Resource {
        #[prost(message, repeated, tag = "1")]
        pub(super) attributes: Vec<KeyValue>,
        #[prost(uint32, tag = "2")]
        pub(super) dropped: u32,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct ScopeLogs {
        #[prost(message, optional, tag = "1")]
        pub(super) scope: Option<Scope>,
        #[prost(message, repeated, tag = "2")]
        pub(super) records: Vec<LogRecord>,
        #[prost(bytes = "vec", tag = "3")]
        pub(super) schema_url: Vec<u8>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Scope {
        #[prost(bytes = "vec", tag = "1")]
        pub(super) name: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        pub(super) version: Vec<u8>,
        #[prost(message, repeated, tag = "3")]
        pub(super) attributes: Vec<KeyValue>,
        #[prost(uint32, tag = "4")]
        pub(super) dropped: u32,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct LogRecord {
        #[prost(fixed64, tag = "1")]
        pub(super) time: u64,
        #[prost(int32, tag = "2")]
        pub(super) severity: i32,
        #[prost(bytes = "vec", tag = "3")]
        pub(super) severity_text: Vec<u8>,
        #[prost(message, optional, tag = "5")]
        pub(super) body: Option<AnyValue>,
        #[prost(message, repeated, tag = "6")]
        pub(super) attributes: Vec<KeyValue>,
        #[prost(uint32, tag = "7")]
        pub(super) dropped: u32,
        #[prost(fixed32, tag = "8")]
        pub(super) flags: u32,
        #[prost(bytes = "vec", tag = "9")]
        pub(super) trace: Vec<u8>,
        #[prost(bytes = "vec", tag = "10")]
        pub(super) span: Vec<u8>,
        #[prost(fixed64, tag = "11")]
        pub(super) observed: u64,
        #[prost(bytes = "vec", tag = "12")]
        pub(super) event: Vec<u8>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct KeyValue {
        #[prost(bytes = "vec", tag = "1")]
        pub(super) key: Vec<u8>,
        #[prost(message, optional, tag = "2")]
        pub(super) value: Option<AnyValue>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct AnyValue {
        #[prost(oneof = "Any", tags = "1, 2, 3, 4, 5, 6, 7")]
        pub(super) value: Option<Any>,
    }
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub(super) enum Any {
        #[prost(bytes, tag = "1")]
        Text(Vec<u8>),
        #[prost(bool, tag = "2")]
        Bool(bool),
        #[prost(int64, tag = "3")]
        Int(i64),
        #[prost(double, tag = "4")]
        Double(f64),
        #[prost(message, tag = "5")]
        Array(Array),
        #[prost(message, tag = "6")]
        Pairs(Pairs),
        #[prost(bytes, tag = "7")]
        Bytes(Vec<u8>),
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Array {
        #[prost(message, repeated, tag = "1")]
        pub(super) values: Vec<AnyValue>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Pairs {
        #[prost(message, repeated, tag = "1")]
        pub(super) values: Vec<KeyValue>,
    }
}

use proto::{Any, AnyValue, KeyValue};

fn any(value: Any) -> AnyValue {
    AnyValue { value: Some(value) }
}

/// A request that uses every field of the schema: three records.
fn everything() -> proto::Logs {
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
    let attributes =
        vec![KeyValue { key: "m".into(), value: Some(any(Any::Pairs(proto::Pairs { values: vec![pair] }))) }];
    let record = proto::LogRecord {
        time: 1,
        severity: 9,
        severity_text: "info".into(),
        body: attributes[0].value.clone(),
        attributes: attributes.clone(),
        dropped: 300,
        flags: 1,
        trace: vec![1; 16],
        span: vec![2; 8],
        observed: 2,
        event: "e".into(),
    };
    let scope = proto::Scope { name: "n".into(), version: "v".into(), attributes: attributes.clone(), dropped: 1 };
    let scopes = vec![proto::ScopeLogs { scope: Some(scope), records: vec![record; 3], schema_url: "s".into() }];
    let resource = Some(proto::Resource { attributes, dropped: 2 });
    proto::Logs { resources: vec![proto::ResourceLogs { resource, scopes, schema_url: "s".into() }] }
}

#[test]
fn every_record_is_counted() {
    assert_eq!(logs(&everything().encode_to_vec()), Ok(3));
    assert_eq!(logs(b""), Ok(0));
    assert_eq!(logs(b"\x7a\x02hi"), Ok(0), "unknown fields are skipped");
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

#[test]
fn damaged_requests_get_the_verdict_of_a_generated_decoder() {
    let whole = everything().encode_to_vec();
    let mut random = Random::new(1);
    let (mut refused, mut accepted) = (0_u32, 0_u32);
    for _ in 0..rounds(20_000) {
        let mut damaged = whole.clone();
        for _ in 0..=random.below(2) {
            random.damage(&mut damaged, b"\x08\x0a\x10\x12\x1a\x22\x2a\x32\x3a\x00\x01\x80\xff\x09\x0d");
        }
        let (ours, theirs) = (logs(&damaged), proto::Logs::decode(damaged.as_slice()));
        assert_eq!(ours.is_ok(), theirs.is_ok(), "{ours:?}, {theirs:?}: {damaged:?}");
        let records = |logs: &proto::Logs| logs.resources.iter().flat_map(|r| &r.scopes).map(|s| s.records.len()).sum();
        assert_eq!(ours.ok(), theirs.as_ref().map(records).ok());
        *if theirs.is_ok() { &mut accepted } else { &mut refused } += 1;
    }
    assert!(refused > 1_000 && accepted > 1_000, "{refused} refused, {accepted} accepted");
}
