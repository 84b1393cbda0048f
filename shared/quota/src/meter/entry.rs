//! What an instance remembers of senders, within a bound of bytes.

use crate::{active::Active, amount::Amount, lease::Lease, rates::millis};
use cockpit_core::{Timestamp, memory::Recent};
use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

/// The bytes an instance may remember: seventeen senders at 250,000 series, or some ten thousand small ones.
const AT_MOST: usize = 16 << 20;

/// What a sender takes without its active set.
const EACH: usize = 1_024;

/// Refusals are counted in the store after this many, or after this many milliseconds.
const REFUSALS: u64 = 64;
const PAUSE: u64 = 5_000;

/// Everything remembered.
#[derive(Debug)]
pub(super) struct Entries(RefCell<Recent<String, Rc<Entry>>>);

impl Default for Entries {
    fn default() -> Self {
        Self(RefCell::new(Recent::new(AT_MOST)))
    }
}

/// What is remembered of one sender.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) lease: RefCell<Lease>,
    pub(super) active: OnceCell<RefCell<Active>>,
    refused: Cell<Amount>,
    times: Cell<u64>,
    noted_at: Cell<u64>,
}

impl Entries {
    /// What is remembered of a sender; nothing yet, if it is a new one.
    pub(super) fn of(&self, sender: &str) -> Rc<Entry> {
        let mut recent = self.0.borrow_mut();
        if let Some(entry) = recent.get(&sender.to_owned()) {
            return Rc::clone(entry);
        }
        let entry = Rc::<Entry>::default();
        recent.insert(sender.to_owned(), Rc::clone(&entry), EACH);
        entry
    }

    /// Notes the size of a sender's active set.
    pub(super) fn weigh(&self, sender: &str, active: usize) {
        self.0.borrow_mut().weigh(&sender.to_owned(), EACH.saturating_add(active));
    }
}

impl Entry {
    /// Counts a refusal; gives what has come together once it should be written down.
    pub(super) fn note(&self, refused: Amount, now: Timestamp) -> Option<Amount> {
        let sum = self.refused.get().plus(refused);
        self.refused.set(sum);
        self.times.set(self.times.get().saturating_add(1));
        let rested = millis(now).saturating_sub(self.noted_at.get()) >= PAUSE;
        if !rested && self.times.get() < REFUSALS {
            return None;
        }
        self.noted_at.set(millis(now));
        self.times.set(0);
        self.refused.set(Amount::default());
        Some(sum)
    }
}
