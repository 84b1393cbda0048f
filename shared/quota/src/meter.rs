//! The meter: what a push function holds while it serves one push.
//!
//! Open it before the body is read, put each series or stream before [`admit`](Meter::admit), pay for the
//! whole, and close it. Leases and active sets live in the instance; the store is asked when they run out.

mod entry;

use crate::{
    Signal,
    active::{Active, Verdict, store},
    amount::Amount,
    lease::{Ask, Due, Step},
    plans::{Allowance, Limits},
    rules::{OnFailure, Rules},
    usage,
};
use cockpit_core::{
    Permit, Refusal, Throttle,
    ports::{Clock, Config, Kv, Log, Memory, Random, StoreError},
};
use entry::{Entries, Entry, Waiting};
use std::{cell::RefCell, rc::Rc};

/// The ports a meter needs.
pub trait Ports: Kv + Config + Clock + Random + Log + Memory {}

impl<T: Kv + Config + Clock + Random + Log + Memory> Ports for T {}

/// How much of a limit is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// What is limited, as in "samples".
    pub what: &'static str,
    /// How many were sent in this window, or given out to those that will send them; how many exist.
    pub used: u64,
    /// How many there may be.
    pub limit: u64,
    /// Seconds of a window; 0 if the limit is on what exists at once.
    pub window: u64,
}

/// The meter of one push.
#[derive(Debug)]
pub struct Meter<'p, P> {
    ports: &'p P,
    /// Whose it is, in keys of the store: a project and a signal.
    sender: String,
    signal: Signal,
    allowance: Allowance,
    rules: Rules,
    entries: Rc<Entries>,
    entry: Rc<Entry>,
    waiting: RefCell<Option<Waiting>>,
}

impl<'p, P: Ports> Meter<'p, P> {
    /// Opens the meter of the permit's tenant, or refuses a push that is certain to be refused, before it costs more.
    pub async fn open(ports: &'p P, permit: &Permit, signal: Signal) -> Result<Self, Refusal> {
        let meter = Self::of(ports, permit, signal).await?;
        let (rate, now) = (meter.allowance.rate, ports.now());
        meter.entries.serve(&meter.entry, now);
        if meter.entry.lease.borrow().refuses(&rate, now, Amount::push(1)) {
            return Err(meter.throttled().await);
        }
        meter.waiting.replace(Some(Waiting::new(&meter.entry)));
        meter.load().await?;
        Ok(meter)
    }

    /// How much of each limit is used: of those on rates, in the window that it is. Nothing is counted.
    pub async fn usage(ports: &'p P, permit: &Permit, signal: Signal) -> Result<[Used; 3], Refusal> {
        let meter = Self::of(ports, permit, signal).await?;
        meter.load().await?;
        let rate = meter.allowance.rate;
        let key = usage::counter_key(&meter.sender, rate.window(ports.now()).start);
        let given = Amount::unpack(ports.increment(&key, 0).await?);
        Ok(meter.used(given))
    }

    async fn of(ports: &'p P, permit: &Permit, signal: Signal) -> Result<Self, Refusal> {
        let project = permit.tenant().ok_or_else(|| Refusal::bug("a push without a tenant"))?;
        let rules = Rules::read(ports, Limits::DEFAULT).await?;
        let sender = format!("{project}/{}", signal.name());
        let entries = ports.recall::<Entries>();
        let entry = entries.of(&sender);
        Ok(Self {
            ports,
            sender,
            signal,
            allowance: rules.limits.of(signal),
            rules,
            entries,
            entry,
            waiting: RefCell::default(),
        })
    }

    /// The key to hash identities with; another one after [`refresh`](Self::refresh).
    pub fn key(&self) -> [u8; 16] {
        self.with_active([0; 16], |active| active.key())
    }

    /// Whether a series or stream may go in. If [`is_unsure`](Self::is_unsure) says so afterwards, refresh, and ask
    /// for all of the push again.
    pub fn admit(&self, identity: u64) -> bool {
        self.with_active(true, |active| active.admit(identity) != Verdict::Refused)
    }

    /// Whether the verdicts so far may be wrong because what is known is old.
    pub fn is_unsure(&self) -> bool {
        self.with_active(false, |active| active.is_unsure())
    }

    /// Tells the store what is known here, and learns what others know.
    pub async fn refresh(&self) -> Result<(), Refusal> {
        let Some(active) = self.entry.active.get() else { return Ok(()) };
        match store::merge(self.ports, &self.active_name(), active).await {
            Ok(()) => Ok(()),
            Err(cause) => {
                self.with_active((), Active::settle_for_old);
                self.without(self.rules.active, cause)
            }
        }
    }

    /// How many series or streams are active.
    pub fn active(&self) -> u64 {
        self.with_active(0, |active| active.count())
    }

    fn used(&self, given: Amount) -> [Used; 3] {
        let (rate, budget) = (self.allowance.rate, self.allowance.rate.budget());
        let in_window = |what, used: u64, limit: u64| Used { what, used: used.min(limit), limit, window: rate.window };
        let active = Used { what: self.counted(), used: self.active(), limit: self.allowance.active, window: 0 };
        [
            in_window(self.unit(), given.units, budget.units),
            in_window("pushes", given.requests, budget.requests),
            active,
        ]
    }

