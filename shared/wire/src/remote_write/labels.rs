//! The labels of the series at hand.
//!
//! What a series is, is kept up to date label by label: series that follow each other differ in few of theirs.

mod memo;
mod reader;

pub(super) use memo::Memo;
pub(super) use reader::LabelReader;

use super::METRIC_NAME;
use crate::{checks::Check, words::same};
use std::{cmp::Ordering, mem, ptr};

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Label<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its value; a label without one is none.
    pub value: &'a [u8],
    /// What is known about it.
    pub seen: Seen,
}

/// The labels of a series: those that have a value.
#[derive(Debug, Default)]
pub struct Labels<'a> {
    /// All of them, as they were read.
    held: Vec<Label<'a>>,
    /// Where those that have a value are held, by their names.
    sorted: Vec<usize>,
    /// Where the first that is the metric's name is held.
    metric: Option<usize>,
    /// Whether a name stands twice.
    repeated: bool,
    /// How many have a fault.
    faults: usize,
    /// The sum of their hashes.
    identity: u64,
    /// How many more there were than are held.
    excess: usize,
}

impl<'a> Labels<'a> {
    /// Those that are held, in the order of their names. Those of a series with too many come as they were read.
    pub fn sorted(&self) -> impl ExactSizeIterator<Item = &Label<'a>> + Clone {
        const NONE: &Label<'_> = &Label { name: b"", value: b"", seen: Seen { hash: 0, fault: None } };
        self.sorted.iter().map(|place| self.held.get(*place).unwrap_or(NONE))
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.sorted.len().saturating_add(self.excess)
    }

    /// The metric's name, the first of them if there are several.
    pub fn metric(&self) -> Option<&Label<'a>> {
        self.held.get(self.metric?)
    }

    /// Whether one of them has a fault or a name that stands twice.
    pub const fn is_faulty(&self) -> bool {
        self.faults > 0 || self.repeated
    }

    /// Who the series is: the sum of the hashes.
    pub const fn identity(&self) -> u64 {
        self.identity
    }

    /// Puts a label in place of another, and says whether it differs in nothing but its value.
    #[inline(always)]
    fn add(&mut self, at: usize, label: &Label<'a>) -> bool {
        let Some(place) = self.held.get_mut(at) else { return self.push(label) };
        let same_name = ptr::eq(place.name, label.name) || same(place.name, label.name);
        let renamed = !same_name || place.value.is_empty() != label.value.is_empty();
        // Piece by piece: a label that has just been put together cannot be copied whole without waiting for its pieces.
        let before = mem::replace(&mut place.seen, label.seen);
        (place.name, place.value) = (label.name, label.value);
        self.count_out(before);
        self.count_in(label.seen);
        !renamed
    }

    #[cold]
    fn push(&mut self, label: &Label<'a>) -> bool {
        if self.held.len() < HELD {
            self.held.push(*label);
            self.count_in(label.seen);
        } else {
            self.excess = self.excess.saturating_add(usize::from(!label.value.is_empty()));
        }
        false
    }

    /// Leaves this many.
    fn truncate(&mut self, length: usize) {
        while self.held.len() > length
            && let Some(label) = self.held.pop()
        {
            self.count_out(label.seen);
        }
    }

    #[inline]
    const fn count_in(&mut self, seen: Seen) {
        self.identity = self.identity.wrapping_add(seen.hash);
        if seen.fault.is_some() {
            self.faults = self.faults.saturating_add(1);
        }
    }

    #[inline]
    const fn count_out(&mut self, seen: Seen) {
        self.identity = self.identity.wrapping_sub(seen.hash);
        if seen.fault.is_some() {
            self.faults = self.faults.saturating_sub(1);
        }
    }

    /// Puts them in order, after their names have changed, unless they are more than this many.
    fn arrange(&mut self, most: usize) {
        let Self { held, sorted, .. } = self;
        let name = |place: &usize| held.get(*place).map_or(&b""[..], |label| label.name);
        let valued = held.iter().enumerate().filter(|(_, label)| !label.value.is_empty());
        sorted.clear();
        sorted.extend(valued.map(|(place, _)| place));
        if sorted.len() <= most && !sorted.is_sorted_by(|a, b| order(name(a), name(b)) != Ordering::Greater) {
            sorted.sort_by(|a, b| order(name(a), name(b)));
        }
        self.repeated = sorted.iter().zip(sorted.iter().skip(1)).any(|(a, b)| name(a) == name(b));
        self.metric = sorted.iter().find(|place| name(place) == METRIC_NAME).copied();
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

    fn label<'a>(name: &'a str, value: &'a str, fault: Option<Check>) -> Label<'a> {
        let hash = if value.is_empty() { 0 } else { (name.len() * 1_000 + value.len()) as u64 };
        Label { name: name.as_bytes(), value: value.as_bytes(), seen: Seen { hash, fault } }
    }

    fn sorted(labels: &Labels<'_>) -> String {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let pairs = labels.sorted().map(|label| text(label.name) + "=" + &text(label.value));
        pairs.collect::<Vec<_>>().join(",")
    }

    #[test]
    fn labels_come_by_their_names_and_those_without_a_value_do_not() {
        let mut labels = Labels::default();
        for (pairs, want, metric, faulty) in [
            (&[("b", "1"), ("a", "2")][..], "a=2,b=1", None, false),
            (&[("b", ""), ("a", "2"), ("__name__", "up")], "__name__=up,a=2", Some("up"), false),
            (
                &[("z", "1"), ("long_name_2", "2"), ("long_name_10", "3")],
                "long_name_10=3,long_name_2=2,z=1",
                None,
                false,
            ),
            (&[("a", "1"), ("c", "2"), ("a", "0")], "a=1,a=0,c=2", None, true),
            (&[], "", None, false),
        ] {
            for (place, (name, value)) in pairs.iter().enumerate() {
                labels.add(place, &label(name, value, None));
            }
            labels.truncate(pairs.len());
            labels.arrange(HELD);
            assert_eq!((sorted(&labels).as_str(), labels.is_faulty()), (want, faulty), "{pairs:?}");
            assert_eq!(labels.metric().map(|label| label.value), metric.map(str::as_bytes), "{pairs:?}");
            assert_eq!(labels.count(), labels.sorted().len());
            assert_eq!(labels.identity(), labels.sorted().map(|label| label.seen.hash).sum::<u64>());
        }
    }

    #[test]
    fn a_fault_goes_with_its_label() {
        let mut labels = Labels::default();
        labels.add(0, &label("a", "1", Some(Check::LabelInvalid)));
        labels.add(1, &label("b", "1", Some(Check::LabelInvalid)));
        labels.add(0, &label("a", "1", None));
        assert!(labels.is_faulty());
        labels.truncate(1);
        assert!(!labels.is_faulty());
    }

    #[test]
    fn only_another_value_leaves_the_order_as_it_is() {
        let mut labels = Labels::default();
        assert!(!labels.add(0, &label("a", "1", None)));
        for (name, value, same) in [
            ("a", "2", true),
            ("a", "", false),
            ("a", "", true),
            ("a", "3", false),
            ("b", "3", false),
            ("bb", "3", false),
        ] {
            assert_eq!(labels.add(0, &label(name, value, None)), same, "{name}={value}");
        }
    }

    #[test]
    fn more_labels_than_can_be_held_are_counted() {
        let mut labels = Labels::default();
        for place in 0..HELD + 5 {
            labels.add(place, &label("a", "1", None));
        }
        labels.add(HELD, &label("a", "", None));
        labels.arrange(HELD);
        assert_eq!((labels.count(), labels.held.len()), (HELD + 5, HELD));
    }
}
