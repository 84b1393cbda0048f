//! Who a series or a stream is: a keyed hash of its labels, the same however they were sent.
//!
//! Keyed, because names are chosen by senders: whoever could predict hashes could have others' series taken for
//! known. A label is hashed once, and a series is the sum of its labels' hashes, so that labels that many series share
//! cost nothing more. Without the key those hashes are as good as random, and so are sums of different ones.

use crate::siphash::SipHash;

/// Hashes labels under a key.
#[derive(Clone, Copy, Debug)]
pub struct Identity(SipHash);

impl Identity {
    /// Hashes under this key.
    pub fn new(key: &[u8; 16]) -> Self {
        Self(SipHash::new(key))
    }

    /// A label's hash.
    pub fn label(&self, name: &[u8], value: &[u8]) -> u64 {
        self.name(name).label(value)
    }

    /// What the hashes of all labels of a name have in common. Its length keeps `ab`=`c` apart from `a`=`bc`.
    pub fn name(&self, name: &[u8]) -> Named {
        Named(self.0.word(u64::try_from(name.len()).unwrap_or(u64::MAX)).padded(name))
    }

    /// The hash of a series, from those of its labels without empty values. Their order does not matter.
    pub fn series(&self, labels: impl IntoIterator<Item = u64>) -> u64 {
        labels.into_iter().fold(0, u64::wrapping_add)
    }
}

/// Hashes the labels of one name.
#[derive(Clone, Copy, Debug)]
pub struct Named(SipHash);

impl Named {
    /// The hash of the label with this value.
    #[inline]
    pub fn label(&self, value: &[u8]) -> u64 {
        self.0.finish(value)
    }
}

/// Labels that whoever admits series or streams looks out for.
#[derive(Clone, Debug)]
pub struct Watch {
    hashes: Vec<u64>,
    /// The last six bits of each hash, so that most others are passed over at once.
    filter: u64,
}

impl Watch {
    /// What is to be looked out for, hashed under its key.
    pub fn of(admission: &impl Admission) -> Self {
        let identity = Identity::new(&admission.key());
        let labels = admission.watched().iter().take(64);
        let hashes: Vec<_> = labels.map(|(name, value)| identity.label(name.as_bytes(), value.as_bytes())).collect();
        Self { filter: hashes.iter().fold(0, |filter, hash| filter | sieve(*hash)), hashes }
    }

    /// A bit for each label to look out for that is among those with these hashes. Without the key nobody finds another
    /// label with the same hash.
    #[inline]
    pub fn marks(&self, labels: impl IntoIterator<Item = u64>) -> u64 {
        if self.filter == 0 {
            return 0;
        }
        let likely = labels.into_iter().filter(|label| self.filter & sieve(*label) != 0);
        likely.fold(0, |marks, label| marks | self.mark(label))
    }

    fn mark(&self, label: u64) -> u64 {
        let place = self.hashes.iter().position(|watched| *watched == label);
        place.and_then(|place| 1_u64.checked_shl(u32::try_from(place).ok()?)).unwrap_or(0)
    }
}

const fn sieve(hash: u64) -> u64 {
    1 << (hash & 63)
}

/// Who decides whether a series or a stream may be active.
pub trait Admission {
    /// The key under which identities are hashed.
    fn key(&self) -> [u8; 16];
    /// Labels to look out for, names and values, at most 64.
    fn watched(&self) -> &[(String, String)] {
        &[]
    }
    /// Whether this one may be active. Asked once for each that would be stored. `marks` has a bit for each of the labels
    /// [watched](Self::watched) that it carries.
    fn admit(&mut self, identity: u64, marks: u64) -> Admitted;
    /// Why the last one that was refused was, in a few words.
    fn why(&self) -> String {
        "too many are active".to_owned()
    }
}

/// What is said of a series or a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// It may be active.
    Yes,
    /// There are too many.
    Full,
    /// There are too many of those that carry certain labels.
    OverBudget,
}

/// Admits everything: for those who count nothing.
#[derive(Clone, Copy, Debug)]
pub struct Open;

impl Admission for Open {
    fn key(&self) -> [u8; 16] {
        [0; 16]
    }

    fn admit(&mut self, _: u64, _: u64) -> Admitted {
        Admitted::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_values_and_keys_all_matter() {
        let identity = Identity::new(&[1; 16]);
        let hash = |name: &str, value: &str| identity.label(name.as_bytes(), value.as_bytes());
        assert_eq!(hash("job", "api"), hash("job", "api"));
        assert_ne!(hash("job", "api"), hash("jo", "bapi"));
        assert_ne!(hash("job", "api"), Identity::new(&[2; 16]).label(b"job", b"api"));
        let (a, b) = (hash("job", "api"), hash("job", "web"));
        assert_eq!(identity.series([a, b]), identity.series([b, a]));
        assert_ne!(identity.series([a, b]), identity.series([a, a]));
    }

    struct Watching(Vec<(String, String)>);

    impl Admission for Watching {
        fn key(&self) -> [u8; 16] {
            [1; 16]
        }

        fn watched(&self) -> &[(String, String)] {
            &self.0
        }

        fn admit(&mut self, _: u64, _: u64) -> Admitted {
            Admitted::Yes
        }
    }

    #[test]
    fn labels_to_look_out_for_have_a_bit_each_and_others_none() {
        let watch = Watch::of(&Watching((0..70).map(|number| ("team".to_owned(), number.to_string())).collect()));
        let identity = Identity::new(&[1; 16]);
        let marks = |values: &[&str]| watch.marks(values.iter().map(|value| identity.label(b"team", value.as_bytes())));
        for (values, want) in [
            (&["0"][..], 1),
            (&["3"], 8),
            (&["63"], 1 << 63),
            (&["1", "x", "0", "1"], 3),
            (&["64"], 0),
            (&["x", "y"], 0),
            (&[], 0),
        ] {
            assert_eq!(marks(values), want, "{values:?}");
        }
        assert_eq!(Watch::of(&Open).marks([identity.label(b"team", b"0")]), 0);
    }
}
