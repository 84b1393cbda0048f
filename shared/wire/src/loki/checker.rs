//! The judge of a real push: Loki's validation, as far as it needs nothing that is stored.

use super::{Entry, Judge, Stream, labels::Label};
use crate::{
    checks::{Check, Limit, Limits},
    identity::{Admission, Admitted, Identity, Watch},
    report::{Report, clip},
};

/// Labels that make Loki treat a stream as its own, without checks.
const RESERVED: [&[u8]; 4] = [b"__aggregated_metric__", b"__pattern__", b"__backfill__", b"__backfill_shard__"];

/// The label that Loki adds itself, and does not count.
const SERVICE: &[u8] = b"service_name";

/// The most bytes of labels that are shown with an offender.
const SHOWN: usize = 80;

/// The most bytes of labels' text that are read, even if no limit is set: reading allocates.
const TEXT: usize = 1 << 20;

const SECOND: i64 = 1_000_000_000;

/// Checks streams and entries against limits, and reports what it refuses.
#[derive(Debug)]
pub struct Checker<'l, A> {
    limits: &'l Limits,
    oldest: i64,
    newest: i64,
    admission: A,
    hasher: Identity,
    watch: Watch,
    /// The labels of the stream at hand, fit to be shown.
    shown: String,
    identity: u64,
    marks: u64,
    admitted: Option<Admitted>,
    received: u64,
    stored: u64,
    report: Report,
}

impl<'l, A: Admission> Checker<'l, A> {
    /// A checker at this moment, in nanoseconds.
    pub fn new(limits: &'l Limits, now: i64, admission: A) -> Self {
        let nanos = |limit| {
            let seconds = i64::try_from(limits.value(limit)).ok().filter(|seconds| *seconds > 0)?;
            seconds.checked_mul(SECOND)
        };
        Self {
            limits,
            oldest: nanos(Limit::Retention).map_or(i64::MIN, |age| now.saturating_sub(age)),
            newest: nanos(Limit::CreationGrace).map_or(i64::MAX, |grace| now.saturating_add(grace)),
            hasher: Identity::new(&admission.key()),
            watch: Watch::of(&admission),
            admission,
            shown: String::new(),
            identity: 0,
            marks: 0,
            admitted: None,
            received: 0,
            stored: 0,
            report: Report::default(),
        }
    }

    /// What it refused, by reason.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// How many entries it was shown, and how many of them are kept.
    pub const fn entries(&self) -> (u64, u64) {
        (self.received, self.stored)
    }

    /// The line for the sender.
    pub fn line(&self) -> String {
        self.report.line(&format!("{} of {} log entries", self.stored, self.received))
    }

    /// The first check that a stream fails, in Loki's order, and what is wrong.
    fn fails(&self, stream: &Stream<'_>) -> Option<(Check, String)> {
        let labels = match stream.labels {
            Ok(labels) => labels,
            Err(error) => return Some((Check::InvalidLabels, format!("{error} in "))),
        };
        if let Some(label) = labels.iter().find(|label| RESERVED.contains(&&*label.name)) {
            return Some((Check::ReservedLabels, format!("{} in ", lossy(&label.name))));
        }
        if stream.entries == 0 {
            return None;
        }
        let counted = labels.iter().filter(|label| *label.name != *SERVICE).count();
        self.counts(counted, stream.entries).or_else(|| {
            let before = std::iter::once(None).chain(labels.iter().map(Some));
            labels.iter().zip(before).find_map(|(label, before)| self.label(label, before))
        })
    }

    fn counts(&self, labels: usize, entries: usize) -> Option<(Check, String)> {
        let fewest = usize::try_from(self.limits.value(Limit::FewestStreamLabels)).unwrap_or(usize::MAX);
        if labels < fewest {
            return Some((Check::MissingLabels, format!("{labels} of {fewest} in ")));
        }
        if self.limits.exceeds(Limit::StreamLabels, labels) {
            return Some((Check::TooManyStreamLabels, format!("{labels} in ")));
        }
        let many = self.limits.exceeds(Limit::StreamEntries, entries);
        many.then(|| (Check::TooManyEntries, format!("{entries} in ")))
    }

