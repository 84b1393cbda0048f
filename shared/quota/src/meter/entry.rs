//! What an instance remembers of senders, within a bound of bytes.

use super::{chosen::Chosen, tally::Tally};
use crate::{
    active::group::Group,
    amount::scale,
    lease::Lease,
    life::{Ahead, Life},
    usage::Reason,
};
use cockpit_core::{Timestamp, memory::Recent};
use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

/// The bytes an instance may remember: seventeen senders at 250,000 series, or some ten thousand small ones.
const AT_MOST: usize = 16 << 20;

/// What a sender takes without its active sets.
const EACH: usize = 1_024;

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
    pub(super) sets: OnceCell<RefCell<Group>>,
    /// The first minute in which there may be usage to collect.
    pub(super) collects_at: Cell<u64>,
    /// The first minute in which nothing may be counted before a look at the usage.
    pub(super) counts_until: Cell<u64>,
    chosen: RefCell<Option<Rc<Chosen>>>,
    tally: Cell<Tally>,
    served: Cell<u64>,
    waiting: Cell<u64>,
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

    /// Notes the size of a sender's active sets.
    pub(super) fn weigh(&self, sender: &str, active: usize) {
        self.senders.borrow_mut().weigh(&sender.to_owned(), EACH.saturating_add(active));
    }

    /// Counts a push of a sender.
    pub(super) fn serve(&self, entry: &Entry, now: Timestamp) {
        let mut life = self.life.get();
        life.serve(now);
        self.life.set(life);
        entry.serve();
    }

    /// Whether the instance may be relied on to serve another push.
    pub(super) fn lives(&self) -> bool {
        self.life.get().more() > 0
    }

    /// How many more pushes the instance will likely serve, in a word.
    pub(super) fn ahead(&self) -> Ahead {
        self.life.get().ahead()
    }

    /// How many more pushes of a sender the instance may be relied on to serve.
    pub(super) fn life(&self, entry: &Entry) -> u64 {
        let life = self.life.get();
        scale(life.more(), entry.served.get(), life.served().max(1))
    }
}

impl Entry {
    /// Counts a push.
    pub(super) fn serve(&self) {
        self.served.set(self.served.get().saturating_add(1));
    }

    /// How many pushes have come and are not paid for yet.
    pub(super) const fn waiting(&self) -> u64 {
        self.waiting.get()
    }

    /// What the sender has chosen, if that is known.
    pub(super) fn chosen(&self) -> Option<Rc<Chosen>> {
        self.chosen.borrow().clone()
    }

    /// Remembers what the sender has chosen.
    pub(super) fn choose(&self, chosen: Rc<Chosen>) {
        self.chosen.replace(Some(chosen));
    }

    /// Notes what was refused; gives what should be counted in the store now.
    pub(super) fn note(&self, reason: Reason, count: u64, now: Timestamp, lives: bool) -> Vec<(Reason, u64)> {
        let mut tally = self.tally.get();
        tally.note(reason, count);
        let due = tally.take(now, lives);
        self.tally.set(tally);
        due
    }
}
