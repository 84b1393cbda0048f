//! What came of a run, as somebody sees it who knows everything.

use cockpit_quota::{Amount, active::EPOCH, rates::Window};
use std::collections::{BTreeMap, HashMap};

/// What is known of everything that was sent.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    windows: BTreeMap<(u64, u64), Sums>,
    series: HashMap<u64, Series>,
    pub(crate) pushes: u64,
}

/// One tenant's window.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    offered: Amount,
    admitted: Amount,
}

/// One tenant's active series.
#[derive(Debug, Default)]
struct Series {
    seen: HashMap<u64, u64>,
    epoch: u64,
    active: u64,
    most: u64,
    old_refused: u64,
    new_admitted: u64,
    new_refused: u64,
    limit: u64,
}

/// Figures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// Pushes that were sent.
    pub(crate) pushes: u64,
    /// The most that a window let in beyond its budget, as a part of it.
    pub(crate) beyond: f64,
    /// The part of what could have been let in that was not, in the worst window and of all.
    pub(crate) lost_worst: f64,
    pub(crate) lost: f64,
    /// How much more was counted as used than was let in, as a part of it.
    pub(crate) overcounted: f64,
    /// Of the store, for each push.
    pub(crate) reads: f64,
    pub(crate) writes: f64,
    pub(crate) writes_for_sets: f64,
    /// The most series that were active, as a part of the limit.
    pub(crate) active: f64,
    /// How far the count of active ones was off in the end, as a part of it.
    pub(crate) miscounted: f64,
    /// Active series that were refused; new ones that were let in at the limit, as a part of those that were sent.
    pub(crate) old_refused: u64,
    pub(crate) slipped: f64,
    /// Keys in the store at the end, for each tenant.
    pub(crate) keys: f64,
}

impl Ledger {
    pub(crate) fn offer(&mut self, tenant: u64, window: Window, need: Amount) {
        let sums = self.windows.entry((tenant, window.start)).or_default();
        sums.offered = sums.offered.plus(need);
    }

    pub(crate) fn admit(&mut self, tenant: u64, window: Window, need: Amount) {
        let sums = self.windows.entry((tenant, window.start)).or_default();
        sums.admitted = sums.admitted.plus(need);
    }

    /// Notes what became of a series at this second; the truth is that it is active if it was let in lately.
    pub(crate) fn judge(&mut self, tenant: u64, limit: u64, second: u64, series: u64, admitted: bool) {
        let known = self.series.entry(tenant).or_default();
        let epoch = second / EPOCH;
        known.turn(epoch);
        known.limit = limit;
        let before = known.seen.get(&series).is_some_and(|seen| seen + 1 >= epoch);
        match (before, admitted) {
            (true, false) => known.old_refused += 1,
            (false, false) => known.new_refused += 1,
            (false, true) => {
                known.new_admitted += u64::from(known.active >= limit);
                known.active += 1;
            }
            (true, true) => {}
        }
        known.most = known.most.max(known.active);
        if admitted {
            known.seen.insert(series, epoch);
        }
    }

    /// How many series of a tenant are active.
    pub(crate) fn active(&self, tenant: u64) -> u64 {
        self.series.get(&tenant).map_or(0, |series| series.active)
    }

    /// What the tenants below this number were let send.
    pub(crate) fn admitted(&self, below: u64) -> Amount {
        let windows = self.windows.range(..(below, 0));
        windows.fold(Amount::default(), |sum, (_, window)| sum.plus(window.admitted))
    }

    /// Fills in what can be told from here.
    pub(crate) fn figures(&self, budget: Amount) -> Outcome {
        let mut outcome = Outcome { pushes: self.pushes, ..Outcome::default() };
        let (mut lost, mut possible) = (0.0, 0.0);
        for Sums { offered, admitted } in self.windows.values() {
            let beyond = admitted.minus(budget);
            let beyond = parts(beyond.units, budget.units).max(parts(beyond.requests, budget.requests));
            outcome.beyond = outcome.beyond.max(beyond);
            let due = offered.min(budget);
            // Whichever of the two limits is used up, no more could have been let in.
            let short = due.minus(*admitted);
            let short = parts(short.units, due.units).min(parts(short.requests, due.requests));
            outcome.lost_worst = outcome.lost_worst.max(short);
            lost += short * due.units as f64;
            possible += due.units as f64;
        }
        outcome.lost = if possible > 0.0 { lost / possible } else { 0.0 };
        for series in self.series.values() {
            outcome.active = outcome.active.max(parts(series.most, series.limit));
            outcome.old_refused += series.old_refused;
            outcome.slipped = outcome.slipped.max(parts(series.new_admitted, series.new_admitted + series.new_refused));
        }
        outcome
    }
}

impl Series {
    fn turn(&mut self, epoch: u64) {
        if epoch > self.epoch {
            self.seen.retain(|_, seen| *seen + 1 >= epoch);
            (self.epoch, self.active) = (epoch, u64::try_from(self.seen.len()).unwrap_or(0));
        }
    }
}

/// One number as a part of another.
pub(crate) fn parts(of: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { of as f64 / whole as f64 }
}
