//! Cutting parts out of a body, and writing anew the lengths that stood around them.

use crate::{protobuf::put_varint, snappy::Deflater};
use std::{fmt, ops::Range};

/// The most changes that are remembered. An honest batch has some thousands of parts; a hostile one could make the
/// list of its faults larger than itself.
const CHANGES: usize = 1 << 18;

/// Changes to a body, in the order of the places they change. Without any, the body stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    edits: Vec<Edit>,
}

/// These bytes make way for a varint, or for nothing. Half the size of a pair of `usize`, because a hostile body
/// can ask for one edit in every dozen bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Edit {
    start: u32,
    end: u32,
    varint: Option<u32>,
}

/// Where a patch stood, to go back to or to put a length in.
#[derive(Clone, Copy, Debug)]
pub struct Mark(usize);

/// Why a body cannot be had without what was cut. `Display` goes on after "the push".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchError {
    /// More was cut than is remembered.
    Full,
    /// More is left than the 4 GiB that a block can hold.
    TooLarge,
}

impl Patch {
    /// Whether nothing changes.
    pub const fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Whether it has stopped remembering, so that it cannot be applied.
    const fn is_full(&self) -> bool {
        self.edits.len() >= CHANGES
    }

    /// How far the patch has come.
    pub const fn mark(&self) -> Mark {
        Mark(self.edits.len())
    }

    /// Whether nothing has changed since.
    pub const fn is_untouched(&self, since: Mark) -> bool {
        self.edits.len() <= since.0
    }

    /// Forgets what has changed since.
    pub fn back_to(&mut self, mark: Mark) {
        self.edits.truncate(mark.0);
    }

    /// Cuts these bytes out. They must lie behind all earlier changes.
    pub fn cut(&mut self, range: Range<usize>) {
        self.cut_since(Mark(0), range);
    }

    /// Cuts these bytes out, as one piece with what was cut right before them, but not before `mark`.
    pub fn cut_since(&mut self, mark: Mark, range: Range<usize>) {
        let (start, end) = (offset(range.start), offset(range.end));
        let full = self.is_full();
        match self.edits.get_mut(mark.0..).and_then(<[Edit]>::last_mut) {
            Some(last) if last.end == start && last.varint.is_none() => last.end = end,
            _ if full => {}
            _ => self.edits.push(Edit { start, end, varint: None }),
        }
    }

    /// Closes a length-delimited part in which something was cut since `mark`: its length, whose varint stands at
    /// `prefix`, becomes what is left. A part that lost nothing keeps its bytes.
    pub fn resize(&mut self, mark: Mark, prefix: Range<usize>, length: usize) {
        let cut = self.edits.get(mark.0..).unwrap_or_default();
        if cut.is_empty() || self.is_full() {
            return;
        }
        let lost = cut.iter().map(Edit::shrinks).fold(0, u32::saturating_add);
        let left = offset(length).saturating_sub(lost);
        let edit = Edit { start: offset(prefix.start), end: offset(prefix.end), varint: Some(left) };
        self.edits.insert(mark.0, edit);
    }

    /// The body without what was cut.
    pub fn apply(&self, body: &[u8]) -> Result<Vec<u8>, PatchError> {
        let mut left = Vec::with_capacity(self.left_of(body));
        self.pieces(body, |piece| left.extend_from_slice(piece))?;
        Ok(left)
    }

    /// The same in a snappy block, without holding what is left.
    pub fn deflate(&self, body: &[u8]) -> Result<Vec<u8>, PatchError> {
        let mut deflater = Deflater::new(self.left_of(body)).ok_or(PatchError::TooLarge)?;
        self.pieces(body, |piece| deflater.push(piece))?;
        Ok(deflater.finish())
    }

    /// How long what is left of the body is.
    fn left_of(&self, body: &[u8]) -> usize {
        let lost = self.edits.iter().map(|edit| index(edit.shrinks()));
        body.len().saturating_sub(lost.fold(0, usize::saturating_add))
    }

