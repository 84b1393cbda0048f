//! SipHash-1-3, a word at a time.
//!
//! A hash under a key: who does not know the key can neither predict hashes nor find texts of one hash, as far as
//! anybody knows. It is what the standard library protects its maps with. Additions, rotations and exclusive ors of
//! words are all it needs, which is why components are as good at it as anybody.

use crate::words::word;

/// What has been hashed so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SipHash {
    v0: u64,
    v1: u64,
    v2: u64,
    v3: u64,
    /// How many bytes that is; only the lowest eight bits count.
    length: u64,
}

impl SipHash {
    /// Nothing, under this key.
    pub(crate) fn new(key: &[u8; 16]) -> Self {
        let [low, high] = [key.first_chunk(), key.last_chunk()].map(|half| half.map_or(0, word));
        Self {
            v0: low ^ 0x736f_6d65_7073_6575,
            v1: high ^ 0x646f_7261_6e64_6f6d,
            v2: low ^ 0x6c79_6765_6e65_7261,
            v3: high ^ 0x7465_6462_7974_6573,
            length: 0,
        }
    }

    /// This word as well.
    #[inline]
    pub(crate) const fn word(mut self, word: u64) -> Self {
        self.v3 ^= word;
        self.round();
        self.v0 ^= word;
        self.length = self.length.wrapping_add(8);
        self
    }

    /// This text as well, with zeros behind it up to the end of a word.
    #[inline]
    pub(crate) fn padded(self, text: &[u8]) -> Self {
        let (hashed, rest) = self.whole_words(text);
        if text.len().is_multiple_of(8) { hashed } else { hashed.word(rest) }
    }

    /// The hash of all before this text, and of this text.
    #[inline]
    pub(crate) fn finish(self, text: &[u8]) -> u64 {
        let (hashed, rest) = self.whole_words(text);
        let length = hashed.length.wrapping_add(u64::try_from(text.len() & 7).unwrap_or_default());
        let mut hashed = hashed.word(length << 56 | rest);
        hashed.v2 ^= 0xff;
        hashed.round();
        hashed.round();
        hashed.round();
        hashed.v0 ^ hashed.v1 ^ hashed.v2 ^ hashed.v3
    }

    /// The words of a text, and what is left of it: less than eight bytes, the first of them lowest.
    #[inline]
    fn whole_words(self, text: &[u8]) -> (Self, u64) {
        let (words, rest) = text.as_chunks::<8>();
        let hashed = words.iter().fold(self, |hashed, bytes| hashed.word(word(bytes)));
        let bits = u32::try_from(rest.len()).unwrap_or_default().saturating_mul(8);
        let rest = match text.last_chunk::<8>() {
            Some(last) => word(last).unbounded_shr(u64::BITS.saturating_sub(bits)),
            None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        (hashed, rest)
    }

    #[inline]
    const fn round(&mut self) {
        self.v0 = self.v0.wrapping_add(self.v1);
        self.v2 = self.v2.wrapping_add(self.v3);
        self.v1 = self.v1.rotate_left(13) ^ self.v0;
        self.v3 = self.v3.rotate_left(16) ^ self.v2;
        self.v0 = self.v0.rotate_left(32);
        self.v2 = self.v2.wrapping_add(self.v1);
        self.v0 = self.v0.wrapping_add(self.v3);
        self.v1 = self.v1.rotate_left(17) ^ self.v2;
        self.v3 = self.v3.rotate_left(21) ^ self.v0;
        self.v2 = self.v2.rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use siphasher::sip::SipHasher13;

    #[test]
    fn it_is_what_the_library_computes() {
        let bytes: Vec<u8> = (0..200).map(|index: u8| index.wrapping_mul(37)).collect();
        for key in [[0; 16], *b"0123456789abcdef"] {
            let reference = SipHasher13::new_with_key(&key);
            for first in 0..40 {
                for second in 0..40 {
                    let (padded, text) = (&bytes[..first], &bytes[100..100 + second]);
                    let mut whole = padded.to_vec();
                    whole.resize(first.next_multiple_of(8), 0);
                    whole.extend_from_slice(text);
                    assert_eq!(SipHash::new(&key).padded(padded).finish(text), reference.hash(&whole));
                }
            }
        }
    }
}
