//! Loki's push formats: JSON plain or compressed, and protobuf in a snappy block.

use crate::{
    inflate::inflate,
    selector::{Labels, quoted},
};
use http::HeaderMap;
use prost::Message;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A stream's labels and its lines by time in nanoseconds.
pub(super) type Stream = (Labels, Vec<(i64, String)>);

#[derive(Message)]
struct PushRequest {
    #[prost(message, repeated, tag = "1")]
    streams: Vec<ProtoStream>,
}

#[derive(Message)]
struct ProtoStream {
    #[prost(string, tag = "1")]
    labels: String,
    #[prost(message, repeated, tag = "2")]
    entries: Vec<Entry>,
}

#[derive(Message)]
struct Entry {
    #[prost(message, optional, tag = "1")]
    timestamp: Option<Moment>,
    #[prost(string, tag = "2")]
    line: String,
}

#[derive(Message)]
struct Moment {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[derive(Deserialize)]
struct JsonPush {
    #[serde(default)]
    streams: Vec<JsonStream>,
}

#[derive(Deserialize)]
struct JsonStream {
    stream: BTreeMap<String, String>,
    values: Option<Vec<Option<Vec<serde_json::Value>>>>,
}

/// Reads a push by its headers.
pub(crate) fn decode(headers: &HeaderMap, body: &[u8]) -> Result<Vec<Stream>, String> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body = inflate(headers, body)?;
    if header("content-type").to_ascii_lowercase().starts_with("application/json") {
        json(&body)
    } else {
        protobuf(&body)
    }
}

fn json(body: &[u8]) -> Result<Vec<Stream>, String> {
    let push: JsonPush = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    push.streams
        .into_iter()
        .map(|stream| {
            let values = stream.values.unwrap_or_default();
            Ok((stream.stream, values.iter().flatten().map(|value| entry(value)).collect::<Result<_, _>>()?))
        })
        .collect()
}

fn entry(values: &[serde_json::Value]) -> Result<(i64, String), String> {
    let text = |index: usize| values.get(index).and_then(serde_json::Value::as_str);
    let time = text(0).and_then(|time| time.parse().ok()).ok_or("a timestamp must be a string of nanoseconds")?;
    Ok((time, text(1).unwrap_or_default().to_owned()))
}

fn protobuf(body: &[u8]) -> Result<Vec<Stream>, String> {
    if body.is_empty() {
        return Err("snappy: corrupt input".into());
    }
    let raw = snap::raw::Decoder::new().decompress_vec(body).map_err(|error| format!("snappy: {error}"))?;
    let push = PushRequest::decode(raw.as_slice()).map_err(|error| error.to_string())?;
    push.streams
        .into_iter()
        .map(|stream| Ok((labels(&stream.labels)?, stream.entries.into_iter().map(Entry::line).collect())))
        .collect()
}

impl Entry {
    fn line(self) -> (i64, String) {
        let at = self.timestamp.unwrap_or_default();
        (at.seconds.saturating_mul(1_000_000_000).saturating_add(i64::from(at.nanos)), self.line)
    }
}

/// Reads `{a="b", c="d"}`.
fn labels(text: &str) -> Result<Labels, String> {
    let mut rest = text.trim().strip_prefix('{').ok_or("labels begin with a brace")?;
    let mut labels = Labels::new();
    loop {
        rest = rest.trim_start().trim_start_matches(',').trim_start();
        if rest.strip_prefix('}').is_some() {
            return Ok(labels);
        }
        let (name, after) = rest.split_once('=').ok_or("a label is expected")?;
        let (value, after) = quoted(after.trim_start())?;
        labels.insert(name.trim().to_owned(), value);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_say_the_same() {
        let mut headers = HeaderMap::new();
        let entry = Entry { timestamp: Some(Moment { seconds: 1, nanos: 2 }), line: "x".into() };
        let stream = ProtoStream { labels: r#"{a="b", c="d\"e"}"#.into(), entries: vec![entry] };
        let block =
            snap::raw::Encoder::new().compress_vec(&PushRequest { streams: vec![stream] }.encode_to_vec()).unwrap();
        let want = decode(&headers, &block).unwrap();
        assert_eq!(want[0].1, [(1_000_000_002, "x".to_owned())]);
        headers.insert("content-type", "application/json; charset=utf-8".parse().unwrap());
        let json = r#"{"streams":[{"stream":{"a":"b","c":"d\"e"},"values":[["1000000002","x"]]}]}"#;
        assert_eq!(decode(&headers, json.as_bytes()).unwrap(), want);
    }
}
