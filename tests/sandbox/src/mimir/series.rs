//! One tenant's series, the newest samples of each.

use super::wire::WriteRequest;
use crate::selector::{Labels, Selector};
use std::collections::BTreeMap;

/// How many samples of a series are remembered.
const REMEMBERED: usize = 2_000;

/// How many series a tenant may have; more are forgotten at once.
const SERIES: usize = 50_000;

/// A sample older than this is no longer current.
const LOOKBACK_MILLIS: i64 = 5 * 60 * 1000;

/// The value that marks a series as ended.
const STALE: u64 = 0x7ff0_0000_0000_0002;

/// A tenant's series.
#[derive(Default)]
pub(crate) struct Series(BTreeMap<Labels, BTreeMap<i64, f64>>);

impl Series {
    /// Adds what a request holds.
    pub(crate) fn add(&mut self, request: WriteRequest) {
        for series in request.timeseries {
            let labels: Labels = series.labels.into_iter().map(|label| (label.name, label.value)).collect();
            if self.0.len() >= SERIES && !self.0.contains_key(&labels) {
                continue;
            }
            let samples = self.0.entry(labels).or_default();
            samples.extend(series.samples.into_iter().map(|sample| (sample.timestamp, sample.value)));
            while samples.len() > REMEMBERED {
                samples.pop_first();
            }
        }
    }

    /// The labels of every series.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &Labels> {
        self.0.keys()
    }

    /// The series chosen, each with the samples that are remembered by time in milliseconds.
    pub(crate) fn all(&self, selector: &Selector) -> impl Iterator<Item = (&Labels, &BTreeMap<i64, f64>)> {
        self.0.iter().filter(|(labels, _)| selector.matches(labels))
    }

    /// The series chosen, each with its current sample at a moment: labels, time, value as text.
    pub(crate) fn at<'s>(
        &'s self,
        selector: &'s Selector,
        at: i64,
    ) -> impl Iterator<Item = (&'s Labels, i64, String)> + 's {
        self.0.iter().filter(|(labels, _)| selector.matches(labels)).filter_map(move |(labels, samples)| {
            let (time, value) = samples.range(..=at).next_back()?;
            let current = at == i64::MAX || at - time <= LOOKBACK_MILLIS;
            (current && value.to_bits() != STALE).then(|| (labels, *time, value.to_string()))
        })
    }
}
