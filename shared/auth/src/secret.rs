//! A token's secret: `ckp_`, 44 random base62 characters, and six that are the CRC-32 of what precedes.
//!
//! The checksum lets a truncated or invented token be refused without a look into the store; the prefix lets
//! scanners for leaked secrets recognise it.

use cockpit_core::ports::Random;
use cockpit_state::SecretHash;
use sha2::{Digest, Sha256};
use std::fmt;

const PREFIX: &str = "ckp_";
const RANDOM_LENGTH: usize = 44;
const CHECK_LENGTH: usize = 6;

/// A token's secret in the form its holder keeps. It hides in `Debug` and has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new secret of 256 random bits.
    pub fn generate(random: &impl Random) -> Self {
        let mut text = String::from(PREFIX);
        for _ in 0..2 {
            text.push_str(&padded(u128::from_le_bytes(random.bytes()), RANDOM_LENGTH / 2));
        }
        let check = checksum(&text);
        Self(text + &check)
    }

    /// Reads a secret; `None` if the text cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let whole = PREFIX.len() + RANDOM_LENGTH + CHECK_LENGTH;
        let (body, check) = text.split_at_checked(whole - CHECK_LENGTH)?;
        let random = body.strip_prefix(PREFIX)?;
        let sound = random.bytes().all(|byte| byte.is_ascii_alphanumeric()) && check == checksum(body);
        sound.then(|| Self(text.to_owned()))
    }

    /// What is kept of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The text, to be shown to its holder once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

fn checksum(text: &str) -> String {
    padded(u128::from(crc32fast::hash(text.as_bytes())), CHECK_LENGTH)
}

/// `number` in base62, with zeros in front up to `length`; 22 digits hold 128 bits, 6 hold 32.
fn padded(number: u128, length: usize) -> String {
    format!("{:0>length$}", base62::encode(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cockpit_fake::Fake;

    #[test]
    fn a_generated_secret_is_read_back() {
        let fake = Fake::new(&[]);
        for _ in 0..100 {
            let secret = Secret::generate(&fake);
            assert_eq!(secret.expose().len(), 54);
            assert_eq!(Secret::parse(secret.expose()), Some(secret));
        }
    }

    #[test]
    fn a_damaged_secret_is_refused() {
        let secret = Secret::generate(&Fake::new(&[]));
        let text = secret.expose();
        for index in 0..text.len() {
            let mut damaged = text.as_bytes().to_vec();
            damaged[index] = if damaged[index] == b'x' { b'y' } else { b'x' };
            assert_eq!(Secret::parse(std::str::from_utf8(&damaged).unwrap()), None, "character {index}");
            assert_eq!(Secret::parse(&text[..index]), None, "cut at {index}");
        }
        for other in [format!("{text}0"), format!(" {text}"), String::new(), "é".repeat(27)] {
            assert_eq!(Secret::parse(&other), None, "{other}");
        }
    }

    #[test]
    fn a_secret_hides_in_debug_output() {
        let secret = Secret::generate(&Fake::new(&[]));
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }
}
