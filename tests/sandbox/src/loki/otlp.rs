//! OpenTelemetry's logs, as far as a stand-in stores them: the resource's texts are the labels, the body is the line.

use super::wire::Stream;
use crate::{
    inflate::inflate,
    otlp::{AnyValue, Resource, labels},
    selector::Labels,
};
use http::HeaderMap;
use prost::Message;

#[derive(Message)]
struct Logs {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<ResourceLogs>,
}

#[derive(Message)]
struct ResourceLogs {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<ScopeLogs>,
}

#[derive(Message)]
struct ScopeLogs {
    #[prost(message, repeated, tag = "2")]
    records: Vec<LogRecord>,
}

#[derive(Message)]
struct LogRecord {
    #[prost(fixed64, tag = "1")]
    time: u64,
    #[prost(fixed64, tag = "11")]
    observed: u64,
    #[prost(message, optional, tag = "5")]
    body: Option<AnyValue>,
}

/// Reads an export request in protobuf.
pub(super) fn decode(headers: &HeaderMap, body: &[u8]) -> Result<Vec<Stream>, String> {
    let logs = Logs::decode(inflate(headers, body)?.as_slice()).map_err(|error| error.to_string())?;
    Ok(logs.resources.into_iter().map(|resource| (resource.labels(), resource.lines())).collect())
}

impl ResourceLogs {
    fn labels(&self) -> Labels {
        labels(self.resource.iter().flat_map(|resource| &resource.attributes))
    }

    fn lines(&self) -> Vec<(i64, String)> {
        let records = self.scopes.iter().flat_map(|scope| &scope.records);
        let line = |record: &LogRecord| {
            let time = if record.time == 0 { record.observed } else { record.time };
            (
                i64::try_from(time).unwrap_or(i64::MAX),
                record.body.as_ref().map(|body| body.text.clone()).unwrap_or_default(),
            )
        };
        records.map(line).collect()
    }
}
