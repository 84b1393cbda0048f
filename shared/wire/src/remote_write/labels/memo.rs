//! Labels that were seen not long ago.

use super::Label;
use crate::words::{same, short, word};

/// How many labels are remembered, in pairs of places.
const PAIRS: usize = 1 << 8;
const PAIR_SHIFT: u32 = u64::BITS - 8;

/// How many marks are kept of labels that were seen once.
const MARKS: usize = 1 << 12;
const MARK_SHIFT: u32 = u64::BITS - 12;

/// What a label was read from, by which it is known again.
pub(in crate::remote_write) trait Source: Copy {
    /// What no label is read from.
    const NONE: Self;
    /// Whether it is worth remembering.
    fn is_handy(self) -> bool;
    /// Whether this is the same.
    fn is(self, other: Self) -> bool;
    /// A number from all of it. Nothing depends on who chooses it: in the worst case nothing is remembered.
    fn mixed(self) -> u64;
}

/// Version 1: the field's own bytes.
impl Source for &[u8] {
    const NONE: Self = &[];

    fn is_handy(self) -> bool {
        // To look a longer one up would cost as much as to look at it again.
        matches!(self.len(), 1..=128)
    }

    #[inline]
    fn is(self, other: Self) -> bool {
        same(self, other)
    }

    #[inline]
    fn mixed(self) -> u64 {
        let (words, _) = self.as_chunks::<8>();
        let last = self.last_chunk().map_or_else(|| short(self), word);
        words.iter().fold(last, |mixed, bytes| mixed.rotate_left(11) ^ word(bytes)).wrapping_mul(SPREAD)
    }
}

/// Version 2: the references to its name and its value.
impl Source for (u32, u32) {
    const NONE: Self = (u32::MAX, u32::MAX);

    #[inline]
    fn is_handy(self) -> bool {
        self != Self::NONE
    }

    #[inline]
    fn is(self, other: Self) -> bool {
        self == other
    }

    #[inline]
    fn mixed(self) -> u64 {
        (u64::from(self.0) << 32 | u64::from(self.1)).wrapping_mul(SPREAD)
    }
}

/// Spreads what differs over the upper bits.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// What is known of labels, by what they were read from.
///
/// A label is remembered when it is seen for the second time, in place of the older one of a pair: there are labels
/// that every series has another of, and they would make it forget all others.
#[derive(Debug)]
pub(super) struct Memo<'a, S> {
    pairs: Vec<Pair<'a, S>>,
    marks: Vec<u8>,
    /// The last label that was not remembered.
    passing: Label<'a>,
}

#[derive(Clone, Debug)]
struct Pair<'a, S> {
    first: (S, Label<'a>),
    second: (S, Label<'a>),
    /// Which of the two was asked for last.
    second_is_newer: bool,
}

impl<'a, S: Source> Memo<'a, S> {
    pub(super) fn new() -> Self {
        let none = (S::NONE, Label::default());
        let pair = Pair { first: none, second: none, second_is_newer: false };
        Self { pairs: vec![pair; PAIRS], marks: vec![0; MARKS], passing: Label::default() }
    }

    /// The label that was read from this; `read` is asked for one that is not remembered.
    #[inline]
    pub(super) fn label<E>(&mut self, source: S, read: impl FnOnce() -> Result<Label<'a>, E>) -> Result<&Label<'a>, E> {
        let Self { pairs, marks, passing } = self;
        if !source.is_handy() {
            *passing = read()?;
            return Ok(passing);
        }
        let mixed = source.mixed();
        let Some(Pair { first, second, second_is_newer }) = pairs.get_mut(index(mixed >> PAIR_SHIFT)) else {
            *passing = read()?;
            return Ok(passing);
        };
        if first.0.is(source) {
            *second_is_newer = false;
            return Ok(&first.1);
        }
        if second.0.is(source) {
            *second_is_newer = true;
            return Ok(&second.1);
        }
        if marks.get_mut(index(mixed >> MARK_SHIFT)).is_none_or(|mark| is_first(mark, mixed)) {
            *passing = read()?;
            return Ok(passing);
        }
        let older = if *second_is_newer { first } else { second };
        *second_is_newer = !*second_is_newer;
        *older = (source, read()?);
        Ok(&older.1)
    }
}

/// Whether a label of these bits was not seen lately. It is marked as seen.
fn is_first(mark: &mut u8, mixed: u64) -> bool {
    let [bits, ..] = (mixed | 1).to_le_bytes();
    std::mem::replace(mark, bits) != bits
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a label had to be read.
    fn is_read<'a>(memo: &mut Memo<'a, &'a [u8]>, source: &'a str) -> bool {
        let mut read = false;
        let label = memo.label(source.as_bytes(), || {
            read = true;
            Ok::<_, ()>(Label { value: source.as_bytes(), ..Label::default() })
        });
        assert_eq!(label.map(|label| label.value), Ok(source.as_bytes()));
        read
    }

    #[test]
    fn a_label_is_remembered_when_it_is_seen_again() {
        let mut memo = Memo::new();
        for source in ["a", "seven b", "eight by", "nine byte", "a longer one"] {
            assert_eq!([(); 4].map(|()| is_read(&mut memo, source)), [true, true, false, false], "{source}");
        }
        let (long, longer) = ("x".repeat(128), "x".repeat(129));
        assert_eq!([(); 3].map(|()| is_read(&mut memo, &long)), [true, true, false]);
        assert_eq!([(); 3].map(|()| is_read(&mut memo, &longer)), [true; 3]);
    }

    #[test]
    fn labels_that_are_seen_once_do_not_displace_others() {
        let passing: Vec<_> = (0..2_000).map(|index| format!("passing {index}")).collect();
        let staying: Vec<_> = (0..100).map(|index| format!("staying {index}")).collect();
        let mut memo = Memo::new();
        for source in staying.iter().chain(&staying).chain(&passing) {
            is_read(&mut memo, source);
        }
        let lost = staying.iter().filter(|source| is_read(&mut memo, source)).count();
        assert!(lost < 20, "{lost} of 100 were forgotten");
    }

    #[test]
    fn what_nothing_is_read_from_is_never_known() {
        let mut memo = Memo::new();
        for source in [(u32::MAX, u32::MAX), (0, 0), (u32::MAX, 0)] {
            assert_eq!(memo.label(source, || Err(source)), Err(source), "it is nobody's label yet");
        }
    }
}
