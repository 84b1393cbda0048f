//! Writes the remote-write request that `scripts/bench` sends: one scrape of a node exporter, about 2,000 series of
//! one sample of this moment, compressed, to standard output: older ones would be refused.

#![forbid(unsafe_code)]

use prost::Message;
use std::{
    io::{self, Write},
    time::{Duration, SystemTime},
};

/// How many series a scrape has.
const SERIES: i64 = 2_000;

#[derive(Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

fn main() -> io::Result<()> {
    let now = i64::try_from(since_1970().as_millis()).map_err(io::Error::other)?;
    let request = WriteRequest { timeseries: (0..SERIES).map(|index| series(index, now)).collect() };
    let block = snap::raw::Encoder::new().compress_vec(&request.encode_to_vec()).map_err(io::Error::other)?;
    io::stdout().write_all(&block)
}

#[expect(clippy::disallowed_methods, reason = "senders go by the clock")]
fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn series(index: i64, timestamp: i64) -> TimeSeries {
    let labels = [
        ("__name__", format!("node_cpu_{}_seconds_total", index % 40)),
        ("cluster", "production-eu-west".to_owned()),
        ("cpu", (index / 40).to_string()),
        ("instance", "node-exporter-7.monitoring.svc:9100".to_owned()),
        ("job", "node-exporter".to_owned()),
        ("mode", mode(index).to_owned()),
        ("namespace", "monitoring".to_owned()),
        ("pod", "node-exporter-7".to_owned()),
    ];
    let value = f64::from(i32::try_from(index).unwrap_or(0)) * 1.5;
    TimeSeries {
        labels: labels.into_iter().map(|(name, value)| Label { name: name.to_owned(), value }).collect(),
        samples: vec![Sample { value, timestamp }],
    }
}

const fn mode(index: i64) -> &'static str {
    match index % 4 {
        0 => "idle",
        1 => "iowait",
        2 => "system",
        _ => "user",
    }
}
