//! The same verdicts, reached without any haste: everything is decoded into owned types, and looked at part by part.

pub(super) mod types;

use super::{Contents, labels::HELD};
use crate::{
    checks::{Check, Limit, Limits},
    identity::Identity,
};
use std::collections::BTreeMap;
use types::{Histogram, Request, Series};

/// What the reference makes of a request.
#[derive(Debug, PartialEq)]
pub(super) struct Outcome<R> {
    pub(super) counts: BTreeMap<Check, u32>,
    pub(super) sent: Contents,
    pub(super) kept: Contents,
    /// Who asked to be active.
    pub(super) asked: Vec<u64>,
    pub(super) left: R,
}

/// The rules a request is judged by.
#[derive(Clone, Copy)]
pub(super) struct Rules<'r> {
    pub(super) limits: &'r Limits,
    pub(super) now: i64,
    pub(super) identity: Identity,
    /// Series of metrics so named are new while there is no room.
    pub(super) refused: &'r [u8],
    /// Series of metrics so named are new while there is no room in a budget.
    pub(super) over_budget: &'r [u8],
    /// Exemplars must not be older; found out by the reference itself.
    pub(super) exemplars_since: i64,
}

/// Judges a request; `None` if it is malformed.
pub(super) fn judge<R: Request>(body: &[u8], rules: &Rules<'_>) -> Option<Outcome<R>> {
    let mut left = R::decode(body).ok().filter(Request::is_sound)?;
    let (mut counts, mut sent, mut kept) = (BTreeMap::new(), Contents::default(), Contents::default());
    let mut times = Vec::new();
    left.retain(|series| {
        times.extend(series.samples.iter().copied().chain(series.histograms.iter().map(|one| one.timestamp)));
        true
    });
    let rules = &Rules { exemplars_since: rules.exemplars_since(&times), ..*rules };
    let mut asked = Vec::new();
    let mut refuse = |check: Check| *counts.entry(check).or_default() += 1;
    sent.metadata = left.metadata().len();
    left.metadata().retain(|metadata| match rules.metadata(&metadata.metric_family_name, &metadata.unit) {
        Some(check) => {
            refuse(check);
            false
        }
        None => true,
    });
    kept.metadata = left.metadata().len();
    left.retain(|series| {
        sent.add(contents(series));
        let keep = rules.series(series, &mut refuse, &mut asked);
        if keep {
            kept.add(contents(series));
        }
        keep
    });
    Some(Outcome { counts, sent, kept, asked, left })
}

fn contents(series: &Series) -> Contents {
    Contents {
        series: 1,
        samples: series.samples.len(),
        histograms: series.histograms.len(),
        exemplars: series.exemplars.len(),
        metadata: 0,
    }
}

