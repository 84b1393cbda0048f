//! Leases: an instance takes a slice of a window's budget from the store at once, and spends it in memory.
//!
//! A window has one counter, and nothing but `increment` ever touches it. The increments of all instances lie end
//! to end on it, so the part of each that lies below the budget is that instance's alone: together they can never
//! exceed the budget, whoever races with whom, and whatever dies. What a dropped instance had not spent is lost to
//! its window, so a slice is never more than the instance is likely to spend.
//!
//! This module decides; whoever holds a lease does the increments.

use crate::{
    amount::{Amount, scale},
    rates::{Rate, Window, millis},
};
use cockpit_core::Timestamp;

/// Hosts drop instances after about this many pushes, so a slice reaches no further at first.
const LIFETIME: u64 = 128;

/// An instance that has outlived that may take this many times what it has spent in the window.
const GROWTH: u64 = 8;

/// Hosts drop instances after a second without a push. If pushes come at random, one a gap, then `2^(ln 2 / gap)` of
/// them are to be expected before such a pause; this is that exponent's numerator in milliseconds.
const SURVIVAL: u64 = 1_400;

/// A pause that every instance is taken to have made already, so that two pushes in a row prove little.
const DOUBT: u64 = 500;

/// A slice may be this part of what is left, however little the instance has taken so far.
const NEWCOMER: u64 = 64;

/// What an instance holds of one sender's budget.
#[derive(Clone, Debug, Default)]
pub struct Lease {
    window: u64,
    opened_at: u64,
    born_at: u64,
    served: u64,
    left: Amount,
    spent: Amount,
    taken: Amount,
    total: Option<Amount>,
    before: Before,
}

/// What became of the window before this one.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    spent: Amount,
    taken: Amount,
    total: Amount,
}

/// What to do about a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Let it in; it is paid.
    Admit,
    /// Add this to the window's counter, and call [`Lease::receive`] with what it then shows.
    Ask(Ask),
    /// Refuse it: the window's budget has been given out.
    Exhausted,
}

/// A request for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The window whose counter it is.
    pub window: Window,
    /// What to add.
    pub amount: Amount,
    need: Amount,
}

/// What an ask came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether the push may go in.
    pub admitted: bool,
    /// Whether nobody had asked in this window before: exactly one instance sees this.
    pub opened: bool,
}

impl Lease {
    /// Pays for a push, if what is held is enough.
    pub fn spend(&mut self, rate: &Rate, now: Timestamp, need: Amount) -> Step {
        let window = rate.window(now);
        self.enter(window, now);
        if self.left.covers(need) {
            self.pay(need);
            return Step::Admit;
        }
        if self.is_exhausted(rate) {
            return Step::Exhausted;
        }
        Step::Ask(Ask { window, amount: self.slice(rate, window, now, need), need })
    }

    /// Takes in what the counter shows after an ask.
    pub fn receive(&mut self, rate: &Rate, ask: &Ask, counter: i64) -> Answer {
        let (total, budget) = (Amount::unpack(counter), rate.budget());
        let before = total.minus(ask.amount);
        let granted = total.min(budget).minus(before.min(budget));
        let opened = before == Amount::default();
        if self.window != ask.window.start {
            return Answer { admitted: granted.covers(ask.need), opened };
        }
        self.left = self.left.plus(granted);
        self.taken = self.taken.plus(granted);
        self.total = Some(self.total.unwrap_or_default().max(total));
        let admitted = self.left.covers(ask.need);
        if admitted {
            self.pay(ask.need);
        }
        Answer { admitted, opened }
    }

    /// Whether every later ask in this window would be in vain, so that none is made.
    pub fn is_exhausted(&self, rate: &Rate) -> bool {
        let budget = rate.budget();
        self.total.is_some_and(|total| total.units >= budget.units || total.requests >= budget.requests)
    }

    /// Whether a push that needs this would certainly be refused now.
    pub fn refuses(&self, rate: &Rate, now: Timestamp, need: Amount) -> bool {
        self.window == rate.window(now).start && self.is_exhausted(rate) && !self.left.covers(need)
    }

    /// What has been given out of this window's budget, to all instances, as far as this one knows.
    pub fn total(&self) -> Amount {
        self.total.unwrap_or_default()
    }

    fn pay(&mut self, need: Amount) {
        self.left = self.left.minus(need);
        self.spent = self.spent.plus(need);
        self.served = self.served.saturating_add(need.requests);
    }

    fn enter(&mut self, window: Window, now: Timestamp) {
        if self.window == window.start {
            return;
        }
        let follows = self.window.saturating_add(window.length) == window.start;
        let before = Before { spent: self.spent, taken: self.taken, total: self.total() };
        let before = if follows { before } else { Before::default() };
        let (served, opened_at) = (self.served, millis(now));
        let born_at = if served == 0 { opened_at } else { self.born_at };
        *self = Self { window: window.start, opened_at, born_at, served, before, ..Self::default() };
    }

    /// How much to ask for: what is needed, or more if it will likely be spent here.
    fn slice(&self, rate: &Rate, window: Window, now: Timestamp, need: Amount) -> Amount {
        let short = need.minus(self.left);
        let Some(total) = self.total else {
            // The first ask of a window: as much as was spent in the one before, but not more than this instance's
            // share of what all took there.
            let share = rate.budget().times(self.before.taken.units, self.before.total.units.max(1));
            return short.max(self.before.spent.min(share).min(self.survival(now)));
        };
        let rest = rate.budget().minus(total);
        let share = rest.times(self.taken.units, total.units.saturating_mul(2).max(1)).max(rest.times(1, NEWCOMER));
        short.max(self.likely(window, now).min(share).min(self.survival(now)).minus(self.left))
    }

    /// What this instance will spend until the window ends if it goes on as it did and lives.
    fn likely(&self, window: Window, now: Timestamp) -> Amount {
        let seen = millis(now).saturating_sub(self.opened_at).max(1);
        let pace = self.spent.times(window.left(now), seen);
        let pushes = match LIFETIME.saturating_sub(self.served) {
            0 => self.spent.requests.saturating_mul(GROWTH),
            rest => rest,
        };
        pace.min(self.pushes(pushes))
    }

    /// What this instance will spend until it is dropped for a pause.
    fn survival(&self, now: Timestamp) -> Amount {
        let age = millis(now).saturating_sub(self.born_at).saturating_add(DOUBT);
        let gap = age.checked_div(self.served).unwrap_or(age).max(1);
        let exponent = u32::try_from(SURVIVAL / gap).unwrap_or(u32::MAX);
        self.pushes(1_u64.checked_shl(exponent).unwrap_or(u64::MAX))
    }

    /// So many pushes of the size seen in this window or the one before.
    fn pushes(&self, requests: u64) -> Amount {
        let seen = if self.spent.requests > 0 { self.spent } else { self.before.spent };
        Amount { units: scale(seen.units, requests, seen.requests.max(1)), requests }
    }
}

#[cfg(test)]
mod tests;
