//! OpenTelemetry's metrics, as far as a stand-in stores them: gauges and sums, named as Mimir names them.

use super::wire::{Label, Sample, TimeSeries, WriteRequest};
use crate::{
    inflate::inflate,
    otlp::{KeyValue, Resource, labels, name},
    selector::Labels,
};
use http::HeaderMap;
use prost::{Message, Oneof};

#[derive(Message)]
struct Metrics {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<ResourceMetrics>,
}

#[derive(Message)]
struct ResourceMetrics {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<ScopeMetrics>,
}

#[derive(Message)]
struct ScopeMetrics {
    #[prost(message, repeated, tag = "2")]
    metrics: Vec<Metric>,
}

#[derive(Message)]
struct Metric {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "5")]
    gauge: Option<Points>,
    #[prost(message, optional, tag = "7")]
    sum: Option<Points>,
}

#[derive(Message)]
struct Points {
    #[prost(message, repeated, tag = "1")]
    points: Vec<Point>,
    #[prost(bool, tag = "3")]
    monotonic: bool,
}

#[derive(Message)]
struct Point {
    #[prost(fixed64, tag = "3")]
    time: u64,
    #[prost(oneof = "Number", tags = "4, 6")]
    value: Option<Number>,
    #[prost(message, repeated, tag = "7")]
    attributes: Vec<KeyValue>,
}

#[derive(Oneof)]
enum Number {
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(sfixed64, tag = "6")]
    Int(i64),
}

/// Reads an export request in protobuf, as the remote write it amounts to.
pub(super) fn decode(headers: &HeaderMap, body: &[u8]) -> Result<WriteRequest, String> {
    let metrics = Metrics::decode(inflate(headers, body)?.as_slice()).map_err(|error| error.to_string())?;
    Ok(WriteRequest { timeseries: metrics.resources.iter().flat_map(ResourceMetrics::series).collect() })
}

impl ResourceMetrics {
    fn series(&self) -> Vec<TimeSeries> {
        let resource = labels(self.resource.iter().flat_map(|resource| &resource.attributes));
        let job = resource.get("service_name").cloned().unwrap_or_default();
        let metrics = self.scopes.iter().flat_map(|scope| &scope.metrics);
        metrics.flat_map(|metric| metric.series(&job)).collect()
    }
}

impl Metric {
    fn series(&self, job: &str) -> Vec<TimeSeries> {
        let data = self.gauge.iter().chain(&self.sum);
        let of = |points: &Points| {
            let name = self.full_name(points);
            points.points.iter().map(|point| point.series(&name, job)).collect::<Vec<_>>()
        };
        data.flat_map(of).collect()
    }

    fn full_name(&self, points: &Points) -> String {
        format!("{}{}", name(&self.name), if points.monotonic { "_total" } else { "" })
    }
}

impl Point {
    fn series(&self, name: &str, job: &str) -> TimeSeries {
        let mut all: Labels = labels(&self.attributes);
        all.extend([("__name__", name), ("job", job)].map(|(name, value)| (name.to_owned(), value.to_owned())));
        let labels = all.into_iter().map(|(name, value)| Label { name, value }).collect();
        TimeSeries { labels, samples: vec![Sample { value: self.number(), timestamp: self.millis() }] }
    }

    #[expect(clippy::cast_precision_loss, reason = "as Mimir does")]
    const fn number(&self) -> f64 {
        match self.value {
            Some(Number::Double(value)) => value,
            Some(Number::Int(value)) => value as f64,
            None => 0.0,
        }
    }

    fn millis(&self) -> i64 {
        i64::try_from(self.time / 1_000_000).unwrap_or(i64::MAX)
    }
}
