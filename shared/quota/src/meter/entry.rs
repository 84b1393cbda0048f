//! What an instance remembers of senders, within a bound of bytes.

use crate::{
    active::Active,
    amount::{Amount, scale},
    lease::Lease,
    life::Life,
    rates::millis,
};
use cockpit_core::{Timestamp, memory::Recent};
use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

/// The bytes an instance may remember: seventeen senders at 250,000 series, or some ten thousand small ones.
const AT_MOST: usize = 16 << 20;

/// What a sender takes without its active set.
const EACH: usize = 1_024;

/// Milliseconds between two times that refusals are counted in the store, as long as the instance lives.
const PAUSE: u64 = 5_000;

/// Everything remembered.
#[derive(Debug)]
pub(super) struct Entries {
    senders: RefCell<Recent<String, Rc<Entry>>>,
    life: Cell<Life>,
}

impl Default for Entries {
    fn default() -> Self {
        Self { senders: RefCell::new(Recent::new(AT_MOST)), life: Cell::default() }
    }
}

/// What is remembered of one sender.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) lease: RefCell<Lease>,
    pub(super) active: OnceCell<RefCell<Active>>,
    refused: Cell<Amount>,
    served: Cell<u64>,
    waiting: Cell<u64>,
    /// How often anything was refused, and how much of that has been written down, and when.
    times: Cell<u64>,
    noted: Cell<u64>,
    noted_at: Cell<u64>,
}

/// A push that has come and is not paid for yet.
#[derive(Debug)]
pub(super) struct Waiting(Rc<Entry>);

impl Waiting {
    pub(super) fn new(entry: &Rc<Entry>) -> Self {
        entry.waiting.set(entry.waiting.get().saturating_add(1));
        Self(Rc::clone(entry))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.set(self.0.waiting.get().saturating_sub(1));
    }
}

impl Entries {
    /// What is remembered of a sender; nothing yet, if it is a new one.
    pub(super) fn of(&self, sender: &str) -> Rc<Entry> {
        let mut recent = self.senders.borrow_mut();
        if let Some(entry) = recent.get(&sender.to_owned()) {
            return Rc::clone(entry);
        }
        let entry = Rc::<Entry>::default();
        recent.insert(sender.to_owned(), Rc::clone(&entry), EACH);
        entry
    }

    /// Notes the size of a sender's active set.
    pub(super) fn weigh(&self, sender: &str, active: usize) {
        self.senders.borrow_mut().weigh(&sender.to_owned(), EACH.saturating_add(active));
    }

    /// Counts a push of a sender.
    pub(super) fn serve(&self, entry: &Entry, now: Timestamp) {
        let mut life = self.life.get();
        life.serve(now);
        self.life.set(life);
        entry.served.set(entry.served.get().saturating_add(1));
    }

    /// Whether the instance may be relied on to serve another push.
    pub(super) fn lives(&self) -> bool {
        self.life.get().more() > 0
    }

    /// How many more pushes of a sender the instance may be relied on to serve.
    pub(super) fn life(&self, entry: &Entry) -> u64 {
        let life = self.life.get();
        scale(life.more(), entry.served.get(), life.served().max(1))
    }
}

impl Entry {
    /// How many pushes have come and are not paid for yet.
    pub(super) const fn waiting(&self) -> u64 {
        self.waiting.get()
    }

    /// Counts a refusal; gives what has come together once it should be written down.
    pub(super) fn note(&self, refused: Amount, now: Timestamp, lives: bool) -> Option<Amount> {
        let sum = self.refused.get().plus(refused);
        let times = self.times.get().saturating_add(1);
        self.refused.set(sum);
        self.times.set(times);
        let rested = millis(now).saturating_sub(self.noted_at.get()) >= PAUSE;
        if !rested && (lives || times < self.noted.get().saturating_mul(3)) {
            return None;
        }
        self.noted_at.set(millis(now));
        self.noted.set(times);
        self.refused.set(Amount::default());
        Some(sum)
    }
}
