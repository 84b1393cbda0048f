//! The labels of the series at hand.
//!
//! Most labels of a series equal those of the series before it, so what was found out about them is kept: it takes
//! a comparison to know them again, and no second look.

use super::METRIC_NAME;
use crate::{
    checks::Check,
    protobuf::{
        ProtobufError,
        place::{Fields, same},
    },
};
use std::cmp::Ordering;

/// The most labels that are looked at. One more is too many whatever the limit is.
pub const HELD: usize = 1_024;

/// What a judge found out about a label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its hash.
    pub hash: u64,
    /// What is wrong with it, if anything is.
    pub fault: Option<Check>,
}

/// A label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its value; never empty.
    pub value: &'a [u8],
    /// What is known about it.
    pub seen: Seen,
}

/// Where a label was read from, by which it is known again.
pub(super) trait Source: Copy {
    fn same(&self, other: &Self) -> bool;
}

/// Version 1: the field's own bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'a>(pub(super) &'a [u8]);

impl Source for Raw<'_> {
    fn same(&self, other: &Self) -> bool {
        same(self.0, other.0)
    }
}

/// Version 2: the symbols of its name and its value.
impl Source for (u32, u32) {
    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

/// Reads the labels of one series after another.
#[derive(Debug)]
pub(super) struct LabelReader<'a, S> {
    sources: Vec<S>,
    labels: Labels<'a>,
    /// How many labels of the series at hand were read, empty ones included.
    read: usize,
    /// How far what is known about the series before still holds.
    unchanged: bool,
    entries: Vec<Label<'a>>,
    /// Whether the sorted labels stand where they were read.
    aligned: bool,
}

/// The labels of a series: those that have a value.
#[derive(Debug, Default)]
pub struct Labels<'a> {
    sorted: Vec<Label<'a>>,
    excess: usize,
}

impl<'a, S: Source> LabelReader<'a, S> {
    pub(super) const fn new() -> Self {
        Self {
            sources: Vec::new(),
            labels: Labels { sorted: Vec::new(), excess: 0 },
            read: 0,
            unchanged: true,
            entries: Vec::new(),
            aligned: false,
        }
    }

    /// Begins a series.
    pub(super) const fn begin(&mut self) {
        self.read = 0;
        self.unchanged = true;
        self.labels.excess = 0;
    }

    /// Takes the next label; `parse` is asked for one that is not as in the series before.
    pub(super) fn push(
        &mut self,
        source: S,
        parse: impl FnOnce() -> Result<Label<'a>, ProtobufError>,
    ) -> Result<(), ProtobufError> {
        let at = self.read;
        self.read = at.saturating_add(1);
        match self.sources.get_mut(at) {
            Some(before) if before.same(&source) => return Ok(()),
            _ if at >= HELD => {
                self.labels.excess = self.labels.excess.saturating_add(usize::from(!parse()?.value.is_empty()));
                return Ok(());
            }
            Some(before) => *before = source,
            None => self.sources.push(source),
        }
        let label = parse()?;
        self.unchanged &= self.replace(at, label);
        match self.entries.get_mut(at) {
            Some(before) => *before = label,
            None => self.entries.push(label),
        }
        Ok(())
    }

    /// Puts a label that has nothing but another value where it belongs, and says whether that was all.
    fn replace(&mut self, at: usize, label: Label<'a>) -> bool {
        let place = if self.aligned { self.labels.sorted.get_mut(at) } else { None };
        match place {
            Some(place) if place.name == label.name && !label.value.is_empty() => {
                *place = label;
                true
            }
            _ => false,
        }
    }

