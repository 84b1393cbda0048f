//! A Bloom filter over identities that are already hashed, counted by how full it is.

use crate::amount::scale;

/// Bits looked at for each identity: the best number for the density below.
const PROBES: u32 = 10;

/// Bits for each identity at the limit, times 100: `-100 ln(0.001) / ln(2)²`, for one false positive in a thousand.
const BITS_PER_HUNDRED: u64 = 1_438;

/// The largest filter: four million identities in 7.2 MB.
const BITS_AT_MOST: u64 = 4_000_000 * BITS_PER_HUNDRED / 100;

/// A filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bloom {
    words: Vec<u64>,
    ones: u64,
}

impl Bloom {
    /// An empty filter for this many identities.
    pub(crate) fn for_limit(limit: u64) -> Self {
        let bits = scale(limit, BITS_PER_HUNDRED, 100).clamp(1_024, BITS_AT_MOST);
        Self { words: vec![0; usize::try_from(bits.div_ceil(64)).unwrap_or(1)], ones: 0 }
    }

    /// The filter of these words.
    pub(crate) fn from_words(words: Vec<u64>) -> Self {
        let ones = words.iter().map(|word| u64::from(word.count_ones())).sum();
        Self { words, ones }
    }

    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    pub(crate) fn contains(&self, identity: u64) -> bool {
        self.places(identity).all(|(word, bit)| self.words.get(word).is_some_and(|word| word & bit != 0))
    }

    /// Adds an identity.
    pub(crate) fn insert(&mut self, identity: u64) {
        let mut added = 0;
        for (word, bit) in self.places(identity) {
            let Some(word) = self.words.get_mut(word) else { continue };
            added += u64::from(*word & bit == 0);
            *word |= bit;
        }
        self.ones += added;
    }

    /// Adds all of another filter, if it has the same size; says whether it had.
    pub(crate) fn absorb(&mut self, other: &Self) -> bool {
        if self.words.len() != other.words.len() {
            return false;
        }
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
        self.ones = self.words.iter().map(|word| u64::from(word.count_ones())).sum();
        true
    }

    /// Whether all of another filter is in this one.
    pub(crate) fn includes(&self, other: &Self) -> bool {
        self.words.len() == other.words.len()
            && self.words.iter().zip(&other.words).all(|(word, other)| other & !word == 0)
    }

    /// How many identities are in this filter or in another of the same size.
    pub(crate) fn union(&self, other: &Self) -> u64 {
        let ones = self.words.iter().zip(&other.words).map(|(word, other)| u64::from((word | other).count_ones()));
        estimate(self.bits(), ones.sum())
    }

    /// About how many identities it holds.
    pub(crate) fn len(&self) -> u64 {
        estimate(self.bits(), self.ones)
    }

    fn bits(&self) -> u64 {
        u64::try_from(self.words.len()).unwrap_or(0).saturating_mul(64)
    }

    /// Kirsch and Mitzenmacher: two hashes give as many as are needed. The halves of an identity are the two.
    fn places(&self, identity: u64) -> impl Iterator<Item = (usize, u64)> + use<> {
        let bits = self.bits().max(1);
        let (first, step) = (identity >> 32, (identity & 0xffff_ffff) | 1);
        (0..u64::from(PROBES)).map(move |probe| {
            // The square term keeps arithmetic progressions from meeting more than once.
            let hash = first.wrapping_add(probe.wrapping_mul(step)).wrapping_add(probe * probe * probe);
            let spread = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let bit = scale_down(spread, bits);
            (usize::try_from(bit / 64).unwrap_or(usize::MAX), 1 << (bit % 64))
        })
    }
}

/// A hash of 64 bits as a number below `below`, without a division.
fn scale_down(hash: u64, below: u64) -> u64 {
    u64::try_from((u128::from(hash) * u128::from(below)) >> 64).unwrap_or(0)
}

/// How many identities set this many of the bits: `-(bits / probes) ln(1 - ones / bits)`.
#[expect(clippy::cast_precision_loss, reason = "filters have fewer than 2^53 bits")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the estimate is between 0 and 2^53")]
fn estimate(bits: u64, ones: u64) -> u64 {
    let (bits, ones) = (bits as f64, ones as f64);
    let free = ((bits - ones) / bits).max(1.0 / bits);
    (-(bits / f64::from(PROBES)) * free.ln()).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Identities as a keyed hash gives them: SplitMix64.
    pub(crate) fn identity(number: u64) -> u64 {
        let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn filled(limit: u64) -> Bloom {
        let mut bloom = Bloom::for_limit(limit);
        (0..limit).for_each(|number| bloom.insert(identity(number)));
        bloom
    }

    #[test]
    fn at_its_limit_one_stranger_in_a_thousand_is_taken_for_known() {
        for limit in [1_000, 5_000, 250_000] {
            let bloom = filled(limit);
            assert!((0..limit).all(|number| bloom.contains(identity(number))), "{limit}");
            let strangers = (limit..limit + 200_000).filter(|number| bloom.contains(identity(*number))).count();
            assert!(strangers <= 260, "{strangers} of 200,000 at {limit}");
        }
    }

    #[test]
    fn its_fill_counts_it_within_one_percent() {
        for limit in [5_000, 250_000] {
            let mut bloom = Bloom::for_limit(limit);
            for number in 0..limit {
                bloom.insert(identity(number));
                if number % (limit / 10) == limit / 10 - 1 {
                    let want = number + 1;
                    assert!(bloom.len().abs_diff(want) * 100 <= want, "{} of {want}", bloom.len());
                }
            }
        }
    }

    #[test]
    fn a_quarter_million_series_take_450_kilobytes() {
        assert_eq!(Bloom::for_limit(250_000).words().len() * 8, 449_376);
        assert_eq!(Bloom::for_limit(5_000).words().len() * 8, 8_992);
    }

    #[test]
    fn merging_is_a_union() {
        let (mut left, mut right) = (Bloom::for_limit(1_000), Bloom::for_limit(1_000));
        (0..600).for_each(|number| left.insert(identity(number)));
        (400..1_000).for_each(|number| right.insert(identity(number)));
        let union = left.union(&right);
        assert!(!left.includes(&right));
        assert!(left.absorb(&right) && left.includes(&right));
        assert_eq!(left.len(), union);
        assert!((0..1_000).all(|number| left.contains(identity(number))));
        assert!(!left.absorb(&Bloom::for_limit(2_000)), "sizes that differ do not merge");
    }
}
