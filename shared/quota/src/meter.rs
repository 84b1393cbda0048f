//! The meter: what a push function holds while it serves one push.
//!
//! Open it before the body is read, [judge](Meter::judge) the push, pay for the whole, and close it. A push that turns out to be bad is [charged](Meter::charge) as one push, and one that the
//! backend did not take is [refunded](Meter::refund). Leases and active sets live in the instance; the store is asked
//! when they run out.

mod account;
mod active;
mod chosen;
mod entry;
mod explain;
mod payment;
mod tally;

pub use explain::Used;

use crate::{
    Signal,
    active::view::{Limit, View},
    amount::Amount,
    life::Ahead,
    plans::Allowance,
    rules::{OnFailure, Rules},
    usage::{Reason, Usage},
};
use account::{Account, Receipt};
use chosen::{Chosen, Owner};
use cockpit_core::{
    Permit, Refusal, Throttle,
    ports::{Clock, Config, Kv, Log, Memory, Random, StoreError},
};
use entry::{Entries, Waiting};
use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

/// The ports a meter needs.
pub trait Ports: Kv + Config + Clock + Random + Log + Memory {}

impl<T: Kv + Config + Clock + Random + Log + Memory> Ports for T {}

/// The meter of one push.
#[derive(Debug)]
pub struct Meter<'p, P> {
    ports: &'p P,
    owner: Owner,
    signal: Signal,
    allowance: Allowance,
    rules: Rules,
    chosen: Rc<Chosen>,
    retention: Option<u64>,
    entries: Rc<Entries>,
    view: OnceCell<RefCell<View>>,
    cockpit: Account,
    token: Option<Account>,
    waiting: RefCell<Vec<Waiting>>,
    receipts: RefCell<Vec<Receipt>>,
    excess: Cell<Option<Limit>>,
}

impl<'p, P: Ports> Meter<'p, P> {
    /// Opens the meter of the permit's tenant, or refuses a push that is certain to be refused, before it costs more.
    pub async fn open(ports: &'p P, permit: &Permit, signal: Signal) -> Result<Self, Refusal> {
        Self::open_for(ports, permit, signal, Amount::push(1)).await
    }

    /// The same for a push that is only to be explained: it is answered as long as pushes may come at all.
    pub async fn open_to_explain(ports: &'p P, permit: &Permit, signal: Signal) -> Result<Self, Refusal> {
        Self::open_for(ports, permit, signal, Amount::request()).await
    }

    async fn open_for(ports: &'p P, permit: &Permit, signal: Signal, least: Amount) -> Result<Self, Refusal> {
        let meter = Self::of(ports, permit, signal).await?;
        meter.entries.serve(&meter.cockpit.entry, ports.now());
        if let Some(token) = &meter.token {
            token.entry.serve();
        }
        for account in meter.accounts() {
            if account.refuses(ports.now(), least) {
                return Err(meter.throttled(account).await);
            }
        }
        meter.waiting.replace(meter.accounts().map(|account| Waiting::new(&account.entry)).collect());
        meter.load().await?;
        for account in meter.accounts() {
            // Now, so that payment waits for nothing that could take it into another window; it tries again if this fails.
            drop(meter.reach(account).await);
        }
        Ok(meter)
    }

    async fn of(ports: &'p P, permit: &Permit, signal: Signal) -> Result<Self, Refusal> {
        let project = permit.tenant().ok_or_else(|| Refusal::bug("a push without a tenant"))?;
        let entries = ports.recall::<Entries>();
        let owner = Owner { project, epoch: permit.token().map_or(0, |token| token.epoch) };
        let sender = signal.sender(owner.project, owner.epoch);
        let entry = entries.of(&sender);
        let (chosen, failed) = chosen::of(ports, owner, signal, &entry).await;
        let rules = Rules::read(ports, chosen.plan.limits).await?;
        let allowance = rules.limits.of(signal);
        let token = permit.token().and_then(|token| Account::of_token(token, signal, allowance.rate.window, &entries));
        let meter = Self {
            ports,
            owner,
            signal,
            allowance,
            rules,
            retention: failed.is_none().then(|| chosen.plan.retention(signal)),
            chosen,
            view: OnceCell::new(),
            entries,
            cockpit: Account::new("cockpit", sender, allowance.rate, entry),
            token,
            waiting: RefCell::default(),
            receipts: RefCell::default(),
            excess: Cell::default(),
        };
        match failed {
            Some(cause) => meter.without(meter.rules.rates, cause).map(|()| meter),
            None => Ok(meter),
        }
    }