    /// The labels of the series, all of which were read.
    pub(super) fn end(&mut self) -> &Labels<'a> {
        let read = self.read.min(self.sources.len());
        if !self.unchanged || read != self.sources.len() {
            self.sources.truncate(read);
            self.entries.truncate(read);
            self.labels.sorted.clear();
            self.labels.sorted.extend(self.entries.iter().filter(|label| !label.value.is_empty()));
            self.aligned = self.labels.sorted.len() == self.entries.len();
            if !self.labels.sorted.is_sorted_by(|a, b| order(a.name, b.name) != Ordering::Greater) {
                self.aligned = false;
                self.labels.sorted.sort_by(|a, b| order(a.name, b.name));
            }
            self.unchanged = true;
        }
        &self.labels
    }
}

impl<'a> LabelReader<'a, Raw<'a>> {
    /// Skips the labels that come next as long as they are those of the series before.
    #[inline]
    pub(super) fn skip(&mut self, fields: &mut Fields<'a>) {
        while let Some(Raw(before)) = self.sources.get(self.read)
            && fields.skip(before)
        {
            self.read = self.read.saturating_add(1);
        }
    }
}

impl<'a> Labels<'a> {
    /// Those that are held, in the order of their names.
    pub fn sorted(&self) -> &[Label<'a>] {
        &self.sorted
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.sorted.len().saturating_add(self.excess)
    }

    /// The metric's name; empty if there is none.
    pub fn metric(&self) -> &'a [u8] {
        self.sorted.iter().find(|label| label.name == METRIC_NAME).map_or(&[], |label| label.value)
    }
}

/// The order of two names, of which the first eight bytes mostly decide.
fn order(a: &[u8], b: &[u8]) -> Ordering {
    match (a.first_chunk::<8>(), b.first_chunk::<8>()) {
        (Some(x), Some(y)) if x != y => u64::from_be_bytes(*x).cmp(&u64::from_be_bytes(*y)),
        _ => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        reader: &mut LabelReader<'static, Raw<'static>>,
        labels: &[(&'static str, &'static str)],
    ) -> (usize, String) {
        let mut parsed = 0;
        reader.begin();
        for (name, value) in labels {
            let raw = Raw(format!("{name}={value}").leak().as_bytes());
            let label = Label { name: name.as_bytes(), value: value.as_bytes(), seen: Seen::default() };
            let parse = || {
                parsed += 1;
                Ok(label)
            };
            reader.push(raw, parse).unwrap();
        }
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let sorted = reader.end().sorted().iter().map(|label| text(label.name) + "=" + &text(label.value));
        (parsed, sorted.collect::<Vec<_>>().join(","))
    }

    #[test]
    fn labels_that_do_not_change_are_read_once_and_always_come_sorted() {
        let mut reader = LabelReader::new();
        for (labels, want) in [
            (&[("a", "1"), ("b", "2")][..], (2, "a=1,b=2")),
            (&[("a", "1"), ("b", "2")], (0, "a=1,b=2")),
            (&[("a", "1"), ("b", "3")], (1, "a=1,b=3")),
            (&[("a", "1")], (0, "a=1")),
            (&[("z", "1"), ("b", ""), ("c", "4")], (3, "c=4,z=1")),
            (&[("z", "1"), ("b", "2"), ("c", "4")], (1, "b=2,c=4,z=1")),
            (&[], (0, "")),
            (&[("long_name_2", "1"), ("long_name_10", "2"), ("long", "3")], (3, "long=3,long_name_10=2,long_name_2=1")),
            (&[("a", "1"), ("a", "1")], (2, "a=1,a=1")),
        ] {
            let (parsed, sorted) = read(&mut reader, labels);
            assert_eq!((parsed, sorted.as_str()), want, "{labels:?}");
        }
    }

    #[test]
    fn more_labels_than_can_be_held_are_counted() {
        let mut reader = LabelReader::new();
        let many = vec![("a", "1"); HELD + 5];
        read(&mut reader, &many);
        assert_eq!((reader.labels.count(), reader.sources.len()), (HELD + 5, HELD));
        read(&mut reader, &many[..2]);
        assert_eq!(reader.labels.count(), 2);
    }
}
