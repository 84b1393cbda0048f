//! Remote write as Prometheus sends it: a scrape of a node exporter, and a batch of a Kubernetes cluster.

use crate::Case;
use cockpit_wire::{
    checks::Limits,
    identity::Open,
    protobuf::ProtobufError,
    remote_write::{Judged, Validator, version1, version2},
    snappy,
};
use prost::Message;
use std::{collections::HashMap, rc::Rc};

/// A moment in 2023, in milliseconds.
const NOW: i64 = 1_699_565_000_000;

/// The most that anything may inflate to.
const LIMIT: usize = 32 << 20;

type Labels = Vec<(&'static str, String)>;

#[derive(Message)]
struct Request1 {
    #[prost(message, repeated, tag = "1")]
    series: Vec<Series1>,
}

#[derive(Message)]
struct Series1 {
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

#[derive(Message)]
struct Request2 {
    #[prost(string, repeated, tag = "4")]
    symbols: Vec<String>,
    #[prost(message, repeated, tag = "5")]
    series: Vec<Series2>,
}

#[derive(Message)]
struct Series2 {
    #[prost(uint32, repeated, tag = "1")]
    references: Vec<u32>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

/// One scrape of one node: 2,000 series that share most labels.
fn node() -> Vec<Labels> {
    let series = |index: usize| {
        vec![
            ("__name__", format!("node_cpu_{}_seconds_total", index % 40)),
            ("cluster", "production-eu-west".into()),
            ("cpu", (index / 40).to_string()),
            ("instance", "node-exporter-7.monitoring.svc:9100".into()),
            ("job", "node-exporter".into()),
            ("mode", ["idle", "iowait", "system", "user"][index % 4].into()),
            ("namespace", "monitoring".into()),
            ("pod", "node-exporter-7".into()),
        ]
    };
    (0..2_000).map(series).collect()
}

/// A batch of many pods: 10,000 series, of which neighbours differ in half of their labels.
fn cluster() -> Vec<Labels> {
    let series = |index: usize| {
        vec![
            ("__name__", format!("container_network_{}_bytes_total", index % 25)),
            ("cluster", "production-eu-west".into()),
            ("container", format!("server-{}", index % 3)),
            ("id", format!("/kubepods/burstable/pod{:016x}/{:016x}", index / 25, index.wrapping_mul(7919))),
            ("image", "registry.example/shop/checkout:v1.42.0".into()),
            ("instance", format!("10.0.{}.{}:10250", index / 2_500, index % 250)),
            ("job", "kubelet".into()),
            ("namespace", "shop".into()),
            ("pod", format!("checkout-7f9c6d5b4-{:05}", index / 25)),
        ]
    };
    (0..10_000).map(series).collect()
}

fn samples() -> Vec<Sample> {
    vec![Sample { value: 1.5, timestamp: NOW }]
}

fn first(series: &[Labels]) -> Vec<u8> {
    let label = |(name, value): &(&'static str, String)| Label { name: (*name).into(), value: value.clone() };
    let one = |labels: &Labels| Series1 { labels: labels.iter().map(label).collect(), samples: samples() };
    Request1 { series: series.iter().map(one).collect() }.encode_to_vec()
}

fn second(series: &[Labels]) -> Vec<u8> {
    let (mut symbols, mut known) = (vec![String::new()], HashMap::new());
    let mut refer = |text: &str| {
        *known.entry(text.to_owned()).or_insert_with(|| {
            symbols.push(text.to_owned());
            u32::try_from(symbols.len() - 1).unwrap()
        })
    };
    let one = |labels: &Labels| Series2 {
        references: labels.iter().flat_map(|(name, value)| [refer(name), refer(value)]).collect(),
        samples: samples(),
    };
    let series = series.iter().map(one).collect();
    Request2 { symbols, series }.encode_to_vec()
}

/// Checks everything; here, nothing is refused.
fn check(walk: impl Fn(&mut Validator<'_, Open>) -> Result<Judged, ProtobufError>) -> usize {
    let (limits, mut open) = (Limits::default(), Open);
    let mut validator = Validator::new(&limits, NOW, &mut open);
    let judged = walk(&mut validator).unwrap();
    assert!(judged.patch.is_empty() && validator.into_report().is_clean());
    judged.kept.samples
}

/// The cases of metrics.
pub fn cases() -> Vec<Case> {
    let batches = [
        (
            node(),
            ["node, 1.0: walk and check", "node, 1.0: prost", "node, 1.0, snappy: inflate, walk and check"],
            ["node, 2.0: walk and check", "node, 2.0: prost"],
        ),
        (
            cluster(),
            ["cluster, 1.0: walk and check", "cluster, 1.0: prost", "cluster, 1.0, snappy: inflate, walk and check"],
            ["cluster, 2.0: walk and check", "cluster, 2.0: prost"],
        ),
    ];
    batches.into_iter().flat_map(|(series, one, two)| batch(&series, one, two)).collect()
}

fn batch(series: &[Labels], one: [&'static str; 3], two: [&'static str; 2]) -> Vec<Case> {
    let (first, second) = (Rc::new(first(series)), Rc::new(second(series)));
    let block = snap::raw::Encoder::new().compress_vec(&first).unwrap();
    let items = series.len();
    let case = |name, bytes: &Rc<Vec<u8>>, run: Box<dyn Fn() -> usize>| Case { name, bytes: bytes.len(), items, run };
    let (a, b, c, d) = (Rc::clone(&first), Rc::clone(&first), Rc::clone(&second), Rc::clone(&second));
    vec![
        case(one[0], &first, Box::new(move || check(|judge| version1::walk(&a, judge)))),
        case(one[1], &first, Box::new(move || Request1::decode(b.as_slice()).unwrap().series.len())),
        case(one[2], &first, {
            Box::new(move || {
                let request = snappy::inflate(&block, LIMIT).unwrap();
                check(|judge| version1::walk(&request, judge))
            })
        }),
        case(two[0], &second, Box::new(move || check(|judge| version2::walk(&c, judge)))),
        case(two[1], &second, Box::new(move || Request2::decode(d.as_slice()).unwrap().series.len())),
    ]
}
