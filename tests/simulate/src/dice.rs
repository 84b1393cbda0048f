//! Numbers that look random and are the same in every run.

use std::cell::Cell;

/// A source of them: SplitMix64.
#[derive(Debug)]
pub(crate) struct Dice(Cell<u64>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    pub(crate) fn roll(&self) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        mix(self.0.get())
    }

    /// A number below `below`.
    pub(crate) fn below(&self, below: u64) -> u64 {
        let wide = u128::from(self.roll()) * u128::from(below);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// From half of `mean` to one and a half of it.
    pub(crate) fn around(&self, mean: u64) -> u64 {
        mean / 2 + self.below(mean + 1)
    }

    /// A pause as between things that happen by chance, `mean` on average.
    pub(crate) fn pause(&self, mean: u64) -> u64 {
        let chance = (self.below(1 << 53) + 1) as f64 / (1_u64 << 53) as f64;
        (-chance.ln() * mean as f64) as u64
    }

    /// Whether something happens that does so once in `times`; never if that is 0.
    pub(crate) fn once_in(&self, times: u64) -> bool {
        times > 0 && self.below(times) == 0
    }
}

/// A number as a keyed hash would give it.
pub(crate) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
