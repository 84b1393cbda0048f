//! A stand-in for Loki: pushes as JSON or protobuf, queries of stream selectors with line filters.

mod filter;
mod otlp;
mod wire;

use crate::{
    reply::{Reply, not_found, success, text},
    rules::Rules,
    selector::{Labels, Selector},
    server::{Asked, Service},
};
use filter::Filters;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What is asked for by Grafana, and of which the stand-in has none.
const OTHERS: &[&str] =
    &["index/stats", "index/volume", "index/volume_range", "patterns", "detected_labels", "detected_fields"];

/// How many lines of a stream are remembered.
const REMEMBERED: usize = 5_000;

/// The stand-in.
#[derive(Default)]
pub(crate) struct Loki {
    tenants: BTreeMap<String, Streams>,
    rules: Rules,
}

/// A tenant's streams: lines by time in nanoseconds.
type Streams = BTreeMap<Labels, Vec<(i64, String)>>;

impl Service for Loki {
    fn needs_tenant(&self, path: &str) -> bool {
        path != "/ready"
    }

    fn answer(&mut self, asked: &Asked) -> Reply {
        let streams = self.tenants.entry(asked.tenant.clone()).or_default();
        let api = asked.path.strip_prefix("/loki/api/v1/");
        match (&asked.method, asked.path.as_str(), api) {
            (_, "/ready", _) => text(StatusCode::OK, "ready\n"),
            (&Method::POST, _, Some("push")) => store(streams, wire::decode(&asked.headers, &asked.body)),
            (&Method::POST, "/otlp/v1/logs", _) => store(streams, otlp::decode(&asked.headers, &asked.body)),
            (_, _, Some("query" | "query_range")) => query(streams, asked),
            (_, _, Some("labels" | "label")) => {
                success(&streams.keys().flat_map(Labels::keys).collect::<BTreeSet<_>>())
            }
            (_, _, Some("series")) => series(streams, asked),
            (_, _, Some("tail")) => text(StatusCode::BAD_REQUEST, "Bad Request\n"),
            (_, _, Some(others)) if OTHERS.contains(&others) => success(&json!([])),
            (_, path, _) => self.others(path, asked),
        }
    }

    fn news(&mut self, asked: &Asked, sent: usize) -> Option<(Value, usize)> {
        let (selector, filters) = parse(&asked.parameter("query")?).ok()?;
        asked.path.strip_suffix("/tail")?;
        let streams = self.tenants.entry(asked.tenant.clone()).or_default();
        let matching = streams.iter().filter(|(labels, _)| selector.matches(labels));
        let entries = matching.flat_map(|(labels, lines)| lines.iter().map(move |(time, line)| (labels, time, line)));
        let entries: Vec<_> = entries.filter(|(_, _, line)| filters.pass(line)).collect();
        let frame = |(labels, time, line): &(&Labels, &i64, &String)| json!({"stream": labels, "values": [[time.to_string(), line]]});
        let news: Vec<_> = entries.iter().skip(sent).map(frame).collect();
        Some((json!({"streams": news}), entries.len()))
    }
}

/// A query as far as the stand-in understands it.
fn parse(query: &str) -> Result<(Selector, Filters), String> {
    let (selector, rest) = Selector::parse_prefix(query)?;
    Ok((selector, Filters::parse(rest)?))
}

impl Loki {
    fn others(&mut self, path: &str, asked: &Asked) -> Reply {
        for prefix in ["/loki/api/v1/rules", "/api/prom/rules"] {
            if let Some(rest) = path.strip_prefix(prefix) {
                return self.rules.answer(rest, asked, || text(StatusCode::NOT_FOUND, "no rule groups found\n"));
            }
        }
        let streams = self.tenants.entry(asked.tenant.clone()).or_default();
        match path.strip_prefix("/loki/api/v1/label/").and_then(|rest| rest.strip_suffix("/values")) {
            Some(name) => success(&streams.keys().filter_map(|labels| labels.get(name)).collect::<BTreeSet<_>>()),
            None => match path {
                "/prometheus/api/v1/rules" => success(&json!({"groups": []})),
                "/prometheus/api/v1/alerts" => success(&json!({"alerts": []})),
                _ => not_found(),
            },
        }
    }
}

fn store(streams: &mut Streams, pushed: Result<Vec<wire::Stream>, String>) -> Reply {
    match pushed {
        Ok(pushed) if pushed.is_empty() => {
            text(StatusCode::UNPROCESSABLE_ENTITY, "error at least one valid stream is required for ingestion\n")
        }
        Ok(pushed) => {
            for (labels, lines) in pushed {
                let stream = streams.entry(labels).or_default();
                stream.extend(lines);
                stream.sort();
                stream.drain(..stream.len().saturating_sub(REMEMBERED));
            }
            text(StatusCode::NO_CONTENT, "")
        }
        Err(problem) => text(StatusCode::BAD_REQUEST, &format!("{problem}\n")),
    }
}

fn query(streams: &Streams, asked: &Asked) -> Reply {
    let Ok((selector, filters)) = parse(&asked.parameter("query").unwrap_or_default()) else {
        return text(StatusCode::BAD_REQUEST, "this is a sandbox: it answers stream selectors with line filters only");
    };
    let number = |name| asked.parameter(name).and_then(|text| text.parse::<i64>().ok());
    let (start, end) = (number("start").unwrap_or(0), number("end").unwrap_or(i64::MAX));
    let limit = number("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(100);
    let mut found = Vec::new();
    for (labels, lines) in streams.iter().filter(|(labels, _)| selector.matches(labels)) {
        let inside = lines.iter().filter(|(time, line)| (start..end).contains(time) && filters.pass(line));
        let shown = |(time, line): &(i64, String)| json!([time.to_string(), line]);
        let values: Vec<_> = match asked.parameter("direction").as_deref() {
            Some("forward") => inside.take(limit).map(shown).collect(),
            _ => inside.rev().take(limit).map(shown).collect(),
        };
        if !values.is_empty() {
            found.push(json!({"stream": labels, "values": values}));
        }
    }
    success(&json!({"resultType": "streams", "result": found}))
}

fn series(streams: &Streams, asked: &Asked) -> Reply {
    let parameters = asked.parameters();
    let selectors = parameters.iter().filter(|(name, _)| name == "match[]" || name == "match");
    match selectors.map(|(_, text)| Selector::parse(text)).collect::<Result<Vec<_>, _>>() {
        Ok(selectors) => success(
            &streams
                .keys()
                .filter(|labels| selectors.iter().any(|selector| selector.matches(labels)))
                .collect::<Vec<_>>(),
        ),
        Err(problem) => text(StatusCode::BAD_REQUEST, &problem),
    }
}
