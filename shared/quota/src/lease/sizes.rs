//! How large pushes are, and how sure that is.

use crate::amount::{Amount, scale};

/// Pushes that have come, and how much their sizes differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sizes {
    sum: Amount,
    /// The sum of the squares of their units.
    squares: u128,
}

impl Sizes {
    /// All of them together.
    pub(super) const fn sum(&self) -> Amount {
        self.sum
    }

    /// With one more.
    pub(super) fn with(self, push: Amount) -> Self {
        Self { sum: self.sum.plus(push), squares: self.squares.saturating_add(square(push.units)) }
    }

    /// With one less.
    pub(super) fn without(self, push: Amount) -> Self {
        Self { sum: self.sum.minus(push), squares: self.squares.saturating_sub(square(push.units)) }
    }

    /// With those of another time.
    pub(super) const fn and(self, other: Self) -> Self {
        Self { sum: self.sum.plus(other.sum), squares: self.squares.saturating_add(other.squares) }
    }

    /// What so many more will take at least. What is leased and not spent is lost, so if those that have come differ, it
    /// is a standard error less than the average of them.
    pub(super) fn likely(&self, requests: u64) -> Amount {
        let Amount { units, requests: count } = self.sum;
        let apart = self.squares.saturating_mul(u128::from(count)).saturating_sub(square(units));
        let error = apart.checked_div(u128::from(count.saturating_sub(1))).map_or(0, u128::isqrt);
        let sure = units.saturating_sub(u64::try_from(error).unwrap_or(u64::MAX));
        Amount { units: scale(sure, requests, count.max(1)), requests }
    }
}

fn square(units: u64) -> u128 {
    u128::from(units) * u128::from(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likely(units: &[u64]) -> u64 {
        units.iter().fold(Sizes::default(), |sizes, units| sizes.with(Amount::push(*units))).likely(100).units
    }

    #[test]
    fn the_less_is_known_of_sizes_the_less_is_counted_on() {
        for (units, want) in [
            (&[][..], 0),
            (&[7], 700),
            (&[7, 7], 700),
            (&[1, 200], 100),
            (&[0, 3_000_000_000], 0),
            (&[50, 100, 150], 7_133),
            (&[50, 100, 150].repeat(10), 9_243),
            (&[50, 100, 150].repeat(1_000), 9_925),
        ] {
            assert_eq!(likely(units), want, "{units:?}");
        }
    }

    #[test]
    fn what_is_taken_back_was_never_there() {
        let sizes = Sizes::default().with(Amount::push(5)).with(Amount::push(9));
        assert_eq!(sizes.with(Amount::push(7)).without(Amount::push(7)), sizes);
        assert_eq!(sizes.and(Sizes::default().with(Amount::push(7))), sizes.with(Amount::push(7)));
    }
}