    fn label(&self, label: &Label<'_>, before: Option<&Label<'_>>) -> Option<(Check, String)> {
        let (name, value) = (label.name.len(), label.value.len());
        if self.limits.exceeds(Limit::LabelName, name) {
            return Some((Check::StreamLabelNameTooLong, format!("{name} bytes in ")));
        }
        if self.limits.exceeds(Limit::LabelValue, value) {
            return Some((Check::StreamLabelValueTooLong, format!("{} has {value} bytes in ", lossy(&label.name))));
        }
        let repeated = before.map_or(label.name.is_empty(), |before| before.name == label.name);
        repeated.then(|| (Check::DuplicateStreamLabelNames, format!("{} in ", lossy(&label.name))))
    }

    /// The first check that an entry fails, in Loki's order.
    fn violated(&self, entry: &Entry) -> Option<Check> {
        let over = |limit, size| self.limits.exceeds(limit, size);
        if entry.nanos < self.oldest {
            Some(Check::EntryTooOld)
        } else if entry.nanos > self.newest {
            Some(Check::EntryTooFarInFuture)
        } else if over(Limit::LineSize, entry.line) {
            Some(Check::LineTooLong)
        } else if entry.metadata > 0 && self.limits.value(Limit::NoStructuredMetadata) != 0 {
            Some(Check::DisallowedStructuredMetadata)
        } else if over(Limit::StructuredMetadataSize, entry.metadata_bytes) {
            Some(Check::StructuredMetadataTooLarge)
        } else if over(Limit::StructuredMetadata, entry.metadata) {
            Some(Check::StructuredMetadataTooMany)
        } else {
            None
        }
    }
}

/// What an entry has too much of.
fn measure(entry: &Entry, check: Check) -> String {
    match check {
        Check::EntryTooOld | Check::EntryTooFarInFuture => {
            format!("{} s since 1970 in ", entry.nanos.div_euclid(SECOND))
        }
        Check::LineTooLong => format!("{} bytes in ", entry.line),
        Check::StructuredMetadataTooLarge => format!("{} bytes in ", entry.metadata_bytes),
        Check::DisallowedStructuredMetadata | Check::StructuredMetadataTooMany => format!("{} in ", entry.metadata),
        _ => String::new(),
    }
}

fn lossy(bytes: &[u8]) -> String {
    clip(&String::from_utf8_lossy(bytes.get(..SHOWN).unwrap_or(bytes)), SHOWN)
}

impl<A: Admission> Judge for Checker<'_, A> {
    fn longest_labels(&self) -> usize {
        let limit = usize::try_from(self.limits.value(Limit::StreamText)).unwrap_or(TEXT);
        if limit == 0 { TEXT } else { limit.min(TEXT) }
    }

    fn restart(&mut self) {
        (self.received, self.stored, self.report) = (0, 0, Report::default());
    }

    fn stream(&mut self, stream: &Stream<'_>) -> bool {
        self.received = self.received.saturating_add(u64::try_from(stream.entries).unwrap_or(u64::MAX));
        self.shown = lossy(stream.text);
        self.admitted = None;
        let failed = self.fails(stream);
        if let Some((check, what)) = &failed {
            self.report.note(*check, || format!("{what}{}", self.shown));
        } else if let Ok(labels) = stream.labels {
            let hashes = labels.iter().map(|label| self.hasher.label(&label.name, &label.value));
            self.marks = self.watch.marks(hashes.clone());
            self.identity = self.hasher.series(hashes);
        }
        failed.is_none()
    }

    fn entry(&mut self, entry: &Entry) -> bool {
        let failed = self.violated(entry).or_else(|| {
            // Only a stream of which something would be stored asks to be active.
            match *self.admitted.get_or_insert_with(|| self.admission.admit(self.identity, self.marks)) {
                Admitted::Yes => None,
                Admitted::Full => Some(Check::TooManyStreams),
                Admitted::OverBudget => Some(Check::TooManyStreamsOfBudget),
            }
        });
        match failed {
            Some(check @ (Check::TooManyStreams | Check::TooManyStreamsOfBudget)) => {
                self.report.note(check, || format!("{}: {}", self.admission.why(), self.shown));
            }
            Some(check) => self.report.note(check, || measure(entry, check) + &self.shown),
            None => self.stored = self.stored.saturating_add(1),
        }
        failed.is_none()
    }
}

#[cfg(test)]
mod tests;