    /// What is left of the body, piece by piece.
    fn pieces(&self, body: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), PatchError> {
        if self.is_full() {
            return Err(PatchError::Full);
        }
        let (mut from, mut varint) = (0, Vec::new());
        for edit in &self.edits {
            each(body.get(from..index(edit.start)).unwrap_or_default());
            if let Some(value) = edit.varint {
                varint.clear();
                put_varint(value.into(), &mut varint);
                each(&varint);
            }
            from = index(edit.end);
        }
        each(body.get(from..).unwrap_or_default());
        Ok(())
    }
}

impl Edit {
    /// By how many bytes it shortens the body. A length never grows, so its varint does not either.
    const fn shrinks(&self) -> u32 {
        let length = match self.varint {
            Some(value) => varint_length(value),
            None => 0,
        };
        self.end.saturating_sub(self.start).saturating_sub(length)
    }
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "has more faults than can be cut out: send smaller batches",
            Self::TooLarge => "leaves more than a block can hold",
        })
    }
}

impl std::error::Error for PatchError {}

/// Bodies are smaller than 4 GiB by far: limits see to that before anything is read.
fn offset(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

const fn varint_length(value: u32) -> u32 {
    u32::BITS.saturating_sub((value | 1).leading_zeros()).div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(content: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_varint(u64::try_from(content.len()).unwrap(), &mut bytes);
        [&bytes, content].concat()
    }

    #[test]
    fn what_is_cut_is_gone_and_the_rest_stays() {
        let mut patch = Patch::default();
        assert!(patch.is_empty());
        assert_eq!(patch.apply(b"abcdef").unwrap(), b"abcdef");
        patch.cut(1..2);
        patch.cut(2..3);
        patch.cut(5..6);
        assert_eq!(patch.apply(b"abcdef").unwrap(), b"ade");
        assert_eq!(patch.edits.len(), 2, "neighbours are one piece");
    }

    #[test]
    fn lengths_around_a_cut_are_written_anew() {
        for (size, cut) in [(10, 3), (130, 5), (130, 1), (20_000, 10_000), (20_000, 19_999)] {
            let body = field(&vec![b'x'; size]);
            let prefix = body.len() - size;
            let mut patch = Patch::default();
            let mark = patch.mark();
            patch.cut(prefix..prefix + cut);
            patch.resize(mark, 0..prefix, size);
            assert_eq!(patch.apply(&body).unwrap(), field(&vec![b'x'; size - cut]), "{size} without {cut}");
        }
    }

    #[test]
    fn a_list_of_changes_does_not_outgrow_its_bound() {
        let mut patch = Patch::default();
        for start in 0..CHANGES + 10 {
            assert_eq!(patch.is_full(), start >= CHANGES);
            let mark = patch.mark();
            patch.cut(2 * start..2 * start + 1);
            patch.resize(mark, 0..1, 9);
            patch.back_to(Mark(start + 1));
        }
        assert_eq!(patch.edits.len(), CHANGES);
    }

    #[test]
    fn lengths_nest() {
        let (inner, outer) = (|x: &[u8]| [b"i", &field(x)[..]].concat(), |x: &[u8]| [b"o", &field(x)[..]].concat());
        let body = outer(&inner(&[b'x'; 126]));
        let mut patch = Patch::default();
        let (whole, part) = (patch.mark(), patch.mark());
        patch.cut(5..10);
        patch.resize(part, 4..5, 126);
        patch.resize(whole, 1..3, 128);
        assert_eq!(patch.apply(&body).unwrap(), outer(&inner(&[b'x'; 121])));
    }

    #[test]
    fn a_part_that_lost_nothing_keeps_its_length_and_what_is_forgotten_stays() {
        let mut patch = Patch::default();
        let mark = patch.mark();
        patch.resize(mark, 0..1, 5);
        assert!(patch.is_empty());
        patch.cut(1..3);
        patch.back_to(mark);
        assert_eq!(patch.apply(b"abc").unwrap(), b"abc");
    }
}
