//! Leases: an instance takes a slice of a window's budget from the store at once, and spends it in memory.
//!
//! A window has one counter, and nothing but `increment` ever touches it. The increments of all instances lie end
//! to end on it, so the part of each that lies below the budget is that instance's alone: together they can never
//! exceed the budget, whoever races with whom, and whatever dies. What a dropped instance had not spent is lost to
//! its window, so a slice is what the instance is likely to spend: [`outlook`] knows how much that is.
//!
//! This module decides; whoever holds a lease does the increments.

mod outlook;
mod sizes;

use crate::{
    amount::Amount,
    rates::{Rate, Window, millis},
};
use cockpit_core::Timestamp;
use outlook::Outlook;
use sizes::Sizes;

/// What an instance holds of one sender's budget.
#[derive(Clone, Debug, Default)]
pub struct Lease {
    window: u64,
    /// When it was first spent from in this window, in milliseconds.
    since: u64,
    left: Amount,
    /// What was asked for in this window and has not come yet.
    asked: Amount,
    spent: Sizes,
    total: Option<Amount>,
    before: Before,
}

/// What became of the window before this one.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    since: u64,
    spent: Sizes,
    total: Amount,
}

/// A push that is to be paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// What it costs.
    pub need: Amount,
    /// When it is.
    pub now: Timestamp,
    /// How many more pushes of this sender have come already, and will have to be paid for.
    pub waiting: u64,
    /// How many more pushes of this sender the instance may be relied on to serve until it is dropped.
    pub life: u64,
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
    /// Whether the push may go in; if not, [spend](Lease::spend) says whether to ask again.
    pub admitted: bool,
    /// Whether nobody had asked in this window before: exactly one instance sees this.
    pub opened: bool,
}

impl Lease {
    /// Pays for a push, if what is held is enough.
    pub fn spend(&mut self, rate: &Rate, due: &Due) -> Step {
        let window = rate.window(due.now);
        self.enter(window, due.now);
        if self.left.covers(due.need) {
            self.pay(due.need);
            return Step::Admit;
        }
        if self.is_exhausted(rate, due.need) {
            return Step::Exhausted;
        }
        let amount = Outlook::new(self, rate, due).ask();
        self.asked = self.asked.plus(amount);
        Step::Ask(Ask { window, amount, need: due.need })
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
        self.asked = self.asked.minus(ask.amount);
        self.left = self.left.plus(granted);
        self.total = Some(self.total.unwrap_or_default().max(total));
        let admitted = self.left.covers(ask.need);
        if admitted {
            self.pay(ask.need);
        }
        Answer { admitted, opened }
    }

    /// Takes back what was paid out of this window for a push that is not let in after all.
    pub fn give_back(&mut self, window: u64, need: Amount) {
        if self.window == window {
            self.left = self.left.plus(need);
            self.spent = self.spent.without(need);
        }
    }

    /// Takes back the units of a push that was let in, and that nobody stored: that it came stays paid for.
    pub fn refund(&mut self, window: u64, units: u64) {
        if self.window == window {
            self.left.units = self.left.units.saturating_add(units);
        }
    }

    /// Whether every later ask in this window for what such a push lacks would be in vain, so that none is made.
    pub fn is_exhausted(&self, rate: &Rate, need: Amount) -> bool {
        let (budget, lacks) = (rate.budget(), need.minus(self.left));
        let gone = |total: Amount| {
            (lacks.units > 0 && total.units >= budget.units)
                || (lacks.requests > 0 && total.requests >= budget.requests)
        };
        self.total.is_some_and(gone)
    }

    /// Whether a push that needs this would certainly be refused now.
    pub fn refuses(&self, rate: &Rate, now: Timestamp, need: Amount) -> bool {
        self.window == rate.window(now).start && self.is_exhausted(rate, need)
    }

    /// What has been given out of this window's budget, to all instances, as far as this one knows.
    pub fn total(&self) -> Amount {
        self.total.unwrap_or_default()
    }

    fn pay(&mut self, need: Amount) {
        self.left = self.left.minus(need);
        self.spent = self.spent.with(need);
    }

    fn enter(&mut self, window: Window, now: Timestamp) {
        if self.window == window.start {
            return;
        }
        let follows = self.window.saturating_add(window.length) == window.start;
        let before = Before { since: self.since, spent: self.spent, total: self.total() };
        let before = if follows { before } else { Before::default() };
        *self = Self { window: window.start, since: millis(now), before, ..Self::default() };
    }
}

#[cfg(test)]
mod tests;
