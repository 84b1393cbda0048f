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

/// Who decides whether a series or a stream may be active.
pub trait Admission {
    /// The key under which identities are hashed.
    fn key(&self) -> [u8; 16];
    /// Whether this one may be active. Asked once for each that would be stored.
    fn admit(&mut self, identity: u64) -> bool;
}

/// Admits everything: for those who count nothing.
#[derive(Clone, Copy, Debug)]
pub struct Open;

impl Admission for Open {
    fn key(&self) -> [u8; 16] {
        [0; 16]
    }

    fn admit(&mut self, _: u64) -> bool {
        true
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
}
