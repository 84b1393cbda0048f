//! The labels of the series before, byte for byte.

use super::labels::HELD;
use crate::words::common;

/// Compares the labels of a series with those of the one before, many at a time.
#[derive(Debug, Default)]
pub(super) struct Block<'a> {
    /// Where the labels of the series before stand, one behind another.
    whole: &'a [u8],
    /// What of it is not passed yet.
    rest: &'a [u8],
    /// How many bytes each label has: of the series at hand as far as it is read, then of those before.
    lengths: Vec<usize>,
}

impl<'a> Block<'a> {
    /// Begins a series.
    pub(super) const fn begin(&mut self) {
        self.rest = self.whole;
    }

    /// How many labels come next that stand in the same places of the series before, of which `read` are read; and
    /// how many bytes they have.
    #[inline]
    pub(super) fn repeated(&mut self, read: usize, next: &[u8]) -> (usize, usize) {
        let same = common(self.rest, next);
        let (mut labels, mut bytes) = (0_usize, 0_usize);
        for length in self.lengths.get(read..).unwrap_or_default() {
            let end = bytes.wrapping_add(*length);
            if end > same {
                break;
            }
            (labels, bytes) = (labels.wrapping_add(1), end);
        }
        self.pass(bytes);
        (labels, bytes)
    }

    /// In this place comes another label, of this many bytes.
    #[inline]
    pub(super) fn replace(&mut self, place: usize, length: usize) {
        if let Some(before) = self.lengths.get_mut(place) {
            let before = std::mem::replace(before, length);
            self.pass(before);
        } else if self.lengths.len() < HELD {
            self.lengths.push(length);
        }
    }

    /// The labels of the series stand here.
    pub(super) const fn end(&mut self, whole: &'a [u8]) {
        self.whole = whole;
    }

    fn pass(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_repeat_up_to_one_that_differs_and_again_behind_it() {
        let first = b"aaaa.bbbbbb.cc.dddddddddddddddddddddddddddddddddddddddd.e.";
        let mut block = Block::default();
        block.begin();
        assert_eq!(block.repeated(0, first), (0, 0));
        let lengths = [5, 7, 3, 41, 2];
        lengths.iter().enumerate().for_each(|(place, length)| block.replace(place, *length));
        block.end(first);

        block.begin();
        assert_eq!(block.repeated(0, first), (5, first.len()), "all of it");
        block.begin();
        assert_eq!(block.repeated(0, b"aaaa.bbbbxb.cc.ddd"), (1, 5));
        block.replace(1, 4);
        assert_eq!(block.repeated(2, b"cc.ddddddddddddddddddddddddddddddddddddddddd.e."), (1, 3), "whole labels only");
        block.replace(3, 42);
        assert_eq!(block.repeated(4, b"e."), (1, 2));
        assert_eq!(block.repeated(5, b"f."), (0, 0));
        block.end(b"aaaa.xxx.cc.ddddddddddddddddddddddddddddddddddddddddd.e.");

        block.begin();
        assert_eq!(block.repeated(0, b"aaaa.xxx.cc.dd"), (3, 12), "lengths are those of the series before");
    }
}