impl Rules<'_> {
    /// Removes what is refused of a series, and says whether the rest of it stays.
    fn series(&self, series: &mut Series, refuse: &mut impl FnMut(Check), asked: &mut Vec<u64>) -> bool {
        let mut labels = series.labels.clone();
        labels.retain(|(_, value)| !value.is_empty());
        labels.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some(check) = self.labels(&labels) {
            refuse(check);
            return false;
        }
        let had = series.samples.len() + series.histograms.len();
        let mut pass = |check: Option<Check>| check.map(&mut *refuse).is_none();
        series.samples.retain(|at| pass(self.time(*at)));
        series.histograms.retain(|histogram| {
            let many = self.exceeds(Limit::HistogramBuckets, buckets(histogram)).then_some(Check::HistogramBucketCount);
            pass(self.time(histogram.timestamp).or(fault(histogram)).or(many))
        });
        let mut count = 0;
        series.exemplars.retain(|(labels, at)| {
            count += 1;
            let many = self.exceeds(Limit::Exemplars, count).then_some(Check::TooManyExemplars);
            pass(many.or(self.exemplar(labels, *at)))
        });
        let has = series.samples.len() + series.histograms.len();
        let is = |metric| labels.iter().any(|(name, value)| name == b"__name__" && value == metric);
        if had == 0 || has == 0 || labels.is_empty() {
            return had == 0 || has > 0;
        }
        asked.push(self.identity.series(labels.iter().map(|(name, value)| self.identity.label(name, value))));
        if is(self.over_budget) {
            refuse(Check::TooManySeriesOfBudget);
        } else if is(self.refused) {
            refuse(Check::TooManySeries);
        }
        !is(self.over_budget) && !is(self.refused)
    }

    fn labels(&self, labels: &[(Vec<u8>, Vec<u8>)]) -> Option<Check> {
        let name = |(name, value): &(Vec<u8>, Vec<u8>)| (name == b"__name__").then(|| value.clone());
        if labels.is_empty() {
            return None;
        }
        let Some(metric) = labels.iter().find_map(name) else { return Some(Check::MissingMetricName) };
        if !self.is_name(&metric, true) {
            return Some(Check::MetricNameInvalid);
        }
        let info = metric.ends_with(b"_info");
        if self.exceeds(if info { Limit::InfoLabels } else { Limit::Labels }, labels.len()) || labels.len() > HELD {
            return Some(if info { Check::TooManyInfoLabels } else { Check::TooManyLabels });
        }
        (0..labels.len()).find_map(|index| {
            let (name, value) = &labels[index];
            if name == b"__name__" && !self.is_name(value, true) {
                Some(Check::MetricNameInvalid)
            } else if !self.is_name(name, false) {
                Some(Check::LabelInvalid)
            } else if self.exceeds(Limit::LabelName, name.len()) {
                Some(Check::LabelNameTooLong)
            } else if String::from_utf8(value.clone()).is_err() {
                Some(Check::LabelValueInvalid)
            } else if self.exceeds(Limit::LabelValue, value.len()) {
                Some(Check::LabelValueTooLong)
            } else if index > 0 && labels[index - 1].0 == *name {
                Some(Check::DuplicateLabelNames)
            } else {
                None
            }
        })
    }

    fn is_name(&self, name: &[u8], metric: bool) -> bool {
        let Ok(text) = std::str::from_utf8(name) else { return false };
        if self.limits.value(Limit::Utf8Names) != 0 {
            return !text.is_empty();
        }
        let colon = if metric { ":" } else { "" };
        let pattern = format!("^[a-zA-Z_{colon}][a-zA-Z0-9_{colon}]*$");
        regex_lite::Regex::new(&pattern).unwrap().is_match(text) && !text.ends_with('\n')
    }

    fn exemplars_since(&self, times: &[i64]) -> i64 {
        let retention = self.limits.value(Limit::Retention) as i64 * 1000;
        times.iter().min().map_or(0, |oldest| oldest.saturating_sub(300_000).max(self.now - retention))
    }

    fn time(&self, at: i64) -> Option<Check> {
        let seconds = |limit| i128::from(self.limits.value(limit)) * 1000;
        let ahead = i128::from(at) - i128::from(self.now);
        if ahead > seconds(Limit::CreationGrace) {
            Some(Check::TooFarInFuture)
        } else if -ahead > seconds(Limit::Retention) {
            Some(Check::TooFarInPast)
        } else {
            None
        }
    }

    fn exemplar(&self, labels: &[(Vec<u8>, Vec<u8>)], at: i64) -> Option<Check> {
        let first = |byte: &&u8| **byte & 0xc0 != 0x80;
        let characters = labels.iter().map(|(name, value)| name.iter().chain(value).filter(first).count()).sum();
        if labels.is_empty() {
            Some(Check::ExemplarLabelsMissing)
        } else if at == 0 {
            Some(Check::ExemplarTimestampInvalid)
        } else if self.exceeds(Limit::ExemplarLabels, characters) {
            Some(Check::ExemplarLabelsTooLong)
        } else if labels.iter().all(|(name, value)| name.is_empty() || value.is_empty()) {
            Some(Check::ExemplarLabelsBlank)
        } else if at < self.exemplars_since {
            Some(Check::ExemplarTooOld)
        } else if self.time(at) == Some(Check::TooFarInFuture) {
            Some(Check::ExemplarTooFarInFuture)
        } else {
            None
        }
    }

    fn metadata(&self, name: &[u8], unit: &[u8]) -> Option<Check> {
        if name.is_empty() {
            Some(Check::MetadataMissingName)
        } else if self.exceeds(Limit::MetadataText, name.len()) {
            Some(Check::MetadataNameTooLong)
        } else if self.exceeds(Limit::MetadataText, unit.len()) {
            Some(Check::MetadataUnitTooLong)
        } else {
            None
        }
    }

    fn exceeds(&self, limit: Limit, size: usize) -> bool {
        let value = self.limits.value(limit);
        value > 0 && size as u64 > value
    }
}

