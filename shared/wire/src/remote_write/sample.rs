//! Samples, of which only the time is of interest. Both versions write them alike; version 2 adds when a series began.

use crate::{
    protobuf::{ProtobufError, Reader},
    words::word,
};

/// The field of a series that holds a sample: its tag, and the length of a usual one.
const FIELD: [u8; 2] = [2 << 3 | 2, 16];

/// Reads a sample.
#[inline]
pub(super) fn sample(message: &[u8]) -> Result<i64, ProtobufError> {
    match message.try_into().ok().and_then(usual) {
        Some(millis) => Ok(millis),
        None => any(message),
    }
}

/// The time of a sample that comes next as everybody writes it, and what follows it.
#[inline]
pub(super) fn next(fields: &[u8]) -> Option<(i64, &[u8])> {
    let (message, rest) = fields.strip_prefix(&FIELD)?.split_first_chunk()?;
    Some((usual(message)?, rest))
}

/// A sample of these decades: its value, and its time, which takes six bytes.
#[inline]
fn usual(message: &[u8; 16]) -> Option<i64> {
    const VALUE: u8 = 1 << 3 | 1;
    const TIME: u64 = 2 << 3;
    const CONTINUED: u64 = 0x80_8080_8080;
    let [value, .., _, _, _, _, _, _, _] = message;
    let end = message.last_chunk().map_or(0, word) >> 8;
    let (tag, varint) = (end & 0xff, end >> 8);
    (*value == VALUE && tag == TIME && varint & 0x8080_8080_8080 == CONTINUED).then(|| number(varint))
}

/// The number that a varint of at most eight bytes stands for.
const fn number(varint: u64) -> i64 {
    let bits = varint & 0x7f7f_7f7f_7f7f_7f7f;
    let bits = bits & 0x007f_007f_007f_007f | (bits & 0x7f00_7f00_7f00_7f00) >> 1;
    let bits = bits & 0x0000_3fff_0000_3fff | (bits & 0x3fff_0000_3fff_0000) >> 2;
    (bits & 0x0fff_ffff | (bits & 0x0fff_ffff_0000_0000) >> 4).cast_signed()
}

fn any(message: &[u8]) -> Result<i64, ProtobufError> {
    let mut millis = 0;
    let mut reader = Reader::new(message);
    while let Some(tag) = reader.tag()? {
        match tag.number() {
            1 => drop(reader.double(tag)?),
            2 => millis = reader.number(tag)?.cast_signed(),
            _ => reader.skip(tag)?,
        }
    }
    Ok(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sample of this time, as a generated encoder writes it.
    fn message(millis: u64) -> Vec<u8> {
        let (mut bytes, mut left) = ([&b"\x09"[..], &1.5_f64.to_le_bytes(), b"\x10"].concat(), millis);
        while left >= 0x80 {
            bytes.push(u8::try_from(left & 0x7f).unwrap() | 0x80);
            left >>= 7;
        }
        bytes.push(u8::try_from(left).unwrap());
        bytes
    }

    #[test]
    fn every_time_is_read_as_a_plain_reader_reads_it() {
        let bits = (0..64).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) | 0x1555_5555_5555]);
        for millis in bits.chain([1_699_565_000_000, u64::MAX]) {
            let message = message(millis);
            assert_eq!(sample(&message), any(&message), "{millis}");
            assert_eq!(sample(&message), Ok(millis.cast_signed()));
        }
    }

    #[test]
    fn a_usual_sample_is_known_by_its_field() {
        let field = |message: &[u8]| [&[0x12, u8::try_from(message.len()).unwrap()], message, b"rest"].concat();
        let usual = message(1_699_565_000_000);
        assert_eq!(next(&field(&usual)), Some((1_699_565_000_000, &b"rest"[..])));
        for other in [message(0), message(1 << 42), [&usual[9..], &usual[..9]].concat(), b"0123456789abcdef".to_vec()] {
            assert_eq!(next(&field(&other)), None, "{other:02x?}");
        }
        assert_eq!(next(&usual), None);
        for (place, byte) in [(0, 0x11), (9, 0x18), (10, 0x00), (15, 0x80)] {
            let mut damaged = usual.clone();
            damaged[place] = byte;
            assert_eq!(next(&field(&damaged)), None, "{damaged:02x?}");
            assert_eq!(sample(&damaged), any(&damaged), "{damaged:02x?}");
        }
    }
}