    /// What the push is of.
    pub const fn signal(&self) -> Signal {
        self.signal
    }

    /// For how many seconds the Cockpit's plan keeps what is pushed; `None` if its plan is not known, because the store
    /// failed and the operator lets pushes pass then.
    pub const fn retention(&self) -> Option<u64> {
        self.retention
    }

    /// The refusal of series or streams that were cut out last.
    pub fn full(&self) -> Throttle {
        let limit = self.excess.get().unwrap_or(Limit::Whole);
        let Used { what, used, limit, owner, .. } = self.used_of(limit);
        let retry = self.jitter(10, 20);
        Throttle { owner, what, limit, window: 0, current: used.max(limit), reset: retry, retry }
    }

    /// Ends the push: notes how much was cut and why, and shares what was seen if it is time. Nothing here fails a push.
    pub async fn close(&self, cut: &[(Reason, u64)]) {
        for (reason, count) in cut.iter().filter(|(_, count)| *count > 0) {
            self.note(*reason, *count).await;
        }
        self.with_view((), View::let_go);
        self.share().await;
    }

    /// Looks once more, when the backend has answered, whether what was shared has stayed: by now, whoever had read before
    /// it was written has written. An instance that is dropped after this push could not do so later.
    pub async fn part(&self) {
        if self.entries.ahead() != Ahead::Many {
            self.share().await;
        }
    }

    /// The minutes of usage that this push's window brought to light, or that of one which was refused: when each ended and
    /// all there had been until then. Whoever opens a window collects those before it. Given once.
    pub fn collected(&self) -> Option<Vec<(u64, Usage)>> {
        self.cockpit.entry.take_brought()
    }

    fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.token.iter().chain([&self.cockpit])
    }

    /// Counts what was refused, in memory; now and then, in the store.
    async fn note(&self, reason: Reason, count: u64) {
        let noted = match self.reach(&self.cockpit).await {
            Ok(()) => self.cockpit.note(self.ports, reason, count, self.entries.lives()).await,
            Err(cause) => Err(cause),
        };
        self.log(noted);
    }

    fn without(&self, rule: OnFailure, cause: StoreError) -> Result<(), Refusal> {
        match rule {
            OnFailure::Closed => Err(cause.into()),
            OnFailure::Open => {
                self.log::<()>(Err(cause));
                Ok(())
            }
        }
    }

    fn log<T>(&self, result: Result<T, StoreError>) {
        if let Err(cause) = result {
            self.ports.line(&format!("a limit of {} is not kept: {cause}", self.cockpit.sender));
        }
    }

    const fn unit(&self) -> &'static str {
        match self.signal {
            Signal::Metrics => "samples",
            Signal::Logs => "bytes",
        }
    }

    /// A number from `low` to `high`, not the same each time.
    fn jitter(&self, low: u64, high: u64) -> u64 {
        let [first, second, ..] = self.ports.bytes();
        let random = u64::from(u16::from_le_bytes([first, second]));
        low.saturating_add(random.checked_rem(high.saturating_sub(low).saturating_add(1)).unwrap_or(0))
    }
}

/// However a push ends.
impl<P> Drop for Meter<'_, P> {
    fn drop(&mut self) {
        let Some(view) = self.view.take() else { return };
        let sets = view.into_inner().end();
        self.entries.fit(&self.cockpit.sender, &self.cockpit.entry, &sets);
    }
}

#[cfg(test)]
mod tests;
