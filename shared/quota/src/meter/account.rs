//! An account: whose rate it is, and what an instance holds of it.

use super::entry::{Entries, Entry};
use crate::{
    Signal,
    amount::Amount,
    lease::{Due, Step},
    rates::{Rate, seconds},
    usage::{
        Reason,
        collect::{Collected, Look, collect, reach},
        counters,
    },
};
use cockpit_core::{
    Refusal, Throttle, Timestamp, TokenGrant, TokenRates,
    ports::{Clock, Kv, StoreError},
};
use std::rc::Rc;

/// What a token may send of what it has no limit for; no counter gets there.
const UNLIMITED: u64 = u64::MAX;

/// An account.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) owner: &'static str,
    /// Whose it is, in keys of the store: a project or a token, and a signal.
    pub(super) sender: String,
    pub(super) rate: Rate,
    pub(super) entry: Rc<Entry>,
}

/// What became of a push.
#[derive(Debug)]
pub(super) enum Paid {
    /// It may go in. `asked` says whether the store gave more, and `opened` whether nobody had asked it in this window before.
    Admitted { receipt: Receipt, asked: bool, opened: bool },
    /// The window's budget is gone.
    Refused,
}

/// What was paid, and out of which window.
#[derive(Debug)]
pub(super) struct Receipt {
    entry: Rc<Entry>,
    window: u64,
    need: Amount,
}

impl Receipt {
    /// Takes all of it back: the push is not let in after all.
    pub(super) fn give_back(self) {
        self.entry.lease.borrow_mut().give_back(self.window, self.need);
    }

    /// Takes back what the push was to be stored for.
    pub(super) fn refund(self) {
        self.entry.lease.borrow_mut().refund(self.window, self.need.units);
    }
}

impl Account {
    pub(super) const fn new(owner: &'static str, sender: String, rate: Rate, entry: Rc<Entry>) -> Self {
        Self { owner, sender, rate, entry }
    }

    /// The account of a token that has limits of its own, in windows of this many seconds.
    pub(super) fn of_token(token: &TokenGrant, signal: Signal, window: u64, entries: &Entries) -> Option<Self> {
        let TokenRates { samples, metrics_pushes, log_bytes, log_pushes } = token.rates;
        let (units, requests) = match signal {
            Signal::Metrics => (samples, metrics_pushes),
            Signal::Logs => (log_bytes, log_pushes),
        };
        if units.is_none() && requests.is_none() {
            return None;
        }
        let rate = Rate { units: units.unwrap_or(UNLIMITED), requests: requests.unwrap_or(UNLIMITED), window };
        let sender = signal.sender_of_token(token.id);
        let entry = entries.of(&sender);
        Some(Self::new("token", sender, rate, entry))
    }

    /// Whether it is a token's.
    pub(super) fn is_token(&self) -> bool {
        self.owner == "token"
    }

    /// What a window holds of units and of pushes, where there is a limit.
    pub(super) fn budgets(&self) -> (Option<u64>, Option<u64>) {
        let (rate, budget) = (&self.rate, self.rate.budget());
        ((rate.units < UNLIMITED).then_some(budget.units), (rate.requests < UNLIMITED).then_some(budget.requests))
    }

    /// Whether a push that needs at least this would certainly be refused now.
    pub(super) fn refuses(&self, now: Timestamp, least: Amount) -> bool {
        self.entry.lease.borrow().refuses(&self.rate, now, least)
    }

    /// Refuses a push that no window could hold.
    pub(super) fn could_ever_hold(&self, units: u64, unit: &str) -> Result<(), Refusal> {
        let (budget, window) = (self.rate.budget().units, self.rate.window);
        if units <= budget {
            return Ok(());
        }
        let owner = self.owner;
        let line =
            format!("{units} {unit} can never pass the {owner}'s limit of {budget} {unit} in {window} s, send less");
        Err(Refusal::Malformed(line.into()))
    }

    /// Pays for a push. `life` is how many more pushes the instance may be relied on to serve. While the store is asked,
    /// other pushes of this instance may spend what was counted on: then it is asked again, as long as there is a budget.
    pub(super) async fn pay<P: Kv + Clock>(&self, ports: &P, need: Amount, life: u64) -> Result<Paid, StoreError> {
        let (mut asked, mut opened) = (false, false);
        loop {
            let due = Due { need, now: ports.now(), waiting: self.entry.waiting(), life };
            let step = self.entry.lease.borrow_mut().spend(&self.rate, &due);
            let (window, admitted) = match step {
                Step::Admit => (self.rate.window(due.now).start, true),
                Step::Exhausted => return Ok(Paid::Refused),
                Step::Ask(ask) => {
                    let key = counters::window_key(&self.sender, ask.window.start);
                    let counter = ports.increment(&key, ask.amount.pack()).await?;
                    let answer = self.entry.lease.borrow_mut().receive(&self.rate, &ask, counter);
                    (asked, opened) = (true, opened || answer.opened);
                    (ask.window.start, answer.admitted)
                }
            };
            if admitted {
                let receipt = Receipt { entry: Rc::clone(&self.entry), window, need };
                return Ok(Paid::Admitted { receipt, asked, opened });
            }
        }
    }

    /// Makes sure that what is counted now will be found. The store is asked once in a few minutes.
    pub(super) async fn reach<P: Kv + Clock>(&self, ports: &P, active: u64) -> Result<Collected, StoreError> {
        let now = ports.now();
        if seconds(now) / 60 < self.entry.counts_until.get() {
            return Ok(Collected::Nothing);
        }
        Ok(self.learn(reach(ports, &self.sender, &self.rate, now, active).await?))
    }

    /// Folds past minutes into the usage. The store is not asked as long as this instance knows that it is too early.
    pub(super) async fn collect<P: Kv + Clock>(&self, ports: &P, active: u64) -> Result<Collected, StoreError> {
        let now = ports.now();
        if seconds(now) / 60 < self.entry.collects_at.get() {
            return Ok(Collected::Nothing);
        }
        Ok(self.learn(collect(ports, &self.sender, &self.rate, now, active).await?))
    }

    fn learn(&self, Look { until, due, collected }: Look) -> Collected {
        self.entry.counts_until.set(until);
        self.entry.collects_at.set(due);
        collected
    }

    /// Counts what was refused, in memory; now and then, in the store.
    pub(super) async fn note<P: Kv + Clock>(
        &self,
        ports: &P,
        reason: Reason,
        count: u64,
        lives: bool,
    ) -> Result<(), StoreError> {
        let minute = ports.now().micros().max(0).unsigned_abs() / 60_000_000;
        for (reason, due) in self.entry.note(reason, count, ports.now(), lives) {
            let due = i64::try_from(due).unwrap_or(i64::MAX);
            ports.increment(&counters::refused_key(&self.sender, minute, reason), due).await?;
        }
        Ok(())
    }

    /// What to tell a sender whose push is refused. `jitter` is how many seconds more it is to wait.
    pub(super) fn throttle(&self, now: Timestamp, unit: &'static str, jitter: u64) -> Throttle {
        let (budget, total) = (self.rate.budget(), self.entry.lease.borrow().total());
        let (what, limit, current) = if total.requests >= budget.requests {
            ("pushes", budget.requests, budget.requests)
        } else {
            (unit, budget.units, total.units.min(budget.units))
        };
        let reset = self.rate.window(now).left(now).div_ceil(1_000);
        let (window, retry) = (self.rate.window, reset.saturating_add(jitter));
        Throttle { owner: self.owner.into(), what, limit, window, current, reset, retry }
    }
}
