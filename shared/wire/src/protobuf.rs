//! A borrowing reader of protobuf messages.
//!
//! As strict as the code that gogo and prost generate: varints of at most ten bytes, known wire types,
//! lengths within the message. What they accept, it accepts.

pub(crate) mod place;

use std::fmt;

/// How deeply groups may nest: what prost allows.
const GROUP_DEPTH: usize = 100;

/// Why bytes are not the message they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtobufError {
    /// The message ends inside a field.
    Truncated,
    /// A varint is longer than ten bytes or larger than 64 bits.
    VarintOverflow,
    /// A field number is 0 or larger than 2^29 - 1.
    FieldNumber,
    /// A known field has another wire type than its schema says, or the wire type does not exist.
    WireType,
    /// A field belongs to another version of the message.
    WrongMessage,
    /// A time is not between the years 1 and 9999.
    Time,
    /// Messages nest too deeply.
    Depth,
    /// A name without a value, or the other way round.
    OddReferences,
    /// A reference to a symbol that is not there.
    UnknownSymbol,
    /// The first symbol is not the empty text.
    FirstSymbol,
    /// More symbols than can be held.
    TooManySymbols,
}

/// A field's number, and how its value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag(u32);

impl Tag {
    /// The field's number.
    #[inline]
    pub const fn number(self) -> u32 {
        self.0 >> 3
    }

    /// Whether a length comes first: of a string, bytes, a message or packed numbers.
    #[inline]
    pub const fn is_delimited(self) -> bool {
        self.wire() == DELIMITED
    }

    pub(crate) const fn wire(self) -> u32 {
        self.0 & 7
    }

    #[inline]
    const fn expect(self, wire: u32) -> Result<(), ProtobufError> {
        if self.wire() == wire { Ok(()) } else { Err(ProtobufError::WireType) }
    }
}

/// The wire types. A group is what no message here uses; it is skipped whole.
const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const DELIMITED: u32 = 2;
const GROUP: u32 = 3;
const GROUP_END: u32 = 4;
const FIXED32: u32 = 5;

/// What a 32-bit field keeps of a varint: its low half.
pub(crate) const fn low(value: u64) -> u32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// A `sint32` or `sint64` from its zigzag form.
pub(crate) const fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ (value & 1).cast_signed().wrapping_neg()
}

