//! Bytes looked at by words of eight: left to themselves, components look at slices byte by byte.

/// A word of a text; its first byte is the lowest.
#[inline]
pub(crate) const fn word(bytes: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*bytes)
}

/// Whether two texts are the same.
#[inline]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && match (a.last_chunk::<8>(), b.last_chunk::<8>()) {
            (Some(last), Some(other)) => {
                let ((mine, _), (theirs, _)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
                word(last) == word(other) && mine.iter().zip(theirs).all(|(x, y)| word(x) == word(y))
            }
            _ => short(a) == short(b),
        }
}

/// All of a text of less than eight bytes, as a word. Those of one length differ if the texts do.
#[inline]
pub(crate) fn short(text: &[u8]) -> u64 {
    match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        (Some(first), Some(last)) => u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)),
        _ => text.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// How many bytes two texts begin with that are the same.
#[inline]
pub(crate) fn common(a: &[u8], b: &[u8]) -> usize {
    let length = a.len().min(b.len());
    let (a, b) = (a.get(..length).unwrap_or_default(), b.get(..length).unwrap_or_default());
    let ((blocks, _), (others, _)) = (a.as_chunks::<BLOCK>(), b.as_chunks::<BLOCK>());
    for (index, (x, y)) in blocks.iter().zip(others).enumerate() {
        if x != y {
            return index.wrapping_mul(BLOCK).wrapping_add(by_words(x, y));
        }
    }
    // The last block reaches back into those that are the same.
    match (a.last_chunk::<BLOCK>(), b.last_chunk::<BLOCK>()) {
        (Some(x), Some(y)) if x == y => length,
        (Some(x), Some(y)) => length.wrapping_sub(BLOCK).wrapping_add(by_words(x, y)),
        _ => by_words(a, b),
    }
}

const BLOCK: usize = 32;

/// The same for texts of one length, which is not large.
#[inline]
fn by_words(a: &[u8], b: &[u8]) -> usize {
    let ((words, _), (others, _)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (index, (x, y)) in words.iter().zip(others).enumerate() {
        if let Some(at) = difference(x, y) {
            return index.wrapping_mul(8).wrapping_add(at);
        }
    }
    match (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        (Some(x), Some(y)) => difference(x, y).map_or(a.len(), |at| a.len().wrapping_sub(8).wrapping_add(at)),
        _ => a.iter().zip(b).take_while(|(x, y)| x == y).count(),
    }
}

/// Which byte of two words is the first that differs.
#[inline]
fn difference(a: &[u8; 8], b: &[u8; 8]) -> Option<usize> {
    let different = word(a) ^ word(b);
    (different != 0).then(|| usize::try_from(different.trailing_zeros() >> 3).unwrap_or_default())
}

/// Whether a text has nothing but ASCII.
#[inline]
pub(crate) fn is_ascii(text: &[u8]) -> bool {
    let (words, rest) = text.as_chunks::<8>();
    let high = words.iter().fold(0, |high, bytes| high | word(bytes)) & 0x8080_8080_8080_8080;
    high == 0 && rest.iter().fold(0, |high, byte| high | byte) < 0x80
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
            assert_eq!(common(&bytes[..length], &bytes), length);
            for index in 0..length {
                let mut other = bytes.clone();
                other[index] ^= 1;
                assert!(!same(&bytes[..length], &other[..length]), "{index} of {length}");
                assert_eq!(common(&bytes[..length], &other), index);
            }
        }
    }

    #[test]
    fn a_single_byte_is_enough_not_to_be_ascii() {
        for length in 0..40 {
            let mut text = vec![b'a'; length];
            assert!(is_ascii(&text));
            for index in 0..length {
                text[index] = 0x80;
                assert!(!is_ascii(&text), "{index} of {length}");
                text[index] = 0x7f;
            }
        }
    }
}
