//! What an instance remembers of senders, within a bound of bytes.

use super::{chosen::Chosen, tally::Tally};
use crate::{
    active::group::{self, Group},
    amount::scale,
    lease::Lease,
    life::{Ahead, Life},
    usage::{Reason, Usage},
};
use cockpit_core::{Timestamp, memory::Recent};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// So many kilobytes of senders an instance remembers without their active sets: one each, and the texts of its budgets.
const SENDERS: usize = 10_000;

/// What the active sets of a sender take beside themselves.
const EACH: usize = 256;

/// So many minutes of usage an instance keeps until they can be sent on: what one collection brings at most.
const BROUGHT: usize = 8;

/// Everything remembered. Sets are kept apart, so that large ones make room for each other, and nobody's lease for them:
/// what was leased and is forgotten is lost to its window.
#[derive(Debug)]
pub(super) struct Entries {
    senders: RefCell<Recent<String, Rc<Entry>>>,
    sets: RefCell<Recent<String, Sets>>,
    life: Cell<Life>,
}

/// The active sets of a sender. A push holds them as long as it lasts.
pub(super) type Sets = Rc<RefCell<Group>>;

impl Default for Entries {
    fn default() -> Self {
        let (senders, sets) = (Recent::new(SENDERS), Recent::new(group::AT_MOST));
        Self { senders: RefCell::new(senders), sets: RefCell::new(sets), life: Cell::default() }
    }
}

/// What is remembered of one sender.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) lease: RefCell<Lease>,
    /// The first minute in which there may be usage to collect.
    pub(super) collects_at: Cell<u64>,
    /// The first minute in which nothing may be counted before a look at the usage.
    pub(super) counts_until: Cell<u64>,
    /// Minutes of usage that nobody has been given yet.
    brought: RefCell<Vec<(u64, Usage)>>,
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
        recent.insert(sender.to_owned(), Rc::clone(&entry), 1);
        entry
    }

    /// The active sets of a sender, if they are remembered.
    pub(super) fn sets(&self, sender: &str) -> Option<Sets> {
        self.sets.borrow_mut().get(&sender.to_owned()).cloned()
    }

    /// The same; remembers these if none are. Pushes at once have the same from the first moment on, and so one key.
    pub(super) fn sets_or(&self, sender: &str, unread: impl FnOnce() -> Group) -> Sets {
        self.sets(sender).unwrap_or_else(|| {
            let sets = Rc::new(RefCell::new(unread()));
            self.sets.borrow_mut().insert(sender.to_owned(), Rc::clone(&sets), EACH);
            sets
        })
    }

    /// Sees at the end of a push that its sender takes no more than it may, and forgets others if need be.
    pub(super) fn fit(&self, sender: &str, entry: &Entry, sets: &Sets) {
        self.senders.borrow_mut().weigh(&sender.to_owned(), entry.kilobytes());
        let Ok(group) = sets.try_borrow() else { return };
        group.fit();
        self.sets.borrow_mut().weigh(&sender.to_owned(), EACH.saturating_add(group.bytes()));
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

    /// What it takes in memory, about.
    fn kilobytes(&self) -> usize {
        1 + self.chosen.borrow().as_ref().map_or(0, |chosen| chosen.budgets.bytes() / 1_024)
    }

    /// How many pushes have come and are not paid for yet.
    pub(super) const fn waiting(&self) -> u64 {
        self.waiting.get()
    }

    /// Keeps minutes of usage that were collected, for a push that is let in; the last ones, if there is none for long.
    pub(super) fn bring(&self, minutes: Vec<(u64, Usage)>) {
        let mut brought = self.brought.borrow_mut();
        brought.extend(minutes);
        let old = brought.len().saturating_sub(BROUGHT);
        brought.drain(..old);
    }

    /// Gives them, once.
    pub(super) fn take_brought(&self) -> Option<Vec<(u64, Usage)>> {
        Some(self.brought.take()).filter(|brought| !brought.is_empty())
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
