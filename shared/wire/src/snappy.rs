//! Snappy's block format, bounded before anything is allocated.

use crate::protobuf::put_varint;
use std::fmt;

/// The best ratio an honest block can have: 64 bytes from every 3.
const BEST_RATIO: usize = 22;

/// Why a block cannot be inflated.
#[derive(Debug, PartialEq, Eq)]
pub enum SnappyError {
    /// It is not a snappy block.
    Corrupt,
    /// It claims more bytes than are allowed.
    TooLarge {
        /// What it claims.
        declared: usize,
        /// What is allowed.
        limit: usize,
    },
}

/// Inflates a block to at most `limit` bytes.
///
/// The declared length is checked against the limit and against what the block could possibly hold before a
/// byte is allocated. An empty input is corrupt, as in every other implementation but `snap`'s.
pub fn inflate(block: &[u8], limit: usize) -> Result<Vec<u8>, SnappyError> {
    if block.is_empty() {
        return Err(SnappyError::Corrupt);
    }
    let declared = snap::raw::decompress_len(block).map_err(|_| SnappyError::Corrupt)?;
    if declared > block.len().saturating_mul(BEST_RATIO).saturating_add(64) {
        return Err(SnappyError::Corrupt);
    }
    if declared > limit {
        return Err(SnappyError::TooLarge { declared, limit });
    }
    snap::raw::Decoder::new().decompress_vec(block).map_err(|_| SnappyError::Corrupt)
}

/// Compresses a text into a block; `None` beyond the 4 GiB that a block can hold.
pub fn deflate(text: &[u8]) -> Option<Vec<u8>> {
    let mut deflater = Deflater::new(text.len())?;
    deflater.push(text);
    Some(deflater.finish())
}

/// So much of a text is compressed at a time, as every compressor does it: nothing refers further back.
const CHUNK: usize = 1 << 16;

/// Compresses a text that comes in pieces, so that it need never be in one piece: an instance has little memory.
#[derive(Debug)]
pub struct Deflater {
    /// What is not compressed yet.
    chunk: Vec<u8>,
    /// The chunk, compressed as a block of its own.
    compressed: Vec<u8>,
    block: Vec<u8>,
}

impl Deflater {
    /// Begins a block for a text of this length. A block can hold 4 GiB.
    pub fn new(length: usize) -> Option<Self> {
        let mut block = Vec::new();
        put_varint(u32::try_from(length).ok()?.into(), &mut block);
        Some(Self { chunk: Vec::with_capacity(CHUNK), compressed: Vec::new(), block })
    }

    /// Adds a piece.
    pub fn push(&mut self, mut piece: &[u8]) {
        while let Some((fits, rest)) = piece.split_at_checked(CHUNK.saturating_sub(self.chunk.len())) {
            self.chunk.extend_from_slice(fits);
            self.flush();
            piece = rest;
        }
        self.chunk.extend_from_slice(piece);
    }

    /// The block, once all of the text was added.
    pub fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.block
    }

    /// Compresses what there is. What stands in a block behind its length can be appended to another.
    fn flush(&mut self) {
        self.compressed.resize(snap::raw::max_compress_len(self.chunk.len()), 0);
        // The space is as large as the compressor says it needs, so that it does not fail.
        let written = snap::raw::Encoder::new().compress(&self.chunk, &mut self.compressed).unwrap_or_default();
        let block = self.compressed.get(..written).unwrap_or_default();
        let prefix = block.iter().take_while(|byte| **byte >= 0x80).count().saturating_add(1);
        self.block.extend_from_slice(block.get(prefix..).unwrap_or_default());
        self.chunk.clear();
    }
}

impl fmt::Display for SnappyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupt => f.write_str("the body is not a snappy block"),
            Self::TooLarge { declared, limit } => {
                write!(f, "the body inflates to {declared} bytes, the limit is {limit}: send smaller batches")
            }
        }
    }
}

impl std::error::Error for SnappyError {}

#[cfg(any(test, fuzzing))]
pub(crate) mod tests;
