//! The judge that knows the checks: what Mimir's distributor refuses, and what its ingesters would.

use super::{
    Exemplar, Histogram, Judge, Judged, Labels, METRIC_NAME, Metadata, Seen,
    labels::{HELD, Label},
};
use crate::{
    checks::{Check, Limit, Limits},
    identity::{Admission, Admitted, Identity, Named, Watch},
    protobuf::ProtobufError,
    report::Report,
    words::is_ascii,
};

/// The suffix of metrics whose purpose is their labels.
const INFO: &[u8] = b"_info";

/// Judges a request by the limits, and asks who admits series about those that pass.
#[derive(Debug)]
pub struct Validator<'v, A> {
    limits: &'v Limits,
    identity: Identity,
    watch: Watch,
    utf8_names: bool,
    /// How many labels a series may have, and one whose purpose is its labels.
    labels: [usize; 2],
    admission: &'v mut A,
    earliest: i64,
    latest: i64,
    exemplars: Exemplars,
    report: Report,
}

/// What is known of the exemplars of a request.
#[derive(Debug)]
struct Exemplars {
    /// How many of the series at hand were looked at.
    of_series: usize,
    /// The time of the oldest that has nothing else wrong with it.
    oldest: i64,
    /// None must be older than this.
    since: i64,
}

/// How much older than the oldest sample an exemplar may be, in milliseconds. Clients do not let go of exemplars, and
/// send them with every scrape.
const EXEMPLAR_AGE: i64 = 300_000;

/// Validates a request; twice, if only all of it shows that exemplars in it are too old.
pub fn validate<A: Admission>(
    limits: &Limits,
    now_millis: i64,
    admission: &mut A,
    walk: impl Fn(&mut Validator<'_, A>) -> Result<Judged, ProtobufError>,
) -> Result<(Judged, Report), ProtobufError> {
    let mut validator = Validator::new(limits, now_millis, admission);
    let judged = walk(&mut validator)?;
    let since = judged.earliest.map_or(0, |earliest| earliest.saturating_sub(EXEMPLAR_AGE).max(validator.earliest));
    if validator.exemplars.oldest >= since {
        return Ok((judged, validator.report));
    }
    let mut validator = Validator::new(limits, now_millis, admission);
    validator.exemplars.since = since;
    let judged = walk(&mut validator)?;
    Ok((judged, validator.report))
}

/// What is known of a label's name.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    hashed: Named,
    fault: Option<Check>,
    /// Whether it is what a metric's name stands under.
    metric: bool,
}

impl<'v, A: Admission> Validator<'v, A> {
    /// A judge at this moment, in milliseconds since 1970.
    pub fn new(limits: &'v Limits, now_millis: i64, admission: &'v mut A) -> Self {
        let millis = |limit| match limits.value(limit) {
            0 => None,
            seconds => Some(i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX)),
        };
        let labels = [Limit::Labels, Limit::InfoLabels].map(|limit| match limits.value(limit) {
            0 => HELD,
            most => usize::try_from(most).unwrap_or(HELD).min(HELD),
        });
        Self {
            limits,
            labels,
            identity: Identity::new(&admission.key()),
            watch: Watch::of(admission),
            utf8_names: limits.value(Limit::Utf8Names) != 0,
            admission,
            earliest: millis(Limit::Retention).map_or(i64::MIN, |retention| now_millis.saturating_sub(retention)),
            latest: millis(Limit::CreationGrace).map_or(i64::MAX, |grace| now_millis.saturating_add(grace)),
            exemplars: Exemplars { of_series: 0, oldest: i64::MAX, since: i64::MIN },
            report: Report::default(),
        }
    }

    /// What was refused.
    pub fn into_report(self) -> Report {
        self.report
    }

    /// The checks of a name, in Mimir's order.
    fn name_fault(&self, name: &[u8]) -> Option<Check> {
        if !is_name(name, self.utf8_names, LABEL) {
            Some(Check::LabelInvalid)
        } else if self.limits.exceeds(Limit::LabelName, name.len()) {
            Some(Check::LabelNameTooLong)
        } else {
            None
        }
    }

    /// The checks of a value.
    fn value_fault(&self, value: &[u8]) -> Option<Check> {
        if !is_ascii(value) && std::str::from_utf8(value).is_err() {
            Some(Check::LabelValueInvalid)
        } else if self.limits.exceeds(Limit::LabelValue, value.len()) {
            Some(Check::LabelValueTooLong)
        } else {
            None
        }
    }

    /// The first fault of a series, with the label it is found at.
    fn series_fault<'l>(&self, labels: &'l Labels<'_>) -> Option<(Check, &'l Label<'l>)> {
        let Some(metric) = labels.metric() else {
            return labels.sorted().next().map(|first| (Check::MissingMetricName, first));
        };
        if metric.seen.fault == Some(Check::MetricNameInvalid) {
            return Some((Check::MetricNameInvalid, metric));
        }
        match self.too_many(labels.count(), metric.value) {
            Some(check) => Some((check, metric)),
            None if labels.is_faulty() => first_fault(labels),
            None => None,
        }
    }

    /// Whether a metric of this name has too many labels.
    #[inline]
    fn too_many(&self, labels: usize, metric: &[u8]) -> Option<Check> {
        let [most, most_of_info] = self.labels;
        if labels <= most.min(most_of_info) {
            return None;
        }
        let info = metric.ends_with(INFO);
        let (check, most) = if info { (Check::TooManyInfoLabels, most_of_info) } else { (Check::TooManyLabels, most) };
        (labels > most).then_some(check)
    }

    fn exemplar_time_fault(&mut self, millis: i64) -> Option<Check> {
        self.exemplars.oldest = self.exemplars.oldest.min(millis);
        if millis < self.exemplars.since {
            Some(Check::ExemplarTooOld)
        } else if millis > self.latest {
            Some(Check::ExemplarTooFarInFuture)
        } else {
            None
        }
    }

    fn refuse(&mut self, check: Check, offender: impl FnOnce() -> String) -> bool {
        self.report.note(check, offender);
        false
    }

    #[inline]
    fn timely(&mut self, labels: &Labels<'_>, millis: i64) -> bool {
        let (check, bound) = if millis > self.latest {
            (Check::TooFarInFuture, self.latest)
        } else if millis < self.earliest {
            (Check::TooFarInPast, self.earliest)
        } else {
            return true;
        };
        self.refuse(check, || format!("{} at {millis} ms, bound {bound}", shown_metric(labels)))
    }
}

