//! Reading the labels of one series after another.

use super::{HELD, Label, Labels, Seen};
use crate::{remote_write::Judge, words::same};
use std::ptr;

/// Reads labels, and keeps what does not change from one series to the next.
#[derive(Debug)]
pub(in crate::remote_write) struct LabelReader<'a, N> {
    labels: Labels<'a>,
    /// The last name that was judged in each place, and what is known of it.
    names: Vec<(&'a [u8], N)>,
    /// How many labels of the series at hand were read, those without a value included.
    read: usize,
    /// Whether its names may differ from those of the series before.
    renamed: bool,
}

impl<'a, N> LabelReader<'a, N> {
    pub(in crate::remote_write) fn new() -> Self {
        Self { labels: Labels::default(), names: Vec::new(), read: 0, renamed: false }
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

    /// Takes the label that comes next.
    #[inline(always)]
    pub(in crate::remote_write) fn take(&mut self, label: &Label<'a>) {
        self.renamed |= !self.labels.add(self.read, label);
        self.read = self.read.saturating_add(1).min(HELD);
    }

    /// What is to be known of the label of this name and value, which comes next.
    pub(in crate::remote_write) fn seen(
        &mut self,
        name: &'a [u8],
        value: &'a [u8],
        judge: &mut impl Judge<Name = N>,
    ) -> Seen {
        if value.is_empty() {
            return Seen::default();
        }
        // Most have the name of the label before them in their place.
        if let Some((known, named)) = self.names.get(self.read)
            && (ptr::eq(*known, name) || same(known, name))
        {
            return judge.label(named, value);
        }
        let named = judge.name(name);
        let seen = judge.label(&named, value);
        if let Some(known) = self.names.get_mut(self.read) {
            *known = (name, named);
        } else if self.names.len() == self.read {
            self.names.push((name, named));
        }
        seen
    }

    /// This name as it was read first in the place of the label that comes next, if it was: who compares the two need not
    /// look at their bytes.
    pub(in crate::remote_write) fn known(&self, name: &'a [u8]) -> &'a [u8] {
        match self.names.get(self.read) {
            Some((known, _)) if same(known, name) => known,
            _ => name,
        }
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
