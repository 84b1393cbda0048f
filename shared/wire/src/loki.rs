//! Loki's push, in both of its forms: who reads it tells a [`Judge`] what it finds, and cuts out what the judge
//! does not keep.

pub mod checker;
pub mod json;
pub mod labels;
pub mod protobuf;
#[cfg(any(test, fuzzing))]
mod recorder;

use crate::patch::Patch;
use labels::{Label, LabelsError};

/// A stream, before its entries.
#[derive(Debug)]
pub struct Stream<'s> {
    /// Its labels as text, as the sender wrote them or, in JSON, as Loki writes them down.
    pub text: &'s [u8],
    /// Its labels, as Loki will know them.
    pub labels: Result<&'s [Label<'s>], LabelsError>,
    /// How many entries it has.
    pub entries: usize,
}

/// An entry, as far as it can be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its time in nanoseconds since 1970; the nearest that fits.
    pub nanos: i64,
    /// How long its line is, in bytes.
    pub line: usize,
    /// How many pairs of structured metadata it has.
    pub metadata: usize,
    /// How long their names and values are together, without the level that Loki adds itself.
    pub metadata_bytes: usize,
}

/// The time of an entry that has none: the year 1, as in Go.
const NO_TIME: i64 = i64::MIN;

/// The name of the metadata that Loki does not count.
const LEVEL: &[u8] = b"detected_level";

impl Entry {
    const EMPTY: Self = Self { nanos: NO_TIME, line: 0, metadata: 0, metadata_bytes: 0 };

    fn add_metadata(&mut self, is_level: bool, bytes: usize) {
        self.metadata = self.metadata.saturating_add(1);
        if !is_level {
            self.metadata_bytes = self.metadata_bytes.saturating_add(bytes);
        }
    }
}

/// Whoever decides what stays. Calls come in the order of the request: a stream, its entries, the next stream.
pub trait Judge {
    /// The most bytes that the text of a stream's labels may have; longer ones are not read.
    fn longest_labels(&self) -> usize;
    /// Forgets everything: what was told so far turned out not to count.
    fn restart(&mut self);
    /// Whether to keep a stream. The entries of one that is not kept are not judged.
    fn stream(&mut self, stream: &Stream<'_>) -> bool;
    /// Whether to keep an entry of the last stream.
    fn entry(&mut self, entry: &Entry) -> bool;
}

/// What is left of a push.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// How many streams it had.
    pub streams: usize,
    /// How many are left. A stream whose entries are all cut is cut itself.
    pub kept: usize,
    /// What is to be cut out of it.
    pub patch: Patch,
}