impl<A: Admission> Judge for Validator<'_, A> {
    type Name = Name;

    fn name(&mut self, name: &[u8]) -> Name {
        let metric = name == METRIC_NAME;
        Name { hashed: self.identity.name(name), fault: self.name_fault(name), metric }
    }

    fn label(&mut self, name: &Name, value: &[u8]) -> Seen {
        let fault = if name.metric && !is_name(value, self.utf8_names, METRIC) {
            Some(Check::MetricNameInvalid)
        } else {
            name.fault.or_else(|| self.value_fault(value))
        };
        Seen { hash: name.hashed.label(value), fault }
    }

    fn most_labels(&self) -> usize {
        let [most, most_of_info] = self.labels;
        most.max(most_of_info)
    }

    fn series(&mut self, labels: &Labels<'_>) -> bool {
        self.exemplars.of_series = 0;
        let Some((check, label)) = self.series_fault(labels) else { return true };
        self.refuse(check, || {
            let (metric, name) = (shown_metric(labels), shown(label.name));
            match check {
                Check::TooManyLabels | Check::TooManyInfoLabels => format!("{metric} has {}", labels.count()),
                Check::LabelValueTooLong => format!("{metric}{{{name}}} has {} bytes", label.value.len()),
                Check::MissingMetricName => format!("{{{name}, …}}"),
                _ => format!("{metric}{{{name}}}"),
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
            Some(check) => self.refuse(check, || shown_metric(labels)),
            None => true,
        }
    }

    fn exemplar(&mut self, labels: &Labels<'_>, exemplar: &Exemplar) -> bool {
        self.exemplars.of_series = self.exemplars.of_series.saturating_add(1);
        let fault = if self.limits.exceeds(Limit::Exemplars, self.exemplars.of_series) {
            Some(Check::TooManyExemplars)
        } else if exemplar.labels == 0 {
            Some(Check::ExemplarLabelsMissing)
        } else if exemplar.millis == 0 {
            Some(Check::ExemplarTimestampInvalid)
        } else if self.limits.exceeds(Limit::ExemplarLabels, exemplar.characters) {
            Some(Check::ExemplarLabelsTooLong)
        } else if !exemplar.labelled {
            Some(Check::ExemplarLabelsBlank)
        } else {
            None
        };
        match fault.or_else(|| self.exemplar_time_fault(exemplar.millis)) {
            Some(check) => self.refuse(check, || shown_metric(labels)),
            None => true,
        }
    }

    fn active(&mut self, labels: &Labels<'_>) -> bool {
        // Loosely speaking a series: nobody stores one without labels.
        if labels.count() == 0 {
            return true;
        }
        let marks = self.watch.marks(labels.sorted().map(|label| label.seen.hash));
        let check = match self.admission.admit(labels.identity(), marks) {
            Admitted::Yes => return true,
            Admitted::Full => Check::TooManySeries,
            Admitted::OverBudget => Check::TooManySeriesOfBudget,
        };
        let (report, admission) = (&mut self.report, &*self.admission);
        report.note(check, || format!("{}: {}", admission.why(), shown_metric(labels)));
        false
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

/// The first fault of a label, or name that stands twice, in the order of the names.
fn first_fault<'l>(labels: &'l Labels<'_>) -> Option<(Check, &'l Label<'l>)> {
    let before = std::iter::once(None).chain(labels.sorted().map(|label| Some(label.name)));
    labels.sorted().zip(before).find_map(|(label, before)| {
        let twice = (before == Some(label.name)).then_some(Check::DuplicateLabelNames);
        label.seen.fault.or(twice).map(|check| (check, label))
    })
}

/// The metric's name as it can be shown.
fn shown_metric(labels: &Labels<'_>) -> String {
    labels.metric().map_or_else(String::new, |label| shown(label.value))
}

/// A name as it can be shown; the report clips it.
fn shown(name: &[u8]) -> String {
    const ENOUGH: usize = 128;
    String::from_utf8_lossy(name.get(..ENOUGH).unwrap_or(name)).into_owned()
}

/// Whether this is a name: in the legacy scheme `[a-zA-Z_][a-zA-Z0-9_]*` with some more letters allowed.
fn is_name(name: &[u8], any_utf8: bool, forbidden: u8) -> bool {
    if any_utf8 {
        return !name.is_empty() && std::str::from_utf8(name).is_ok();
    }
    // To look at all of a short name takes less time than to wonder after each byte whether to go on.
    let wrong = name.iter().fold(0, |wrong, byte| wrong | class(*byte));
    wrong & forbidden == 0 && name.first().is_some_and(|first| !first.is_ascii_digit())
}

/// What a byte cannot be part of: a label's name, and a metric's, which may have a colon.
const LABEL: u8 = 1;
const METRIC: u8 = 2;

const fn class(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'_' | b'a'..=b'z' => 0,
        b':' => LABEL,
        _ => LABEL | METRIC,
    }
}
