//! Usage as Prometheus knows it: names, kinds and labels, wherever it is shown.

use super::{Reason, Usage};
use crate::Signal;

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something that only grows.
    Counter,
    /// Something that is.
    Gauge,
}

/// A metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it tells, in a sentence.
    pub help: &'static str,
    /// What it counts.
    pub kind: Kind,
    /// Its labels.
    pub labels: Vec<(&'static str, &'static str)>,
    /// Its value.
    pub value: u64,
}

const PUSHES: &str = "Pushes that were let in.";
const REFUSED_PUSHES: &str = "Pushes that were refused, by reason.";
const REFUSED_PARTS: &str = "Series, samples, log entries and other parts that were cut out of pushes, by reason.";

/// All that is known of a signal's usage. `ever` is what there ever was, with what is active now.
pub fn metrics(signal: Signal, ever: &Usage) -> Vec<Metric> {
    let of_signal = vec![("signal", signal.name())];
    let metric = |name, help, kind, labels, value| Metric { name, help, kind, labels, value };
    let (units, what_units, active, what_active) = match signal {
        Signal::Metrics => (
            "cockpit_ingested_samples_total",
            "Samples, histograms, exemplars and metadata that were let in.",
            "cockpit_active_series",
            "Series seen within the last 10 to 20 minutes.",
        ),
        Signal::Logs => (
            "cockpit_ingested_log_bytes_total",
            "Uncompressed bytes of logs that were let in.",
            "cockpit_active_streams",
            "Streams seen within the last 10 to 20 minutes.",
        ),
    };
    let mut all = vec![
        metric(units, what_units, Kind::Counter, vec![], ever.units),
        metric("cockpit_pushes_total", PUSHES, Kind::Counter, of_signal.clone(), ever.requests),
        metric(active, what_active, Kind::Gauge, vec![], ever.active),
    ];
    all.extend(Reason::ALL.map(|reason| {
        let (name, help) = match reason {
            Reason::Rate | Reason::TokenRate => ("cockpit_refused_pushes_total", REFUSED_PUSHES),
            Reason::Active | Reason::Budget | Reason::Invalid => ("cockpit_refused_parts_total", REFUSED_PARTS),
        };
        let labels = [&of_signal[..], &[("reason", reason.name())]].concat();
        metric(name, help, Kind::Counter, labels, ever.refused(reason))
    }));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_metrics_share_name_and_labels_and_every_reason_is_told() {
        let usage = Usage { units: 5, cut_budget: 7, ..Usage::default() };
        let all: Vec<_> = Signal::ALL.into_iter().flat_map(|signal| metrics(signal, &usage)).collect();
        let names: BTreeSet<_> = all.iter().map(|metric| (metric.name, &metric.labels)).collect();
        assert_eq!(names.len(), all.len());
        assert_eq!(all.iter().filter(|metric| metric.value == 7).count(), 2);
        assert_eq!(all.iter().filter(|metric| metric.value == 5).count(), 2);
    }
}
