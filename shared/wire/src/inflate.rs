//! gzip and deflate, bounded by what comes out of them.

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::{fmt, io::Read};

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// gzip, of one or more members.
    Gzip,
    /// What HTTP calls deflate: in a zlib envelope as the standard has it, or bare as many send it.
    Deflate,
}

/// What came out.
#[derive(Debug, PartialEq, Eq)]
pub struct Inflated {
    /// The bytes up to the end, or to the first damage.
    pub bytes: Vec<u8>,
    /// Whether the input ended as it should: complete, with the right checksum, with nothing after it.
    pub whole: bool,
}

/// It would be more than this many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge(pub usize);

/// Inflates to at most `limit` bytes; nothing beyond that is ever held.
pub fn inflate(coding: Coding, input: &[u8], limit: usize) -> Result<Inflated, TooLarge> {
    match coding {
        Coding::Gzip => read(MultiGzDecoder::new(input), limit),
        Coding::Deflate if is_zlib(input) => read(ZlibDecoder::new(input), limit),
        Coding::Deflate => read(DeflateDecoder::new(input), limit),
    }
}

/// A zlib header: method 8, and a multiple of 31. A bare stream that began so would have a stored block with
/// padding that no encoder writes.
pub fn is_zlib(input: &[u8]) -> bool {
    match input {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31),
        _ => false,
    }
}

fn read(decoder: impl Read, limit: usize) -> Result<Inflated, TooLarge> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let whole = decoder.take(most).read_to_end(&mut bytes).is_ok();
    if bytes.len() > limit { Err(TooLarge(limit)) } else { Ok(Inflated { bytes, whole }) }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body inflates to more than {} bytes: send smaller batches", self.0)
    }
}

impl std::error::Error for TooLarge {}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write};
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = write::GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = write::DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = write::ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_coding_is_inflated_up_to_the_limit() {
        let text = b"hello, hello, hello".repeat(1000);
        for (coding, input) in
            [(Coding::Gzip, gzip(&text)), (Coding::Deflate, deflate(&text)), (Coding::Deflate, zlib(&text))]
        {
            assert_eq!(inflate(coding, &input, text.len()), Ok(Inflated { bytes: text.clone(), whole: true }));
            assert_eq!(inflate(coding, &input, text.len() - 1), Err(TooLarge(text.len() - 1)));
        }
    }

    #[test]
    fn a_bomb_costs_no_more_than_the_limit() {
        let bomb = gzip(&vec![0; 64 << 20]);
        assert!(bomb.len() < 100_000);
        assert_eq!(inflate(Coding::Gzip, &bomb, 1 << 20), Err(TooLarge(1 << 20)));
    }

    #[test]
    fn members_are_joined_and_damage_is_told() {
        let two = [gzip(b"ab"), gzip(b"cd")].concat();
        assert_eq!(inflate(Coding::Gzip, &two, 9), Ok(Inflated { bytes: b"abcd".into(), whole: true }));
        let short = gzip(b"abcd");
        for (input, bytes) in [
            (&short[..short.len() - 3], &b"abcd"[..]),
            (&[&short[..], b"junk"].concat(), b"abcd"),
            (b"", b""),
            (b"plain", b""),
        ] {
            let want = Inflated { bytes: bytes.into(), whole: false };
            assert_eq!(inflate(Coding::Gzip, input, 9), Ok(want), "{input:?}");
        }
        assert!(!inflate(Coding::Deflate, b"\x06plain", 9).unwrap().whole);
    }
}
