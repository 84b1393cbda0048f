//! Remote write 1.0 and 2.0, as far as a stand-in stores them.

use http::HeaderMap;
use prost::Message;

/// A request.
#[derive(Message)]
pub(crate) struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    pub(crate) timeseries: Vec<TimeSeries>,
}

/// A series with its samples.
#[derive(Message)]
pub(crate) struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    pub(crate) labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) samples: Vec<Sample>,
}

/// A label.
#[derive(Message)]
pub(crate) struct Label {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) value: String,
}

/// A sample.
#[derive(Message)]
pub(crate) struct Sample {
    #[prost(double, tag = "1")]
    pub(crate) value: f64,
    #[prost(int64, tag = "2")]
    pub(crate) timestamp: i64,
}

/// A request of 2.0.
#[derive(Message)]
struct Request2 {
    #[prost(string, repeated, tag = "4")]
    symbols: Vec<String>,
    #[prost(message, repeated, tag = "5")]
    timeseries: Vec<TimeSeries2>,
}

#[derive(Message)]
struct TimeSeries2 {
    #[prost(uint32, repeated, tag = "1")]
    references: Vec<u32>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

/// Reads a request of either version.
pub(crate) fn decode(headers: &HeaderMap, body: &[u8]) -> Result<WriteRequest, String> {
    if body.is_empty() {
        return Err("snappy: corrupt input".into());
    }
    let raw = snap::raw::Decoder::new().decompress_vec(body).map_err(|error| format!("snappy: {error}"))?;
    let kind = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.contains("io.prometheus.write.v2.Request") {
        Request2::decode(raw.as_slice()).map_err(|error| error.to_string())?.resolve()
    } else {
        WriteRequest::decode(raw.as_slice()).map_err(|error| error.to_string())
    }
}

impl Request2 {
    fn resolve(self) -> Result<WriteRequest, String> {
        let Self { symbols, timeseries } = self;
        let symbol = |reference: u32| symbols.get(usize::try_from(reference).ok()?).cloned();
        let label = |pair: &[u32]| match pair {
            [name, value] => Some(Label { name: symbol(*name)?, value: symbol(*value)? }),
            _ => None,
        };
        let series = |TimeSeries2 { references, samples }| {
            let labels: Option<Vec<_>> = references.chunks(2).map(label).collect();
            Some(TimeSeries { labels: labels?, samples })
        };
        let timeseries: Option<Vec<_>> = timeseries.into_iter().map(series).collect();
        Ok(WriteRequest { timeseries: timeseries.ok_or("a symbol is missing")? })
    }
}
