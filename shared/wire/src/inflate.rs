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

#[cfg(any(test, fuzzing))]
pub(crate) mod tests;
