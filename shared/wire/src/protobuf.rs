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

/// A field's value as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64([u8; 8]),
    /// Wire type 2: a string, bytes, a message or packed scalars.
    Bytes(&'a [u8]),
    /// Wire type 5.
    Fixed32([u8; 4]),
    /// Wire types 3 to 4: a group, which no message here uses, skipped whole.
    Group,
}

impl<'a> Value<'a> {
    /// The bytes of a length-delimited field.
    pub const fn bytes(self) -> Result<&'a [u8], ProtobufError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Varint(_) | Self::Fixed64(_) | Self::Fixed32(_) | Self::Group => Err(ProtobufError::WireType),
        }
    }

    /// A varint, as it stands.
    pub const fn varint(self) -> Result<u64, ProtobufError> {
        match self {
            Self::Varint(value) => Ok(value),
            Self::Bytes(_) | Self::Fixed64(_) | Self::Fixed32(_) | Self::Group => Err(ProtobufError::WireType),
        }
    }

    /// A floating-point number.
    pub const fn double(self) -> Result<f64, ProtobufError> {
        match self {
            Self::Fixed64(bytes) => Ok(f64::from_le_bytes(bytes)),
            Self::Varint(_) | Self::Bytes(_) | Self::Fixed32(_) | Self::Group => Err(ProtobufError::WireType),
        }
    }
}

/// What a 32-bit field keeps of a varint: its low half.
pub(crate) const fn low(value: u64) -> u32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// A `sint32` or `sint64` from its zigzag form.
pub(crate) const fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ (value & 1).cast_signed().wrapping_neg()
}

/// Reads a message field by field.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader of this message.
    pub const fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// The next field's number and value; `None` at the end.
    #[inline]
    pub fn field(&mut self) -> Result<Option<(u32, Value<'a>)>, ProtobufError> {
        if self.0.is_empty() { Ok(None) } else { self.field_within(GROUP_DEPTH).map(Some) }
    }

    #[inline(always)]
    fn field_within(&mut self, depth: usize) -> Result<(u32, Value<'a>), ProtobufError> {
        let tag = u32::try_from(self.varint()?).map_err(|_| ProtobufError::FieldNumber)?;
        let number = tag >> 3;
        if number == 0 {
            return Err(ProtobufError::FieldNumber);
        }
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(self.array()?),
            2 => Value::Bytes(self.delimited()?),
            3 => self.group(number, depth)?,
            5 => Value::Fixed32(self.array()?),
            _ => return Err(ProtobufError::WireType),
        };
        Ok((number, value))
    }

    /// Skips a group up to its end tag. No message here has one.
    #[cold]
    #[inline(never)]
    fn group(&mut self, number: u32, depth: usize) -> Result<Value<'a>, ProtobufError> {
        let depth = depth.checked_sub(1).ok_or(ProtobufError::WireType)?;
        let end = u64::from(number) << 3 | 4;
        while Self(self.0).varint()? != end {
            self.field_within(depth)?;
        }
        self.varint()?;
        Ok(Value::Group)
    }

    /// What is left to read.
    pub const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Whether everything has been read.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next varint, of which most are one byte long.
    #[inline]
    pub fn varint(&mut self) -> Result<u64, ProtobufError> {
        match self.0 {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.0 = rest;
                Ok(u64::from(*byte))
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

    fn delimited(&mut self) -> Result<&'a [u8], ProtobufError> {
        let length = usize::try_from(self.varint()?).map_err(|_| ProtobufError::Truncated)?;
        self.take(length)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ProtobufError> {
        self.take(N)?.try_into().map_err(|_| ProtobufError::Truncated)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ProtobufError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(ProtobufError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }
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

    fn first(bytes: &[u8]) -> Result<Option<(u32, Value<'_>)>, ProtobufError> {
        Reader::new(bytes).field()
    }

    #[test]
    fn fields_are_read_as_they_stand() {
        for (bytes, want) in [
            (&b"\x08\x96\x01"[..], (1, Value::Varint(150))),
            (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", (1, Value::Varint(u64::MAX))),
            (b"\x11\x01\x02\x03\x04\x05\x06\x07\x08", (2, Value::Fixed64([1, 2, 3, 4, 5, 6, 7, 8]))),
            (b"\x1a\x02ab", (3, Value::Bytes(b"ab"))),
            (b"\x25abcd", (4, Value::Fixed32(*b"abcd"))),
            (b"\x0b\x10\x01\x1b\x1c\x0c", (1, Value::Group)),
        ] {
            assert_eq!(first(bytes), Ok(Some(want)));
        }
        assert_eq!(first(b""), Ok(None));
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
