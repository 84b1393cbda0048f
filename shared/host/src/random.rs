//! Randomness, from `wasi:random/random`, which must be cryptographically secure.

use crate::Host;
use cockpit_core::ports::Random;
use spin_sdk::wasip3::random::random;

impl Random for Host {
    fn bytes(&self) -> [u8; 16] {
        let (low, high) = (random::get_random_u64(), random::get_random_u64());
        (u128::from(high) << 64 | u128::from(low)).to_le_bytes()
    }
}
