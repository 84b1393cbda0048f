//! The judge that knows the checks: what Mimir's distributor refuses, and what its ingesters would.

use super::{Exemplar, Histogram, Judge, Labels, METRIC_NAME, Metadata, Seen, labels::HELD};
use crate::{
    checks::{Check, Limit, Limits},
    identity::{Admission, Identity},
    report::Report,
};

/// The suffix of metrics whose purpose is their labels.
const INFO: &[u8] = b"_info";

/// Judges a request by the limits, and asks who admits series about those that pass.
#[derive(Debug)]
pub struct Validator<'v, A> {
    limits: &'v Limits,
    identity: Identity,
    admission: &'v mut A,
    earliest: i64,
    latest: i64,
    report: Report,
}

impl<'v, A: Admission> Validator<'v, A> {
    /// A judge at this moment, in milliseconds since 1970.
    pub fn new(limits: &'v Limits, now_millis: i64, admission: &'v mut A) -> Self {
        let millis = |limit| match limits.value(limit) {
            0 => None,
            seconds => Some(i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX)),
        };
        Self {
            limits,
            identity: Identity::new(&admission.key()),
            admission,
            earliest: millis(Limit::Retention).map_or(i64::MIN, |retention| now_millis.saturating_sub(retention)),
            latest: millis(Limit::CreationGrace).map_or(i64::MAX, |grace| now_millis.saturating_add(grace)),
            report: Report::default(),
        }
    }

    /// What was refused.
    pub fn into_report(self) -> Report {
        self.report
    }

    /// The checks of one label, in Mimir's order.
    fn label_fault(&self, name: &[u8], value: &[u8]) -> Option<Check> {
        let utf8_names = self.limits.value(Limit::Utf8Names) != 0;
        if name == METRIC_NAME && !is_name(value, utf8_names, b":") {
            Some(Check::MetricNameInvalid)
        } else if !is_name(name, utf8_names, b"") {
            Some(Check::LabelInvalid)
        } else if self.limits.exceeds(Limit::LabelName, name.len()) {
            Some(Check::LabelNameTooLong)
        } else if !value.is_ascii() && std::str::from_utf8(value).is_err() {
            Some(Check::LabelValueInvalid)
        } else if self.limits.exceeds(Limit::LabelValue, value.len()) {
            Some(Check::LabelValueTooLong)
        } else {
            None
        }
    }

    /// The first fault of a series, with the label it is found at.
    fn series_fault(&self, labels: &Labels<'_>) -> Option<(Check, usize)> {
        let sorted = labels.sorted();
        if sorted.is_empty() {
            return None;
        }
        let Some(metric) = sorted.iter().position(|label| label.name == METRIC_NAME) else {
            return Some((Check::MissingMetricName, 0));
        };
        let named = sorted.get(metric)?;
        if named.seen.fault == Some(Check::MetricNameInvalid) {
            return Some((Check::MetricNameInvalid, metric));
        }
        let (check, limit) = if named.value.ends_with(INFO) {
            (Check::TooManyInfoLabels, Limit::InfoLabels)
        } else {
            (Check::TooManyLabels, Limit::Labels)
        };
        if self.limits.exceeds(limit, labels.count()) || labels.count() > HELD {
            return Some((check, metric));
        }
        let mut before: &[u8] = &[];
        sorted.iter().enumerate().find_map(|(index, label)| {
            let twice = index > 0 && label.name == before;
            before = label.name;
            label.seen.fault.or(twice.then_some(Check::DuplicateLabelNames)).map(|check| (check, index))
        })
    }

    fn refuse(&mut self, check: Check, offender: impl FnOnce() -> String) -> bool {
        self.report.note(check, offender);
        false
    }

    fn timely(&mut self, labels: &Labels<'_>, millis: i64) -> bool {
        let (check, bound) = if millis > self.latest {
            (Check::TooFarInFuture, self.latest)
        } else if millis < self.earliest {
            (Check::TooFarInPast, self.earliest)
        } else {
            return true;
        };
        self.refuse(check, || format!("{} at {millis} ms, bound {bound}", shown(labels.metric())))
    }
}

