//! A stand-in for Mimir: remote write, queries of plain selectors, rules as text.

mod otlp;
mod series;
mod wire;

use crate::{
    reply::{Reply, bad_data, bytes, json, not_found, success, text},
    rules::Rules,
    selector::{Labels, Selector},
    server::{Asked, Service},
};
use http::{Method, StatusCode};
use serde_json::json;
use series::Series;
use std::collections::{BTreeMap, BTreeSet};
use wire::Pushed;

const BEYOND: &str = "this is a sandbox: it answers plain selectors such as up{job=\"a\"} only";

/// What is said of a push of remote write 2.0.
const WRITTEN: [&str; 3] = [
    "x-prometheus-remote-write-samples-written",
    "x-prometheus-remote-write-histograms-written",
    "x-prometheus-remote-write-exemplars-written",
];

/// The stand-in.
#[derive(Default)]
pub(crate) struct Mimir {
    tenants: BTreeMap<String, Series>,
    rules: Rules,
}

impl Service for Mimir {
    fn needs_tenant(&self, path: &str) -> bool {
        path != "/ready"
    }

    fn answer(&mut self, asked: &Asked) -> Reply {
        let api = asked.path.strip_prefix("/prometheus/api/v1/");
        match (&asked.method, asked.path.as_str(), api) {
            (_, "/ready", _) => text(StatusCode::OK, "ready\n"),
            (&Method::POST, "/api/v1/push", _) => self.store(asked, wire::decode(&asked.headers, &asked.body)),
            (&Method::POST, "/otlp/v1/metrics", _) => {
                self.store(asked, otlp::decode(&asked.headers, &asked.body).map(Pushed::from))
            }
            (_, "/prometheus/federate", _) => text(StatusCode::OK, ""),
            (_, _, Some(api)) => self.read(api, asked),
            (_, path, _) => match path.strip_prefix("/prometheus/config/v1/rules") {
                Some(rest) => self.rules.answer(rest, asked, || json(StatusCode::OK, &json!({}))),
                None => not_found(),
            },
        }
    }
}

impl Mimir {
    fn store(&mut self, asked: &Asked, pushed: Result<Pushed, String>) -> Reply {
        match pushed {
            Ok(Pushed { request, written }) => {
                self.tenants.entry(asked.tenant.clone()).or_default().add(request);
                let mut reply = text(StatusCode::OK, "");
                for (name, count) in WRITTEN.into_iter().zip(written.into_iter().flatten()) {
                    reply.headers_mut().insert(name, count.into());
                }
                reply
            }
            Err(problem) => text(StatusCode::BAD_REQUEST, &format!("{problem}\n")),
        }
    }

    fn read(&mut self, api: &str, asked: &Asked) -> Reply {
        let series = self.tenants.entry(asked.tenant.clone()).or_default();
        match api {
            "query" => instant(series, asked),
            "query_range" => range(series, asked),
            "series" => by_selectors(series, asked).map_or_else(|problem| bad_data(&problem), |found| success(&found)),
            "labels" => success(&series.labels().flat_map(Labels::keys).collect::<BTreeSet<_>>()),
            "metadata" => success(&json!({})),
            "query_exemplars" => success(&json!([])),
            // An empty ReadResponse in a snappy block.
            "read" => bytes(StatusCode::OK, "application/x-protobuf", &b"\0"[..]),
            "rules" => success(&json!({"groups": []})),
            "alerts" => success(&json!({"alerts": []})),
            "status/buildinfo" => success(&json!({"application": "Sandbox for Mimir", "version": "0"})),
            other => match other.strip_prefix("label/").and_then(|rest| rest.strip_suffix("/values")) {
                Some(name) => success(&series.labels().filter_map(|labels| labels.get(name)).collect::<BTreeSet<_>>()),
                None => not_found(),
            },
        }
    }
}

fn instant(series: &Series, asked: &Asked) -> Reply {
    let query = asked.parameter("query").unwrap_or_default();
    if let Some((selector, _)) = query.strip_suffix(']').and_then(|query| query.rsplit_once('[')) {
        return remembered(series, selector);
    }
    let at = asked.parameter("time").and_then(|time| time.parse().ok()).map_or(i64::MAX, millis);
    let Ok(selector) = Selector::parse(&query) else { return bad_data(BEYOND) };
    let found = series
        .at(&selector, at)
        .map(|(labels, time, value)| json!({"metric": labels, "value": [seconds(time), value]}));
    success(&json!({"resultType": "vector", "result": found.collect::<Vec<_>>()}))
}

/// The samples themselves: every one that is remembered, whatever range is asked for.
fn remembered(series: &Series, selector: &str) -> Reply {
    let Ok(selector) = Selector::parse(selector) else { return bad_data(BEYOND) };
    let sample = |(time, value): (&i64, &f64)| json!([seconds(*time), value.to_string()]);
    let found = series.all(&selector).map(|(labels, samples)| {
        let values: Vec<_> = samples.iter().map(sample).collect();
        json!({"metric": labels, "values": values})
    });
    success(&json!({"resultType": "matrix", "result": found.collect::<Vec<_>>()}))
}

fn range(series: &Series, asked: &Asked) -> Reply {
    let number = |name| asked.parameter(name).and_then(|text| text.parse::<f64>().ok());
    let (Some(start), Some(end), Some(step)) = (number("start"), number("end"), number("step")) else {
        return bad_data("start, end and step are needed, in seconds");
    };
    let Ok(selector) = Selector::parse(&asked.parameter("query").unwrap_or_default()) else { return bad_data(BEYOND) };
    let (start, end, step) = (millis(start), millis(end), millis(step).max(1));
    if (end - start) / step > 11_000 {
        return bad_data("exceeded maximum resolution of 11,000 points per timeseries");
    }
    let mut found: BTreeMap<&Labels, Vec<_>> = BTreeMap::new();
    for at in (0..=(end - start).max(0) / step).map(|index| start + index * step) {
        for (labels, _, value) in series.at(&selector, at) {
            found.entry(labels).or_default().push(json!([seconds(at), value]));
        }
    }
    let found: Vec<_> = found.into_iter().map(|(labels, values)| json!({"metric": labels, "values": values})).collect();
    success(&json!({"resultType": "matrix", "result": found}))
}

fn by_selectors<'s>(series: &'s Series, asked: &Asked) -> Result<Vec<&'s Labels>, String> {
    let parameters = asked.parameters();
    let selectors = parameters.iter().filter(|(name, _)| name == "match[]").map(|(_, text)| Selector::parse(text));
    let selectors: Vec<_> = selectors.collect::<Result<_, _>>()?;
    if selectors.is_empty() {
        return Err("no match[] parameter provided".into());
    }
    Ok(series.labels().filter(|labels| selectors.iter().any(|selector| selector.matches(labels))).collect())
}

#[expect(clippy::cast_possible_truncation, reason = "a time in milliseconds fits")]
fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

#[expect(clippy::cast_precision_loss, reason = "a time in milliseconds fits")]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}