    const fn counted(&self) -> &'static str {
        match self.signal {
            Signal::Metrics => "active series",
            Signal::Logs => "active streams",
        }
    }

    /// The refusal of series or streams that were cut out.
    pub fn full(&self) -> Throttle {
        let what = self.counted();
        let limit = self.allowance.active;
        let retry = self.jitter(10, 20);
        Throttle { owner: "cockpit", what, limit, window: 0, current: self.active().max(limit), reset: retry, retry }
    }

    /// Pays for a push of this many units, or refuses it.
    pub async fn pay(&self, units: u64) -> Result<(), Refusal> {
        let (rate, need) = (self.allowance.rate, Amount::push(units.max(1)));
        let budget = rate.budget().units;
        if need.units > budget {
            let what = self.unit();
            return Err(Refusal::Malformed(
                format!("{units} {what} can never pass a limit of {budget} {what} in {} s, send less", rate.window)
                    .into(),
            ));
        }
        drop(self.waiting.take());
        let (waiting, life) = (self.entry.waiting(), self.entries.life(&self.entry));
        let due = Due { need, now: self.ports.now(), waiting, life };
        let step = self.entry.lease.borrow_mut().spend(&rate, &due);
        match step {
            Step::Admit => Ok(()),
            Step::Exhausted => Err(self.throttled().await),
            Step::Ask(ask) => self.ask(&ask).await,
        }
    }

    /// Ends the push: notes how many series or streams were cut, and shares what was seen if it is time. Nothing here
    /// fails a push.
    pub async fn close(&self, cut: u64) {
        if cut > 0 {
            self.note(Amount { units: cut, requests: 0 }).await;
        }
        let Some(active) = self.entry.active.get() else { return };
        if active.borrow().is_due(self.ports.now(), self.entries.lives()) {
            let merged = store::merge(self.ports, &self.active_name(), active).await;
            self.log(merged);
        }
        self.entries.weigh(&self.sender, active.borrow().bytes());
    }

    async fn load(&self) -> Result<(), Refusal> {
        let (limit, now) = (self.allowance.active, self.ports.now());
        let old = match self.entry.active.get() {
            Some(active) => active.borrow_mut().begin(limit, now),
            None => true,
        };
        if !old {
            return Ok(());
        }
        match store::load(self.ports, &self.active_name(), now).await {
            Ok(stored) => {
                match self.entry.active.get() {
                    Some(active) => drop(active.borrow_mut().absorb(stored, now)),
                    None => drop(self.entry.active.set(RefCell::new(Active::new(limit, now, stored)))),
                }
                self.entries.weigh(&self.sender, self.with_active(0, |active| active.bytes()));
                Ok(())
            }
            Err(cause) => self.without(self.rules.active, cause),
        }
    }

    async fn ask(&self, ask: &Ask) -> Result<(), Refusal> {
        let rate = self.allowance.rate;
        let key = usage::counter_key(&self.sender, ask.window.start);
        let counter = match self.ports.increment(&key, ask.amount.pack()).await {
            Ok(counter) => counter,
            Err(cause) => return self.without(self.rules.rates, cause),
        };
        let answer = self.entry.lease.borrow_mut().receive(&rate, ask, counter);
        if answer.opened {
            let collected = usage::collect(self.ports, &self.sender, &rate, self.ports.now(), self.active()).await;
            self.log(collected);
        }
        if answer.admitted { Ok(()) } else { Err(self.throttled().await) }
    }

    /// The refusal because of a rate; it is noted.
    async fn throttled(&self) -> Refusal {
        self.note(Amount::push(0)).await;
        let (rate, now) = (self.allowance.rate, self.ports.now());
        let (budget, total) = (rate.budget(), self.entry.lease.borrow().total());
        let (what, limit, current) = if total.requests >= budget.requests {
            ("pushes", budget.requests, budget.requests)
        } else {
            (self.unit(), budget.units, total.units.min(budget.units))
        };
        let reset = rate.window(now).left(now).div_ceil(1_000);
        let retry = reset.saturating_add(self.jitter(0, rate.window / 2));
        Refusal::Throttled(Throttle { owner: "cockpit", what, limit, window: rate.window, current, reset, retry })
    }

    /// Counts what was refused, in memory; now and then, in the store.
    async fn note(&self, refused: Amount) {
        if let Some(due) = self.entry.note(refused, self.ports.now(), self.entries.lives()) {
            let minute = self.ports.now().micros().max(0).unsigned_abs() / 60_000_000;
            let counted = self.ports.increment(&usage::refused_key(&self.sender, minute), due.pack()).await;
            self.log(counted);
        }
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
            self.ports.line(&format!("a limit of {} is not kept: {cause}", self.sender));
        }
    }

    fn with_active<T>(&self, absent: T, then: impl FnOnce(&mut Active) -> T) -> T {
        self.entry.active.get().map_or(absent, |active| then(&mut active.borrow_mut()))
    }

    fn active_name(&self) -> String {
        format!("active/{}", self.sender)
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

#[cfg(test)]
mod tests;
