//! A set of identities that merges: exact while it is small, a Bloom filter from then on.
//!
//! Union is idempotent and commutative, so it does not matter who merges with whom, how often, or in which order.

use crate::bloom::Bloom;
use std::collections::HashSet;

/// A set is exact up to this part of its limit: 62 KB for 250,000 series, where the filter has 450.
const EXACT_PART: u64 = 32;

/// So many are always kept exactly.
const EXACT_ALWAYS: u64 = 1_024;

/// The bytes of a filter that go under one key: hosted stores take a megabyte.
const PART_WORDS: usize = 64 * 1024;

/// The bytes of a part before its words: the kind, the limit and the number of parts.
pub(crate) const HEAD: usize = 1 + 8 + 8;

/// More parts than that no set has.
pub(crate) const MOST_PARTS: usize = 32;

/// A set of identities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    limit: u64,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Exact(HashSet<u64>),
    Filter(Bloom),
}

impl Set {
    /// An empty set that will hold about this many.
    pub fn new(limit: u64) -> Self {
        Self { limit, kind: Kind::Exact(HashSet::new()) }
    }

    /// Whether an identity is in it; wrong once in a thousand if it is a filter at its limit.
    pub fn contains(&self, identity: u64) -> bool {
        match &self.kind {
            Kind::Exact(set) => set.contains(&identity),
            Kind::Filter(bloom) => bloom.contains(identity),
        }
    }

    /// Adds an identity.
    pub fn insert(&mut self, identity: u64) {
        match &mut self.kind {
            Kind::Exact(set) => {
                set.insert(identity);
                let most = (self.limit / EXACT_PART).max(EXACT_ALWAYS);
                if u64::try_from(set.len()).unwrap_or(u64::MAX) > most {
                    self.kind = Kind::Filter(filter(self.limit, set));
                }
            }
            Kind::Filter(bloom) => bloom.insert(identity),
        }
    }

    /// How many identities it holds, within a percent.
    pub fn len(&self) -> u64 {
        match &self.kind {
            Kind::Exact(set) => u64::try_from(set.len()).unwrap_or(u64::MAX),
            Kind::Filter(bloom) => bloom.len(),
        }
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds all of another set. Filters of other sizes cannot be merged; then the larger one stays.
    pub fn absorb(&mut self, other: Self) {
        match (&mut self.kind, other.kind) {
            (_, Kind::Exact(others)) => others.into_iter().for_each(|identity| self.insert(identity)),
            (Kind::Exact(ours), Kind::Filter(mut bloom)) => {
                ours.iter().for_each(|identity| bloom.insert(*identity));
                *self = Self { limit: other.limit, kind: Kind::Filter(bloom) };
            }
            (Kind::Filter(ours), Kind::Filter(bloom)) => {
                if !ours.absorb(&bloom) && bloom.words().len() > ours.words().len() {
                    *self = Self { limit: other.limit, kind: Kind::Filter(bloom) };
                }
            }
        }
    }

    /// Whether all of another set is in this one.
    pub fn includes(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (_, Kind::Exact(others)) => others.iter().all(|identity| self.contains(*identity)),
            (Kind::Exact(_), Kind::Filter(_)) => false,
            (Kind::Filter(ours), Kind::Filter(others)) => ours.includes(others),
        }
    }

    /// How many identities are in this set or in another.
    pub fn union(&self, other: &Self) -> u64 {
        match (&self.kind, &other.kind) {
            (Kind::Filter(one), Kind::Filter(two)) if one.words().len() == two.words().len() => one.union(two),
            (Kind::Filter(_), Kind::Filter(_)) => self.len().max(other.len()),
            (Kind::Exact(few), _) => other.len() + other.missing(few),
            (_, Kind::Exact(few)) => self.len() + self.missing(few),
        }
    }

    fn missing(&self, identities: &HashSet<u64>) -> u64 {
        let missing = identities.iter().filter(|identity| !self.contains(**identity)).count();
        u64::try_from(missing).unwrap_or(u64::MAX)
    }

    /// The bytes it takes in memory, about.
    pub fn bytes(&self) -> usize {
        match &self.kind {
            // A hash set keeps a control byte for each place and at most seven of eight places full.
            Kind::Exact(set) => set.capacity().saturating_mul(11),
            Kind::Filter(bloom) => bloom.words().len().saturating_mul(8),
        }
    }

    /// How many parts it has in the store; each fits under one key.
    pub fn parts(&self) -> usize {
        match &self.kind {
            Kind::Exact(_) => 1,
            Kind::Filter(bloom) => bloom.words().len().div_ceil(PART_WORDS),
        }
    }

    /// One part, in its stored form: a byte for the kind, the limit, the parts, then the words.
    pub fn encode(&self, part: usize) -> Vec<u8> {
        let (kind, words): (u8, Vec<u64>) = match &self.kind {
            Kind::Exact(set) => (0, set.iter().copied().collect()),
            Kind::Filter(bloom) => (1, bloom.words().chunks(PART_WORDS).nth(part).unwrap_or_default().to_vec()),
        };
        let mut bytes = Vec::with_capacity(words.len().saturating_mul(8).saturating_add(HEAD));
        bytes.push(kind);
        bytes.extend_from_slice(&self.limit.to_le_bytes());
        bytes.extend_from_slice(&u64::try_from(self.parts()).unwrap_or(1).to_le_bytes());
        words.iter().for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
        bytes
    }