fn buckets(histogram: &Histogram) -> usize {
    match histogram.is_fraction() {
        true => histogram.negative_counts.len() + histogram.positive_counts.len(),
        false => histogram.negative_deltas.len() + histogram.positive_deltas.len(),
    }
}

/// What is wrong with a native histogram, if anything is.
pub(super) fn fault(histogram: &Histogram) -> Option<Check> {
    let custom = histogram.schema == -53;
    if !custom && !(-4..=8).contains(&histogram.schema) {
        return Some(Check::HistogramSchema);
    }
    let bounds = &histogram.custom_values;
    let ascending = bounds.windows(2).all(|pair| pair[0] < pair[1]);
    let reach: i64 = histogram.positive_spans.iter().map(|span| i64::from(span.offset) + i64::from(span.length)).sum();
    let counts = |deltas: &[i64], counts: &[f64]| if histogram.is_fraction() { counts.len() } else { deltas.len() };
    let no_negative =
        histogram.negative_spans.is_empty() && counts(&histogram.negative_deltas, &histogram.negative_counts) == 0;
    let fits = ascending
        && bounds.iter().all(|bound| bound.is_finite())
        && histogram.positive_spans.first().is_none_or(|first| first.offset >= 0)
        && no_negative
        && histogram.zero_is_empty()
        && histogram.zero_threshold == 0.0
        && reach <= bounds.len() as i64 + 1;
    if custom != (custom && fits) || (!custom && !bounds.is_empty()) {
        return Some(Check::HistogramCustomBuckets);
    }
    for (spans, buckets) in [
        (&histogram.negative_spans, counts(&histogram.negative_deltas, &histogram.negative_counts)),
        (&histogram.positive_spans, counts(&histogram.positive_deltas, &histogram.positive_counts)),
    ] {
        let told: u64 = spans.iter().map(|span| u64::from(span.length)).sum();
        if spans.iter().skip(1).any(|span| span.offset < 0) || told != buckets as u64 {
            return Some(Check::HistogramSpans);
        }
    }
    let absolute = |deltas: &[i64]| {
        let running = |sum: &mut i64, delta: &i64| {
            *sum = sum.wrapping_add(*delta);
            Some(*sum)
        };
        deltas.iter().scan(0_i64, running).collect::<Vec<_>>()
    };
    let (negative, positive) = (absolute(&histogram.negative_deltas), absolute(&histogram.positive_deltas));
    let below_zero = match histogram.is_fraction() {
        true => histogram.negative_counts.iter().chain(&histogram.positive_counts).any(|count| *count < 0.0),
        false => negative.iter().chain(&positive).any(|count| *count < 0),
    };
    if below_zero {
        return Some(Check::HistogramNegativeBucket);
    }
    let count = histogram.whole_count()?;
    let buckets = negative.iter().chain(&positive).map(|count| count.unsigned_abs());
    let total = buckets.fold(histogram.whole_zero_count(), u64::wrapping_add);
    let right = if histogram.sum.is_nan() { total <= count } else { total == count };
    (!right).then_some(Check::HistogramCount)
}