/// Reads a message field by field: a tag, and then the value as what the schema says it is, or not at all.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader of this message.
    #[inline]
    pub const fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// The next field's tag; `None` at the end.
    #[inline]
    pub fn tag(&mut self) -> Result<Option<Tag>, ProtobufError> {
        match self.0 {
            [] => Ok(None),
            [byte @ 8..0x80, rest @ ..] => {
                self.0 = rest;
                Ok(Some(Tag(u32::from(*byte))))
            }
            _ => self.long_tag().map(Some),
        }
    }

    fn long_tag(&mut self) -> Result<Tag, ProtobufError> {
        let tag = Tag(u32::try_from(self.varint()?).map_err(|_| ProtobufError::FieldNumber)?);
        if tag.number() == 0 { Err(ProtobufError::FieldNumber) } else { Ok(tag) }
    }

    /// A string, bytes, a message or packed numbers.
    #[inline]
    pub fn bytes(&mut self, tag: Tag) -> Result<&'a [u8], ProtobufError> {
        tag.expect(DELIMITED)?;
        self.delimited()
    }

    /// A whole number, as it stands.
    #[inline]
    pub fn number(&mut self, tag: Tag) -> Result<u64, ProtobufError> {
        tag.expect(VARINT)?;
        self.varint()
    }

    /// A floating-point number, or another one of 64 bits.
    #[inline]
    pub fn double(&mut self, tag: Tag) -> Result<f64, ProtobufError> {
        tag.expect(FIXED64)?;
        self.array().map(f64::from_le_bytes)
    }

    /// A number of 32 bits.
    pub fn fixed32(&mut self, tag: Tag) -> Result<u32, ProtobufError> {
        tag.expect(FIXED32)?;
        self.array().map(u32::from_le_bytes)
    }

    /// Skips a value that nobody knows.
    #[inline]
    pub fn skip(&mut self, tag: Tag) -> Result<(), ProtobufError> {
        if tag.is_delimited() { self.delimited().map(drop) } else { self.skip_within(tag, GROUP_DEPTH) }
    }

    fn skip_within(&mut self, tag: Tag, depth: usize) -> Result<(), ProtobufError> {
        match tag.wire() {
            VARINT => self.varint().map(drop),
            FIXED64 => self.take(8).map(drop),
            DELIMITED => self.delimited().map(drop),
            GROUP => self.group(tag.number(), depth),
            FIXED32 => self.take(4).map(drop),
            _ => Err(ProtobufError::WireType),
        }
    }

    /// Skips a group up to its end tag.
    #[cold]
    fn group(&mut self, number: u32, depth: usize) -> Result<(), ProtobufError> {
        let depth = depth.checked_sub(1).ok_or(ProtobufError::WireType)?;
        let end = Tag(number << 3 | GROUP_END);
        loop {
            match self.tag()?.ok_or(ProtobufError::Truncated)? {
                tag if tag == end => return Ok(()),
                tag => self.skip_within(tag, depth)?,
            }
        }
    }

    /// What is left to read.
    #[inline]
    pub const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// What was read since this was left to read.
    #[inline]
    pub fn since(&self, before: &'a [u8]) -> &'a [u8] {
        before.get(..before.len().saturating_sub(self.0.len())).unwrap_or_default()
    }

    /// Whether everything has been read.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next varint, of which most are one or two bytes long.
    #[inline]
    pub fn varint(&mut self) -> Result<u64, ProtobufError> {
        match self.0 {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.0 = rest;
                Ok(u64::from(*byte))
            }
            [low, high, rest @ ..] if *high < 0x80 => {
                self.0 = rest;
                Ok(u64::from(*low & 0x7f) | u64::from(*high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, ProtobufError> {
        let mut value = 0_u64;
        for (index, &byte) in self.0.iter().enumerate().take(10) {
            let bits = u64::from(byte & 0x7f);
            if index == 9 && bits > 1 {
                return Err(ProtobufError::VarintOverflow);
            }
            value |= bits << index.saturating_mul(7);
            if byte & 0x80 == 0 {
                self.0 = self.0.get(index.saturating_add(1)..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(if self.0.len() < 10 { ProtobufError::Truncated } else { ProtobufError::VarintOverflow })
    }

    #[inline]
    fn delimited(&mut self) -> Result<&'a [u8], ProtobufError> {
        let length = usize::try_from(self.varint()?).map_err(|_| ProtobufError::Truncated)?;
        self.take(length)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ProtobufError> {
        self.take(N)?.try_into().map_err(|_| ProtobufError::Truncated)
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], ProtobufError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(ProtobufError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }
}

/// Writes a number as a reader's [`varint`](Reader::varint) reads it.
pub(crate) fn put_varint(mut value: u64, into: &mut Vec<u8>) {
    while value >= 0x80 {
        into.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    into.push(value.to_le_bytes()[0]);
}

impl fmt::Display for ProtobufError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "it ends inside a field",
            Self::VarintOverflow => "a number is larger than 64 bits",
            Self::FieldNumber => "a field number is out of range",
            Self::WireType => "a field has the wrong wire type",
            Self::WrongMessage => "it has fields of another protocol version",
            Self::Time => "a time is out of range",
            Self::Depth => "values nest too deeply",
            Self::OddReferences => "labels_refs has a name without a value",
            Self::UnknownSymbol => "a reference is out of the range of the symbols",
            Self::FirstSymbol => "the first symbol is not empty",
            Self::TooManySymbols => "it has too many symbols, send smaller batches",
        })
    }
}

impl std::error::Error for ProtobufError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a message of one field, or the first of it, in the way it is written.
    fn first(bytes: &[u8]) -> Result<Option<(u32, String)>, ProtobufError> {
        let mut reader = Reader::new(bytes);
        let Some(tag) = reader.tag()? else { return Ok(None) };
        let value = match tag.wire() {
            VARINT => reader.number(tag)?.to_string(),
            FIXED64 => reader.double(tag)?.to_string(),
            DELIMITED => String::from_utf8_lossy(reader.bytes(tag)?).into_owned(),
            FIXED32 => reader.fixed32(tag)?.to_string(),
            _ => reader.skip(tag).map(|()| "a group".to_owned())?,
        };
        Ok(Some((tag.number(), value)))
    }

    #[test]
    fn fields_are_read_as_they_stand() {
        for (bytes, number, value) in [
            (&b"\x08\x96\x01"[..], 1, "150"),
            (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 1, "18446744073709551615"),
            (b"\x11\0\0\0\0\0\0\xf8\x3f", 2, "1.5"),
            (b"\x1a\x02ab", 3, "ab"),
            (b"\x25\x01\x01\0\0", 4, "257"),
            (b"\x0b\x10\x01\x1b\x1c\x0c", 1, "a group"),
            (b"\x88\x80\x00\x07", 1, "7"),
        ] {
            assert_eq!(first(bytes), Ok(Some((number, value.to_owned()))), "{bytes:02x?}");
        }
        assert_eq!(first(b""), Ok(None));
    }

    #[test]
    fn a_value_is_read_as_what_it_is_or_skipped() {
        for (bytes, wire) in [
            (&b"\x08\x01"[..], VARINT),
            (b"\x09abcdefgh", FIXED64),
            (b"\x0a\x01a", DELIMITED),
            (b"\x0b\x0c", GROUP),
            (b"\x0dabcd", FIXED32),
        ] {
            let mut reader = Reader::new(bytes);
            let tag = reader.tag().unwrap().unwrap();
            let read = [
                (VARINT, reader.clone().number(tag).map(drop)),
                (FIXED64, reader.clone().double(tag).map(drop)),
                (DELIMITED, reader.clone().bytes(tag).map(drop)),
                (FIXED32, reader.clone().fixed32(tag).map(drop)),
            ];
            for (kind, result) in read {
                assert_eq!(result.is_ok(), kind == wire, "{kind} of {bytes:02x?}");
            }
            assert_eq!((reader.skip(tag), reader.is_empty()), (Ok(()), true), "{bytes:02x?}");
        }
    }

    #[test]
    fn damaged_fields_are_errors() {
        use ProtobufError::{FieldNumber, Truncated, VarintOverflow, WireType};
        for (bytes, want) in [
            (&b"\x08"[..], Truncated),
            (b"\x08\x80", Truncated),
            (b"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", VarintOverflow),
            (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", VarintOverflow),
            (b"\x11\x01", Truncated),
            (b"\x1a\x03ab", Truncated),
            (b"\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", Truncated),
            (b"\x00\x01", FieldNumber),
            (b"\xff\xff\xff\xff\x7f\x01", FieldNumber),
            (b"\x0b\x10\x01", Truncated),
            (b"\x0b\x14", WireType),
            (&[0x0b; 300], WireType),
            (b"\x0c", WireType),
            (b"\x0e", WireType),
        ] {
            assert_eq!(first(bytes), Err(want), "{bytes:?}");
        }
    }
}
