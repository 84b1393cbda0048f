//! Snappy's block format, bounded before anything is allocated.

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

/// Compresses bytes into a block; `None` beyond the 4 GiB that a block can hold.
pub fn deflate(bytes: &[u8]) -> Option<Vec<u8>> {
    snap::raw::Encoder::new().compress_vec(bytes).ok()
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

#[cfg(test)]
mod tests;