    /// How many parts a set has, of which this is the first; `None` if it is no part.
    pub fn parts_of(first: &[u8]) -> Option<usize> {
        let parts = u64::from_le_bytes(first.get(9..HEAD)?.try_into().ok()?);
        usize::try_from(parts).ok().filter(|parts| (1..=MOST_PARTS).contains(parts))
    }

    /// Reads a set back from its parts; `None` if they are not the parts of one. If the last ones are missing, it is what
    /// the others say.
    pub fn decode(parts: &[Vec<u8>]) -> Option<Self> {
        let first = parts.first()?;
        let limit = u64::from_le_bytes(first.get(1..9)?.try_into().ok()?);
        let mut words = Vec::new();
        for part in parts {
            let (chunks, rest) = part.get(HEAD..)?.as_chunks::<8>();
            if part.get(..HEAD) != first.get(..HEAD) || !rest.is_empty() {
                return None;
            }
            words.extend(chunks.iter().map(|chunk| u64::from_le_bytes(*chunk)));
        }
        let kind = match first.first()? {
            0 => Kind::Exact(words.into_iter().collect()),
            1 => Kind::Filter(rest_empty(Bloom::for_limit(limit).words().len(), words)?),
            _ => return None,
        };
        Some(Self { limit, kind })
    }
}

/// A filter of this many words, of which the first are known: as many as some parts have, or all.
fn rest_empty(whole: usize, mut words: Vec<u64>) -> Option<Bloom> {
    let known = words.len();
    let fits = known == whole || (known > 0 && known < whole && known.is_multiple_of(PART_WORDS));
    words.resize(whole, 0);
    fits.then(|| Bloom::from_words(words))
}

fn filter(limit: u64, identities: &HashSet<u64>) -> Bloom {
    let mut bloom = Bloom::for_limit(limit);
    identities.iter().for_each(|identity| bloom.insert(*identity));
    bloom
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(number: u64) -> u64 {
        (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93).rotate_left(31)
    }

    fn of(limit: u64, numbers: std::ops::Range<u64>) -> Set {
        let mut set = Set::new(limit);
        numbers.for_each(|number| set.insert(identity(number)));
        set
    }

    #[test]
    fn a_small_set_is_exact_and_a_large_one_is_within_a_percent() {
        assert_eq!(of(250_000, 0..7_000).len(), 7_000);
        let large = of(250_000, 0..250_000);
        assert!(large.len().abs_diff(250_000) < 2_500, "{}", large.len());
        assert!(large.bytes() < 460_000);
    }

    #[test]
    fn sets_of_both_kinds_merge_in_any_order_and_any_number_of_times() {
        let sets = [of(10_000, 0..100), of(10_000, 50..1_400), of(10_000, 300..1_900), of(10_000, 0..0)];
        for first in &sets {
            for second in &sets {
                let (mut one, mut two) = (first.clone(), second.clone());
                one.absorb(second.clone());
                two.absorb(first.clone());
                assert_eq!(one, two);
                assert!(one.includes(first) && one.includes(second));
                assert!(one.len().abs_diff(first.union(second)) <= 5, "{} {}", one.len(), first.union(second));
                let again = one.clone();
                one.absorb(second.clone());
                assert_eq!(one, again);
            }
        }
    }

    #[test]
    fn a_set_survives_the_store_in_values_below_a_megabyte() {
        for set in [of(100, 0..0), of(100_000, 0..1_000), of(100_000, 0..10_000), of(1_500_000, 0..50_000)] {
            let parts: Vec<_> = (0..set.parts()).map(|part| set.encode(part)).collect();
            assert!(parts.iter().all(|part| part.len() < 600_000));
            assert_eq!(Set::parts_of(&parts[0]), Some(parts.len()));
            assert_eq!(Set::decode(&parts).unwrap(), set);
        }
    }

    #[test]
    fn a_set_whose_last_parts_are_missing_is_what_the_first_ones_say() {
        let whole = of(1_500_000, 0..50_000);
        let parts: Vec<_> = (0..whole.parts()).map(|part| whole.encode(part)).collect();
        let some = Set::decode(&parts[..2]).unwrap();
        assert!(whole.includes(&some) && !some.includes(&whole) && !some.is_empty());
        let mut mended = some;
        mended.absorb(whole.clone());
        assert_eq!(mended, whole);
    }

    #[test]
    fn damaged_parts_are_no_set() {
        let good = of(100_000, 0..10_000).encode(0);
        for bad in [vec![], good[..16].to_vec(), good[..good.len() - 1].to_vec(), good[..good.len() - 8].to_vec()] {
            assert_eq!(Set::decode(&[bad]), None);
        }
        assert_eq!(Set::decode(&[]), None);
        assert_eq!(Set::decode(&[[vec![9], good[1..].to_vec()].concat()]), None);
    }
}
