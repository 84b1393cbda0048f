//! Where the fields of a message stand, for those who cut some of them out.

use super::{ProtobufError, Reader, Value};
use std::ops::Range;

/// The fields of a message, with their places in the request.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    reader: Reader<'a>,
    end: usize,
}

/// A field and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Field<'a> {
    /// Its number.
    pub(crate) number: u32,
    /// What it holds.
    pub(crate) value: Value<'a>,
    /// Its tag, its length if it has one, and its value.
    pub(crate) whole: Range<usize>,
    /// The message from its tag on.
    head: &'a [u8],
}

/// An embedded message and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Message<'a> {
    /// Its bytes.
    pub(crate) bytes: &'a [u8],
    /// Its tag, its length and its bytes.
    pub(crate) whole: Range<usize>,
    /// Its length.
    pub(crate) prefix: Range<usize>,
}

impl<'a> Fields<'a> {
    /// The fields of a message that begins at `start`.
    pub(crate) const fn new(message: &'a [u8], start: usize) -> Self {
        Self { reader: Reader::new(message), end: start.saturating_add(message.len()) }
    }

    fn at(&self) -> usize {
        self.end.saturating_sub(self.reader.rest().len())
    }

    /// The next field; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Field<'a>>, ProtobufError> {
        let (start, head) = (self.at(), self.reader.rest());
        let Some((number, value)) = self.reader.field()? else { return Ok(None) };
        Ok(Some(Field { number, value, whole: start..self.at(), head }))
    }

    /// Skips the next field if it is this one, which was read before: one comparison instead of a reading.
    #[inline]
    pub(crate) fn skip(&mut self, known: &[u8]) -> bool {
        let Some((next, rest)) = self.reader.rest().split_at_checked(known.len()) else { return false };
        let same = same(next, known);
        if same {
            self.reader = Reader::new(rest);
        }
        same
    }
}

/// Whether two texts of one length are the same, by words: a component compares slices byte by byte.
#[inline]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let (Some(a_last), Some(b_last)) = (a.last_chunk::<8>(), b.last_chunk::<8>()) else { return a == b };
    let (mine, _) = a.as_chunks::<8>();
    let (theirs, _) = b.as_chunks::<8>();
    a.len() == b.len() && word(a_last) == word(b_last) && mine.iter().zip(theirs).all(|(x, y)| word(x) == word(y))
}

impl<'a> Field<'a> {
    /// All of it: its tag, its length if it has one, and its value.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.head.get(..self.whole.len()).unwrap_or_default()
    }

    /// The message it holds.
    pub(crate) fn message(self) -> Result<Message<'a>, ProtobufError> {
        let bytes = self.value.bytes()?;
        // Nobody is obliged to write a tag as short as possible.
        let tag = self.head.iter().take_while(|byte| **byte >= 0x80).count().saturating_add(1);
        let prefix = self.whole.start.saturating_add(tag)..self.whole.end.saturating_sub(bytes.len());
        Ok(Message { bytes, whole: self.whole, prefix })
    }
}

impl<'a> Message<'a> {
    /// Its fields.
    pub(crate) const fn fields(&self) -> Fields<'a> {
        Fields::new(self.bytes, self.prefix.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_compared_to_the_last() {
        let bytes: Vec<u8> = (0..40).collect();
        for length in 0..bytes.len() {
            assert!(same(&bytes[..length], &bytes.clone()[..length]));
            assert!(!same(&bytes[..length], &bytes[..length + 1]));
            for index in 0..length {
                let mut other = bytes.clone();
                other[index] ^= 1;
                assert!(!same(&bytes[..length], &other[..length]), "{index} of {length}");
            }
        }
    }

    #[test]
    fn a_field_is_skipped_only_if_all_of_it_is_known() {
        let message = b"\x0a\x09name-of-a\x0a\x09name-of-b\x0a\x09name";
        let mut fields = Fields::new(message, 0);
        let known = fields.next().unwrap().unwrap().bytes();
        assert_eq!(known, b"\x0a\x09name-of-a");
        assert!(!fields.skip(known));
        assert!(fields.skip(b"\x0a\x09name-of-b") && !fields.skip(known));
        assert_eq!(fields.next().unwrap_err(), ProtobufError::Truncated);
    }
}
