//! Remote write 1.0, as far as a stand-in stores it.

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

/// Reads a request.
pub(crate) fn decode(body: &[u8]) -> Result<WriteRequest, String> {
    if body.is_empty() {
        return Err("snappy: corrupt input".into());
    }
    let raw = snap::raw::Decoder::new().decompress_vec(body).map_err(|error| format!("snappy: {error}"))?;
    WriteRequest::decode(raw.as_slice()).map_err(|error| error.to_string())
}
