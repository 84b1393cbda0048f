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
    #[prost(bytes = "vec", repeated, tag = "3")]
    histograms: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "4")]
    exemplars: Vec<Vec<u8>>,
}

/// What was pushed, and how much of it senders of 2.0 want to hear of: samples, histograms and exemplars.
pub(crate) struct Pushed {
    pub(crate) request: WriteRequest,
    pub(crate) written: Option<[usize; 3]>,
}

impl From<WriteRequest> for Pushed {
    fn from(request: WriteRequest) -> Self {
        Self { request, written: None }
    }
}

/// Reads a request of either version.
pub(crate) fn decode(headers: &HeaderMap, body: &[u8]) -> Result<Pushed, String> {
    if body.is_empty() {
        return Err("snappy: corrupt input".into());
    }
    let raw = snap::raw::Decoder::new().decompress_vec(body).map_err(|error| format!("snappy: {error}"))?;
    let kind = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.contains("io.prometheus.write.v2.Request") {
        Request2::decode(raw.as_slice()).map_err(|error| error.to_string())?.resolve()
    } else {
        WriteRequest::decode(raw.as_slice()).map(Pushed::from).map_err(|error| error.to_string())
    }
}

impl Request2 {
    fn resolve(self) -> Result<Pushed, String> {
        let written = self.written();
        let Self { symbols, timeseries } = self;
        let symbol = |reference: u32| symbols.get(usize::try_from(reference).ok()?).cloned();
        let label = |pair: &[u32]| match pair {
            [name, value] => Some(Label { name: symbol(*name)?, value: symbol(*value)? }),
            _ => None,
        };
        let series = |TimeSeries2 { references, samples, .. }| {
            let labels: Option<Vec<_>> = references.chunks(2).map(label).collect();
            Some(TimeSeries { labels: labels?, samples })
        };
        let timeseries: Option<Vec<_>> = timeseries.into_iter().map(series).collect();
        let request = WriteRequest { timeseries: timeseries.ok_or("a symbol is missing")? };
        Ok(Pushed { request, written: Some(written) })
    }

    /// All that was received, as Mimir counts it.
    fn written(&self) -> [usize; 3] {
        let count = |of: fn(&TimeSeries2) -> usize| self.timeseries.iter().map(of).sum();
        [
            count(|series| series.samples.len()),
            count(|series| series.histograms.len()),
            count(|series| series.exemplars.len()),
        ]
    }
}
