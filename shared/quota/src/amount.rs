//! Amounts: what a push costs, and how two of them share one counter of the store.

/// What a push takes from a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Samples of metrics, or bytes of logs.
    pub units: u64,
    /// Pushes.
    pub requests: u64,
}

/// Units take the low bits of a counter: a thousand billion of them in a window.
const UNIT_BITS: u32 = 40;
const UNITS: u64 = (1 << UNIT_BITS) - 1;
/// Requests take the rest but the sign: eight million in a window.
const REQUESTS: u64 = (1 << (63 - UNIT_BITS)) - 1;

impl Amount {
    /// One push of this many units.
    pub const fn push(units: u64) -> Self {
        Self { units, requests: 1 }
    }

    /// One push that is refused for what it says, or only explained.
    pub const fn request() -> Self {
        Self::push(0)
    }

    /// Both parts at once, as a delta for a counter. A part that does not fit is cut to what does.
    pub fn pack(self) -> i64 {
        let packed = self.requests.min(REQUESTS) << UNIT_BITS | self.units.min(UNITS);
        i64::try_from(packed).unwrap_or(i64::MAX)
    }

    /// Reads a counter. One that has gone below 0 has been overrun, and is full.
    pub fn unpack(counter: i64) -> Self {
        u64::try_from(counter).map_or(Self { units: UNITS, requests: REQUESTS }, |packed| Self {
            units: packed & UNITS,
            requests: packed >> UNIT_BITS,
        })
    }

    /// Part by part, not below 0.
    pub const fn minus(self, other: Self) -> Self {
        Self { units: self.units.saturating_sub(other.units), requests: self.requests.saturating_sub(other.requests) }
    }

    /// Part by part.
    pub const fn plus(self, other: Self) -> Self {
        Self { units: self.units.saturating_add(other.units), requests: self.requests.saturating_add(other.requests) }
    }

    /// The smaller of each part.
    pub fn min(self, other: Self) -> Self {
        Self { units: self.units.min(other.units), requests: self.requests.min(other.requests) }
    }

    /// The larger of each part.
    pub fn max(self, other: Self) -> Self {
        Self { units: self.units.max(other.units), requests: self.requests.max(other.requests) }
    }

    /// Whether both parts of `other` fit in.
    pub const fn covers(self, other: Self) -> bool {
        self.units >= other.units && self.requests >= other.requests
    }

    /// Each part times a fraction, rounded down.
    pub fn times(self, numerator: u64, denominator: u64) -> Self {
        Self {
            units: scale(self.units, numerator, denominator),
            requests: scale(self.requests, numerator, denominator),
        }
    }
}

/// `value * numerator / denominator` without overflow on the way; division by 0 gives the largest value.
pub(crate) fn scale(value: u64, numerator: u64, denominator: u64) -> u64 {
    let product = u128::from(value) * u128::from(numerator);
    product.checked_div(u128::from(denominator)).map_or(u64::MAX, |scaled| u64::try_from(scaled).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_survive_a_counter() {
        for amount in [Amount::default(), Amount::push(1), Amount { units: UNITS, requests: REQUESTS }] {
            assert_eq!(Amount::unpack(amount.pack()), amount);
        }
        let sum = Amount::push(2_000).pack() + Amount::push(3).pack();
        assert_eq!(Amount::unpack(sum), Amount { units: 2_003, requests: 2 });
    }

    #[test]
    fn what_does_not_fit_is_cut_and_never_negative() {
        let huge = Amount { units: u64::MAX, requests: u64::MAX };
        assert_eq!(huge.pack(), i64::MAX);
        assert_eq!(Amount::unpack(-1), Amount::unpack(i64::MAX));
    }
}
