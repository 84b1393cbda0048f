//! Labels that were seen not long ago.

use super::Label;
use crate::words::{same, short, word};

/// How many labels are remembered, in pairs of places.
const PAIRS: usize = 1 << 8;
const PAIR_SHIFT: u32 = u64::BITS - 8;

/// How many marks are kept of labels that were seen once.
const MARKS: usize = 1 << 12;
const MARK_SHIFT: u32 = u64::BITS - 12;

/// Longer labels are not remembered: to look one up would cost as much as to look at it again.
const LONGEST: usize = 128;

/// A label and the bytes it was read from.
type Known<'a> = (&'a [u8], Label<'a>);

/// What is known of labels, by the bytes they were read from.
///
/// A label is remembered when it is seen for the second time, in place of the older one of a pair: there are labels
/// that every series has another of, and they would make it forget all others.
#[derive(Debug)]
pub(in crate::remote_write) struct Memo<'a> {
    pairs: Vec<Pair<'a>>,
    marks: Vec<u8>,
    /// The last label that was not remembered.
    passing: Label<'a>,
}

#[derive(Clone, Debug, Default)]
struct Pair<'a> {
    first: Known<'a>,
    second: Known<'a>,
    /// Which of the two was asked for last.
    second_is_newer: bool,
}

impl<'a> Memo<'a> {
    pub(in crate::remote_write) fn new() -> Self {
        Self { pairs: vec![Pair::default(); PAIRS], marks: vec![0; MARKS], passing: Label::default() }
    }

    /// The label of these bytes; `read` is asked for one that is not remembered.
    #[inline(always)]
    pub(in crate::remote_write) fn label<E>(
        &mut self,
        raw: &'a [u8],
        read: impl FnOnce() -> Result<Label<'a>, E>,
    ) -> Result<&Label<'a>, E> {
        let Self { pairs, marks, passing } = self;
        // No label consists of no bytes, and places that are free have none.
        if !matches!(raw.len(), 1..=LONGEST) {
            *passing = read()?;
            return Ok(passing);
        }
        let mixed = mixed(raw);
        let Some(Pair { first, second, second_is_newer }) = pairs.get_mut(index(mixed >> PAIR_SHIFT)) else {
            *passing = read()?;
            return Ok(passing);
        };
        if same(first.0, raw) {
            *second_is_newer = false;
            return Ok(&first.1);
        }
        if same(second.0, raw) {
            *second_is_newer = true;
            return Ok(&second.1);
        }
        if marks.get_mut(index(mixed >> MARK_SHIFT)).is_none_or(|mark| is_first(mark, mixed)) {
            *passing = read()?;
            return Ok(passing);
        }
        let older = if *second_is_newer { first } else { second };
        *second_is_newer = !*second_is_newer;
        *older = (raw, read()?);
        Ok(&older.1)
    }
}

/// Whether a label of these bits was not seen lately. It is marked as seen.
fn is_first(mark: &mut u8, mixed: u64) -> bool {
    let [bits, ..] = (mixed | 1).to_le_bytes();
    std::mem::replace(mark, bits) != bits
}

/// A number from all bytes. Nothing depends on who chooses it: in the worst case nothing is remembered.
#[inline]
fn mixed(raw: &[u8]) -> u64 {
    /// Spreads what differs over the upper bits.
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, _) = raw.as_chunks::<8>();
    let last = raw.last_chunk().map_or_else(|| short(raw), word);
    words.iter().fold(last, |mixed, bytes| mixed.rotate_left(11) ^ word(bytes)).wrapping_mul(SPREAD)
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a label had to be read.
    fn is_read<'a>(memo: &mut Memo<'a>, source: &'a str) -> bool {
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
}
