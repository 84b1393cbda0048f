//! Prometheus remote write, in both of its versions: who walks a request tells a [`Judge`] what it finds, and cuts
//! out what the judge does not keep.
//!
//! A walk follows the schema to its leaves, so that what passes here cannot fail to parse in the backend. Nothing
//! is owned but the labels of the series at hand and, in version 2, where the symbols stand. [`Validator`] is the
//! judge that knows the [checks](crate::checks).

mod block;
pub mod histogram;
pub mod labels;
mod sample;
mod symbols;
pub mod validator;
pub mod version1;
pub mod version2;
mod walker;
pub mod write;

pub use histogram::Histogram;
pub use labels::{Labels, Seen};
pub use validator::{Validator, validate};

use crate::patch::Patch;

/// The name that a metric's name stands under.
pub const METRIC_NAME: &[u8] = b"__name__";

/// An exemplar, as far as it can be judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exemplar {
    /// How many labels it has.
    pub labels: usize,
    /// Whether one of them has a name and a value.
    pub labelled: bool,
    /// How many characters their names and values have together.
    pub characters: usize,
    /// Its time, in milliseconds since 1970; 0 if it has none.
    pub millis: i64,
}

impl Exemplar {
    fn label(&mut self, name: &[u8], value: &[u8]) {
        self.labels = self.labels.saturating_add(1);
        self.labelled |= !name.is_empty() && !value.is_empty();
        self.characters = self.characters.saturating_add(characters(name)).saturating_add(characters(value));
    }
}

/// What a metric is for, of which nothing is judged but how long its parts are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metadata<'a> {
    /// The metric's name.
    pub name: &'a [u8],
    /// Its unit.
    pub unit: &'a [u8],
}

/// Whoever decides what stays. Calls come in the order of the request: the labels of a series, the series, its
/// parts, and at last whether it may be active.
pub trait Judge {
    /// What is to be known of a label's name.
    type Name;
    /// Looks at a name. Not always asked again for one that was seen before, nor is [`label`](Self::label).
    fn name(&mut self, name: &[u8]) -> Self::Name;
    /// Looks at a label of this name, and with this value, which is not empty.
    fn label(&mut self, name: &Self::Name, value: &[u8]) -> Seen;
    /// How many labels a series may have at most: those of one with more are not put in order.
    fn most_labels(&self) -> usize;
    /// Whether to keep a series. The parts of one that is not kept are not judged.
    fn series(&mut self, labels: &Labels<'_>) -> bool;
    /// Whether to keep a sample of this time.
    fn sample(&mut self, labels: &Labels<'_>, millis: i64) -> bool;
    /// Whether to keep a native histogram.
    fn histogram(&mut self, labels: &Labels<'_>, histogram: &Histogram) -> bool;
    /// Whether to keep an exemplar.
    fn exemplar(&mut self, labels: &Labels<'_>, exemplar: &Exemplar) -> bool;
    /// Whether a series may be active, of which at least one sample or histogram is kept.
    fn active(&mut self, labels: &Labels<'_>) -> bool;
    /// Whether to keep metadata, which stands on its own in version 1.
    fn metadata(&mut self, metadata: &Metadata<'_>) -> bool;
}

/// How much there is of everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Time series.
    pub series: usize,
    /// Float samples.
    pub samples: usize,
    /// Native histograms.
    pub histograms: usize,
    /// Exemplars.
    pub exemplars: usize,
    /// Metadata that stands on its own.
    pub metadata: usize,
}

impl Contents {
    const NONE: Self = Self { series: 0, samples: 0, histograms: 0, exemplars: 0, metadata: 0 };

    /// There are fewer than the request has bytes, so that no sum overflows.
    #[inline]
    const fn add(&mut self, other: Self) {
        self.series = self.series.wrapping_add(other.series);
        self.samples = self.samples.wrapping_add(other.samples);
        self.histograms = self.histograms.wrapping_add(other.histograms);
        self.exemplars = self.exemplars.wrapping_add(other.exemplars);
        self.metadata = self.metadata.wrapping_add(other.metadata);
    }

    /// Samples of both kinds.
    pub const fn values(&self) -> usize {
        self.samples.saturating_add(self.histograms)
    }

    /// Whether there is nothing at all.
    pub const fn is_empty(&self) -> bool {
        self.series == 0 && self.metadata == 0
    }
}

/// What is left of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// What it had.
    pub sent: Contents,
    /// What is left.
    pub kept: Contents,
    /// The time of the earliest sample of either kind, kept or not.
    pub earliest: Option<i64>,
    /// What is to be cut out of it.
    pub patch: Patch,
}

impl Judged {
    #[inline]
    fn note_time(&mut self, millis: i64) {
        self.earliest = Some(self.earliest.map_or(millis, |earliest| earliest.min(millis)));
    }
}

/// How many characters a text has; of damaged UTF-8, about.
fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

#[cfg(any(test, fuzzing))]
mod reference;
#[cfg(any(test, fuzzing))]
pub(crate) mod tests;
