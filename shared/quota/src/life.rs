//! How long an instance will live: hosts drop it after a number of pushes, or after a pause.

use crate::rates::millis;
use cockpit_core::Timestamp;

/// Hosts drop instances after about this many pushes.
const PUSHES: u64 = 128;

/// An instance that has outlived that is taken to live so many times as long again.
const GROWTH: u64 = 8;

/// Hosts drop instances after a pause of so many milliseconds, unless this one has outlived a longer one.
const IDLE: u64 = 1_000;

/// How likely it is that pauses are longer than they are taken to be, from the longest of some and from a single one:
/// where many instances share few pushes, two often come close together.
const DOUBT: f64 = 0.1;
const DOUBT_OF_ONE: f64 = 0.02;

/// A part of what is expected is relied on: what was leased and not spent when the instance is dropped is lost.
const RELIED_ON: f64 = 1.0 / 8.0;

/// So many pushes before the end, an instance no longer waits with what others must know: a write may lose a race, and
/// whoever wrote looks after it as long as there are pushes.
const FEW: u64 = 8;

/// How many more pushes an instance will likely serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    /// Enough to put things off.
    Many,
    /// A few.
    Few,
    /// Perhaps none.
    None,
}

/// What an instance knows of its own life.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Life {
    served: u64,
    last: u64,
    longest: u64,
}

impl Life {
    /// Notes that a push has come.
    pub(crate) fn serve(&mut self, now: Timestamp) {
        let now = millis(now);
        if self.served > 0 {
            self.longest = self.longest.max(now.saturating_sub(self.last));
        }
        (self.served, self.last) = (self.served.saturating_add(1), now);
    }

    /// How many pushes have come.
    pub(crate) const fn served(&self) -> u64 {
        self.served
    }

    /// How many more may be relied on.
    pub(crate) fn more(&self) -> u64 {
        let rest = match PUSHES.checked_sub(self.served) {
            Some(rest) => rest,
            None => self.served.saturating_mul(GROWTH),
        };
        rest.min(self.before_a_pause())
    }

    /// The same, in a word.
    pub(crate) fn ahead(&self) -> Ahead {
        let rest = PUSHES.checked_sub(self.served);
        match self.more() {
            0 => Ahead::None,
            _ if rest.is_some_and(|rest| rest < FEW) => Ahead::Few,
            _ => Ahead::Many,
        }
    }

    /// How many will come before a pause that ends the instance. If pauses come by chance, `e^(idle / mean) - 1` of
    /// them are shorter. How long they are on average, the longest of those seen tells: all of `n` are below `x` times
    /// the mean with a probability of `(1 - e^-x)^n`.
    #[expect(clippy::cast_precision_loss, reason = "counts and milliseconds are far below 2^53")]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float beyond 64 bits becomes the largest"
    )]
    fn before_a_pause(&self) -> u64 {
        let pauses = self.served.saturating_sub(1);
        if pauses == 0 {
            return 0;
        }
        let (longest, idle) = (self.longest.max(1) as f64, self.longest.max(IDLE) as f64);
        let doubt = if pauses == 1 { DOUBT_OF_ONE } else { DOUBT };
        let times_the_mean = -(1.0 - doubt.powf(1.0 / pauses as f64)).ln();
        let expected = (times_the_mean * idle / longest).exp_m1();
        (expected * RELIED_ON) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is relied on after pushes that are so many milliseconds apart.
    fn after(pauses: &[u64]) -> u64 {
        life(pauses).more()
    }

    fn life(pauses: &[u64]) -> Life {
        let (mut life, mut millis) = (Life::default(), 1_000_000);
        let at = |millis: u64| Timestamp::from_micros(i64::try_from(millis * 1_000).unwrap());
        life.serve(at(millis));
        for pause in pauses {
            millis += pause;
            life.serve(at(millis));
        }
        life
    }

    #[test]
    fn the_fewer_pushes_and_the_longer_the_pauses_the_less_is_relied_on() {
        for (pauses, want) in [
            (&[][..], 0),
            (&[2], 126),
            (&[20], 0),
            (&[20, 20], 125),
            (&[200, 200, 200], 2),
            (&[200; 12], 115),
            (&[900; 12], 0),
            (&[900, 2, 2, 2], 0),
        ] {
            assert_eq!(after(pauses), want, "{pauses:?}");
        }
    }

    #[test]
    fn the_end_is_told_a_few_pushes_before() {
        for (pauses, want) in [
            (0, Ahead::None),
            (119, Ahead::Many),
            (120, Ahead::Few),
            (126, Ahead::Few),
            (127, Ahead::None),
            (128, Ahead::Many),
        ] {
            assert_eq!(life(&vec![4; pauses]).ahead(), want, "{pauses}");
        }
    }

    #[test]
    fn nothing_is_relied_on_where_hosts_drop_instances_and_much_where_this_one_lived_on() {
        assert_eq!((after(&[4; 126]), after(&[4; 127]), after(&[4; 128])), (1, 0, 129 * GROWTH));
        assert!(after(&[5_000; 2_000]) > 100, "a host that waits for more than a second");
    }
}