impl<A: Admission> Judge for Validator<'_, A> {
    fn label(&mut self, name: &[u8], value: &[u8]) -> Seen {
        // A label without a value is none.
        if value.is_empty() {
            return Seen::default();
        }
        Seen { hash: self.identity.label(name, value), fault: self.label_fault(name, value) }
    }

    fn series(&mut self, labels: &Labels<'_>) -> bool {
        let Some((check, at)) = self.series_fault(labels) else { return true };
        self.refuse(check, || {
            let label = labels.sorted().get(at);
            let name = label.map_or_else(String::new, |label| shown(label.name));
            let length = label.map_or(0, |label| label.value.len());
            match check {
                Check::TooManyLabels | Check::TooManyInfoLabels => {
                    format!("{} has {}", shown(labels.metric()), labels.count())
                }
                Check::LabelValueTooLong => format!("{}{{{name}}} has {length} bytes", shown(labels.metric())),
                Check::MissingMetricName => format!("{{{name}, …}}"),
                _ => format!("{}{{{name}}}", shown(labels.metric())),
            }
        })
    }

    fn sample(&mut self, labels: &Labels<'_>, millis: i64) -> bool {
        self.timely(labels, millis)
    }

    fn histogram(&mut self, labels: &Labels<'_>, histogram: &Histogram) -> bool {
        if !self.timely(labels, histogram.millis) {
            return false;
        }
        let many = usize::try_from(histogram.buckets()).unwrap_or(usize::MAX);
        let many = self.limits.exceeds(Limit::HistogramBuckets, many).then_some(Check::HistogramBucketCount);
        match histogram.fault().or(many) {
            Some(check) => self.refuse(check, || shown(labels.metric())),
            None => true,
        }
    }

    fn exemplar(&mut self, labels: &Labels<'_>, exemplar: &Exemplar) -> bool {
        let check = if exemplar.labels == 0 {
            Check::ExemplarLabelsMissing
        } else if exemplar.millis == 0 {
            Check::ExemplarTimestampInvalid
        } else if self.limits.exceeds(Limit::ExemplarLabels, exemplar.characters) {
            Check::ExemplarLabelsTooLong
        } else if exemplar.millis > self.latest {
            Check::ExemplarTooFarInFuture
        } else {
            return true;
        };
        self.refuse(check, || shown(labels.metric()))
    }

    fn active(&mut self, labels: &Labels<'_>) -> bool {
        let sorted = labels.sorted();
        if sorted.is_empty() {
            return true;
        }
        let identity = self.identity.series(sorted.iter().map(|label| label.seen.hash));
        self.admission.admit(identity) || self.refuse(Check::TooManySeries, || shown(labels.metric()))
    }

    fn metadata(&mut self, metadata: &Metadata<'_>) -> bool {
        let check = if metadata.name.is_empty() {
            Check::MetadataMissingName
        } else if self.limits.exceeds(Limit::MetadataText, metadata.name.len()) {
            Check::MetadataNameTooLong
        } else if self.limits.exceeds(Limit::MetadataText, metadata.unit.len()) {
            Check::MetadataUnitTooLong
        } else {
            return true;
        };
        self.refuse(check, || shown(metadata.name))
    }
}

/// A name as it can be shown; the report clips it.
fn shown(name: &[u8]) -> String {
    const ENOUGH: usize = 128;
    String::from_utf8_lossy(name.get(..ENOUGH).unwrap_or(name)).into_owned()
}

/// Whether this is a name: in the legacy scheme `[a-zA-Z_][a-zA-Z0-9_]*` with some more letters allowed.
fn is_name(name: &[u8], any_utf8: bool, more: &[u8]) -> bool {
    if any_utf8 {
        return !name.is_empty() && std::str::from_utf8(name).is_ok();
    }
    let letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_' || more.contains(byte);
    let Some((first, rest)) = name.split_first() else { return false };
    letter(first) && rest.iter().all(|byte| letter(byte) || byte.is_ascii_digit())
}
