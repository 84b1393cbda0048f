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
    /// How long its tag is; nobody is obliged to write it as short as possible.
    tag: usize,
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
        let (start, bytes) = (self.at(), self.reader.rest());
        let Some((number, value)) = self.reader.field()? else { return Ok(None) };
        let tag = bytes.iter().take_while(|byte| **byte >= 0x80).count().saturating_add(1);
        Ok(Some(Field { number, value, whole: start..self.at(), tag }))
    }
}

impl<'a> Field<'a> {
    /// The message it holds.
    pub(crate) fn message(self) -> Result<Message<'a>, ProtobufError> {
        let bytes = self.value.bytes()?;
        let prefix = self.whole.start.saturating_add(self.tag)..self.whole.end.saturating_sub(bytes.len());
        Ok(Message { bytes, whole: self.whole, prefix })
    }
}

impl<'a> Message<'a> {
    /// Its fields.
    pub(crate) const fn fields(&self) -> Fields<'a> {
        Fields::new(self.bytes, self.prefix.end)
    }
}
