//! Where the fields of a message stand, for those who cut some of them out.

use super::{ProtobufError, Reader, Tag};
use std::ops::Range;

/// The fields of a message, with their places in the request.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    /// Reads the value of the field whose tag was read last.
    pub(crate) reader: Reader<'a>,
    /// Where that field begins.
    start: usize,
    end: usize,
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
    #[inline]
    pub(crate) const fn new(message: &'a [u8], start: usize) -> Self {
        Self { reader: Reader::new(message), start, end: start.saturating_add(message.len()) }
    }

    /// The next field's tag; `None` at the end. Its value must be read or skipped before the next is asked for.
    #[inline]
    pub(crate) fn tag(&mut self) -> Result<Option<Tag>, ProtobufError> {
        self.start = self.at();
        self.reader.tag()
    }

    /// The field that was read last: its tag, its length if it has one, and its value.
    #[inline]
    pub(crate) const fn whole(&self) -> Range<usize> {
        self.start..self.at()
    }

    /// The message that a field holds.
    #[inline]
    pub(crate) fn message(&mut self, tag: Tag) -> Result<Message<'a>, ProtobufError> {
        let length = self.at();
        let bytes = self.reader.bytes(tag)?;
        let prefix = length..self.at().saturating_sub(bytes.len());
        Ok(Message { bytes, whole: self.whole(), prefix })
    }

    /// Goes to where this was left to read.
    #[inline]
    pub(crate) const fn go_to(&mut self, rest: &'a [u8]) {
        self.reader = Reader::new(rest);
    }

    #[inline]
    const fn at(&self) -> usize {
        self.end.saturating_sub(self.reader.rest().len())
    }
}

impl<'a> Message<'a> {
    /// Its fields.
    #[inline]
    pub(crate) const fn fields(&self) -> Fields<'a> {
        Fields::new(self.bytes, self.prefix.end)
    }
}
