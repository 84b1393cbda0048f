//! Reading the labels of one series after another.

use super::{HELD, Label, Labels, Seen, Source, memo::Memo};
use crate::{protobuf::ProtobufError, remote_write::Judge, words::same};

/// Reads labels, and knows those again that were read not long ago.
#[derive(Debug)]
pub(in crate::remote_write) struct LabelReader<'a, S, N> {
    labels: Labels<'a>,
    memo: Memo<'a, S>,
    /// The last name that was read in each place, and what is known of it.
    names: Vec<(&'a [u8], N)>,
    /// How many labels of the series at hand were read, those without a value included.
    read: usize,
    /// Whether its names may differ from those of the series before.
    renamed: bool,
}

impl<'a, S: Source, N> LabelReader<'a, S, N> {
    pub(in crate::remote_write) fn new() -> Self {
        Self { labels: Labels::default(), memo: Memo::new(), names: Vec::new(), read: 0, renamed: false }
    }

    /// Begins a series.
    pub(in crate::remote_write) const fn begin(&mut self) {
        self.read = 0;
        self.labels.excess = 0;
    }

    /// How many labels of the series were read.
    #[inline]
    pub(in crate::remote_write) const fn read(&self) -> usize {
        self.read
    }

    /// Takes this many labels as they were in the series before. It had them.
    #[inline]
    pub(in crate::remote_write) const fn repeat(&mut self, labels: usize) {
        self.read = self.read.saturating_add(labels);
    }

    /// Reads the label that comes next; of one that is not known `parse` tells name and value.
    #[inline]
    pub(in crate::remote_write) fn take(
        &mut self,
        source: S,
        judge: &mut impl Judge<Name = N>,
        parse: impl FnOnce() -> Result<(&'a [u8], &'a [u8]), ProtobufError>,
    ) -> Result<(), ProtobufError> {
        let (names, place) = (&mut self.names, self.read);
        let label = self.memo.label(source, || parse().map(|pair| judged(pair, place, names, judge)))?;
        self.renamed |= !self.labels.add(place, label);
        self.read = place.saturating_add(1).min(HELD);
        Ok(())
    }

    /// The labels of the series, all of which were read; in order, unless they are more than this many.
    pub(in crate::remote_write) fn end(&mut self, most: usize) -> &Labels<'a> {
        if self.read < self.labels.held.len() {
            self.labels.truncate(self.read);
            self.renamed = true;
        }
        if self.renamed {
            self.labels.arrange(most);
            self.renamed = false;
        }
        &self.labels
    }

    /// The labels, once they have ended.
    pub(in crate::remote_write) const fn labels(&self) -> &Labels<'a> {
        &self.labels
    }
}

/// A label, with what the judge knows of it. Most have the name of the label before them in their place.
fn judged<'a, N>(
    (name, value): (&'a [u8], &'a [u8]),
    place: usize,
    names: &mut Vec<(&'a [u8], N)>,
    judge: &mut impl Judge<Name = N>,
) -> Label<'a> {
    if value.is_empty() {
        return Label { name, value, seen: Seen::default() };
    }
    match names.get_mut(place) {
        Some((known, named)) if same(known, name) => Label { name: known, value, seen: judge.label(named, value) },
        Some(known) => {
            *known = (name, judge.name(name));
            Label { name, value, seen: judge.label(&known.1, value) }
        }
        None => {
            let named = judge.name(name);
            let seen = judge.label(&named, value);
            if names.len() == place {
                names.push((name, named));
            }
            Label { name, value, seen }
        }
    }
}
