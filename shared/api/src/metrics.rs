//! What a project ingested, as time series.

use crate::{request::Query, time::rfc3339};
use cockpit_core::{Refusal, Timestamp};
use cockpit_quota::{
    Signal,
    usage::{History, Usage},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a project ingested.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Metrics {
    /// One for each metric and resolution of which anything is known.
    pub timeseries: Vec<TimeSeries>,
}

/// One time series.
#[derive(Debug, JsonSchema, PartialEq, Serialize)]
pub struct TimeSeries {
    /// The metric.
    pub name: &'static str,
    /// Moments, RFC 3339, and values.
    pub points: Vec<(String, f64)>,
    /// The signal, the unit, the seconds of a step and, of what was refused, the reason.
    pub metadata: BTreeMap<&'static str, String>,
}

/// A metric that usage tells of.
struct Metric {
    name: &'static str,
    signal: Signal,
    unit: &'static str,
    reason: Option<&'static str>,
    value: fn(&Usage) -> u64,
}

/// Every metric.
const METRICS: &[Metric] = &[
    metric("ingested_samples", Signal::Metrics, "samples", |usage| usage.units),
    metric("ingested_log_bytes", Signal::Logs, "bytes", |usage| usage.units),
    metric("pushes", Signal::Metrics, "requests", |usage| usage.requests),
    metric("pushes", Signal::Logs, "requests", |usage| usage.requests),
    metric("active_series", Signal::Metrics, "series", |usage| usage.active),
    metric("active_streams", Signal::Logs, "streams", |usage| usage.active),
    refused("refused_pushes", Signal::Metrics, "requests", "rate_limited", |usage| usage.throttled),
    refused("refused_pushes", Signal::Logs, "requests", "rate_limited", |usage| usage.throttled),
    refused("refused_pushes", Signal::Metrics, "requests", "token_rate_limited", |usage| usage.throttled_token),
    refused("refused_pushes", Signal::Logs, "requests", "token_rate_limited", |usage| usage.throttled_token),
    refused("refused_series", Signal::Metrics, "series", "too_many_active", |usage| usage.cut),
    refused("refused_series", Signal::Metrics, "series", "over_budget", |usage| usage.cut_budget),
    refused("refused_log_entries", Signal::Logs, "entries", "too_many_active", |usage| usage.cut),
    refused("refused_log_entries", Signal::Logs, "entries", "over_budget", |usage| usage.cut_budget),
    refused("refused_parts", Signal::Metrics, "parts", "invalid", |usage| usage.invalid),
    refused("refused_parts", Signal::Logs, "parts", "invalid", |usage| usage.invalid),
];

const fn metric(name: &'static str, signal: Signal, unit: &'static str, value: fn(&Usage) -> u64) -> Metric {
    Metric { name, signal, unit, reason: None, value }
}

const fn refused(
    name: &'static str,
    signal: Signal,
    unit: &'static str,
    reason: &'static str,
    value: fn(&Usage) -> u64,
) -> Metric {
    Metric { name, signal, unit, reason: Some(reason), value }
}

/// Which part of the usage is asked for.
#[derive(Debug)]
pub struct MetricsFilter {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    name: Option<String>,
}

impl MetricsFilter {
    /// Reads `start_date`, `end_date` and `metric_name`.
    pub fn parse(query: &Query) -> Result<Self, Refusal> {
        let name = query.value("metric_name").map(ToOwned::to_owned);
        Ok(Self { start: query.moment("start_date")?, end: query.moment("end_date")?, name })
    }

    /// The time series of a signal's usage. Of each moment only the finest resolution that is kept is shown.
    pub fn of(&self, signal: Signal, history: &History) -> Vec<TimeSeries> {
        let wanted = METRICS.iter().filter(|metric| metric.signal == signal);
        let wanted = wanted.filter(|metric| self.name.as_ref().is_none_or(|name| name == metric.name));
        wanted.flat_map(|metric| self.series(metric, history)).collect()
    }

    fn series(&self, metric: &Metric, history: &History) -> Vec<TimeSeries> {
        let first = |steps: &[Usage]| steps.first().map_or(u64::MAX, |usage| usage.start);
        let (minutes, hours) = (first(&history.minutes), first(&history.hours));
        [
            (60, &history.minutes, u64::MAX),
            (3_600, &history.hours, minutes),
            (86_400, &history.days, minutes.min(hours)),
        ]
        .into_iter()
        .filter_map(|(step, usages, before)| self.steps(metric, step, usages, before))
        .collect()
    }

    fn steps(&self, metric: &Metric, step: u64, usages: &[Usage], before: u64) -> Option<TimeSeries> {
        let older = usages.iter().filter(|usage| usage.start.saturating_add(step) <= before || step == 60);
        let points: Vec<_> = older
            .filter(|usage| self.covers(usage.start) && (metric.value)(usage) > 0)
            .map(|usage| (rfc3339(moment(usage.start)), number((metric.value)(usage))))
            .collect();
        let signal = ("signal", metric.signal.name().to_owned());
        let known = [signal, ("unit", metric.unit.to_owned()), ("step_seconds", step.to_string())];
        let metadata = known.into_iter().chain(metric.reason.map(|reason| ("reason", reason.to_owned()))).collect();
        (!points.is_empty()).then_some(TimeSeries { name: metric.name, points, metadata })
    }

    fn covers(&self, start: u64) -> bool {
        let at = moment(start);
        self.start.is_none_or(|start| at >= start) && self.end.is_none_or(|end| at <= end)
    }
}

fn moment(seconds: u64) -> Timestamp {
    Timestamp::from_micros(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000))
}

#[expect(clippy::cast_precision_loss, reason = "JSON's numbers are no finer")]
fn number(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(query: &str) -> MetricsFilter {
        MetricsFilter::parse(&Query::parse(query)).unwrap()
    }

    fn history() -> History {
        let usage = |start, units, throttled| Usage { start, units, requests: 1, throttled, ..Usage::default() };
        let mut history = History::default();
        history.minutes = vec![usage(7_200, 5, 0), usage(7_260, 6, 2)];
        history.hours = vec![usage(0, 3, 0), usage(3_600, 4, 0), usage(7_200, 11, 2)];
        history.days = vec![usage(0, 18, 2)];
        history
    }

    #[test]
    fn usage_is_shown_once_at_the_finest_resolution_that_is_kept() {
        let all = filter("metric_name=ingested_samples").of(Signal::Metrics, &history());
        let points: Vec<_> =
            all.iter().map(|series| (series.metadata["step_seconds"].as_str(), series.points.len())).collect();
        assert_eq!(points, [("60", 2), ("3600", 2)]);
        let sum: f64 = all.iter().flat_map(|series| &series.points).map(|(_, value)| value).sum();
        assert!((sum - 18.0).abs() < f64::EPSILON);
        assert_eq!(all[0].points[0], ("1970-01-01T02:00:00.000000Z".into(), 5.0));
    }

    #[test]
    fn a_filter_chooses_metric_and_time() {
        let refused = filter("metric_name=refused_pushes").of(Signal::Metrics, &history());
        assert_eq!(refused[0].metadata["reason"], "rate_limited");
        let early = filter("start_date=1970-01-01T00:30:00Z&end_date=1970-01-01T01:30:00Z");
        let early = early.of(Signal::Metrics, &history());
        assert!(early.iter().all(|series| series.points.len() == 1), "{early:?}");
        assert!(MetricsFilter::parse(&Query::parse("start_date=x")).is_err());
        assert_eq!(filter("").of(Signal::Logs, &History::default()), []);
    }
}
