//! How much to ask for: what is needed, and what the instance will likely spend before it is dropped, the window
//! ends or the budget is gone.
//!
//! Hosts drop instances after a number of pushes, or after a pause. So an instance's first push is paid for exactly,
//! and the more it has seen come evenly, the more it asks for. What comes in a burst says nothing about the next
//! second; of that, no more is asked for than has come already.

use super::{Due, Lease, Sizes};
use crate::{
    amount::{Amount, scale},
    rates::{Rate, Window, millis},
};

/// If pushes come here so many times as fast as from everywhere in the whole window, they come in bursts.
const BURST: u64 = 4;

/// No lease is more than this part of a window's budget, unless a single push is: that much is lost if the instance is
/// dropped.
const MOST: u64 = 4;

/// A window's pace is not known before so many milliseconds.
const UNSETTLED: u64 = 2_000;

/// What there is to know when an instance must ask.
pub(super) struct Outlook<'l> {
    lease: &'l Lease,
    rate: &'l Rate,
    due: &'l Due,
    window: Window,
    /// Pushes here in this window and the one before, and the milliseconds that they took.
    seen: Sizes,
    time: u64,
    /// What all instances took in this window or, as long as that is not known, in the one before; what of it was
    /// taken here; and the milliseconds that it lasted.
    given: Amount,
    gone: u64,
}

impl<'l> Outlook<'l> {
    pub(super) fn new(lease: &'l Lease, rate: &'l Rate, due: &'l Due) -> Self {
        let (window, before) = (rate.window(due.now), lease.before);
        let since = if before.spent.sum().requests > 0 { before.since } else { lease.since };
        let time = millis(due.now).saturating_sub(since);
        let (given, gone) = match lease.total {
            Some(total) => (total, window.gone(due.now).max(UNSETTLED)),
            None => (before.total, window.millis()),
        };
        Self { lease, rate, due, window, seen: lease.spent.and(before.spent), time, given, gone }
    }

    /// What to ask for.
    pub(super) fn ask(&self) -> Amount {
        let Due { need, waiting, life, .. } = *self.due;
        let short = need.minus(self.lease.left);
        let more = self.expected().min(life).saturating_add(waiting).min(self.bearable());
        let likely = need.plus(self.pushes(more)).minus(self.lease.left);
        short.max(likely)
    }

    /// How many pushes will come here after this one before the window ends, if it goes on like this.
    fn expected(&self) -> u64 {
        let count = self.seen.sum().requests;
        if self.is_burst() {
            return count / 2;
        }
        scale(self.window.left(self.due.now), count, self.time.max(1))
    }

    /// Whether pushes come much faster here now than they come from everywhere in all of the window.
    fn is_burst(&self) -> bool {
        let here = scale(self.seen.sum().requests, self.gone, self.time.max(1));
        here > self.given.requests.saturating_mul(BURST)
    }

    /// How many pushes may be taken from the others: a small part of the budget, as it may be lost; and if the budget
    /// will not last, half of what is due to this instance of what is left, so that others find something later.
    fn bearable(&self) -> u64 {
        let budget = self.rate.budget();
        let most = self.fit(budget.times(1, MOST).minus(self.lease.asked));
        if budget.times(3, 4).covers(self.given.times(self.window.millis(), self.gone)) {
            return most;
        }
        let rest = if self.lease.total.is_some() { budget.minus(self.given) } else { budget };
        let here = scale(self.seen.sum().requests, self.gone, self.time.max(1));
        let share = rest.times(here.min(self.given.requests), self.given.requests.max(1));
        self.fit(share.times(1, 2)).min(most)
    }

    /// How many pushes of the size seen here fit into an amount.
    fn fit(&self, amount: Amount) -> u64 {
        let each = self.pushes(1);
        let fit = |part: u64, each: u64| part.checked_div(each).unwrap_or(u64::MAX);
        fit(amount.units, each.units).min(fit(amount.requests, each.requests))
    }

    /// So many pushes of the size seen here, this one included.
    fn pushes(&self, requests: u64) -> Amount {
        self.seen.with(self.due.need).likely(requests)
    }
}
