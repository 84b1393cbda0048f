//! The active sets of a sender that an instance keeps: that of its Cockpit, and one for each budget below it.
//!
//! A series that several budgets are for must find room in all of them. The sets of budgets are read when the first
//! series comes that they are for, so a sender without budgets, or without such series, pays nothing for them.

use super::{Active, epoch, view::Shared};
use crate::budget::Budgets;
use cockpit_core::Timestamp;
use std::{cell::RefCell, rc::Rc};

/// The bytes of memory that sets may take: seventeen senders at 250,000 series, or one at four million.
pub(crate) const AT_MOST: usize = 16 << 20;

/// So many of them those of one sender's budgets, between its pushes: nine at 250,000.
const BUDGETS_AT_MOST: usize = AT_MOST / 2;

/// The sets of one sender.
#[derive(Debug)]
pub(crate) struct Group {
    whole: Shared,
    parts: Vec<Part>,
    /// How many pushes have begun.
    pushes: u64,
}

/// The set of one budget. Nothing is known of it until it is needed.
#[derive(Debug)]
struct Part {
    number: u64,
    active: Shared,
    /// In which push a series or stream last came that it is for.
    met: u64,
}

impl Group {
    /// The sets of a sender of which nothing is known yet, with the key for it if the store knows none.
    pub(crate) fn new(limit: u64, now: Timestamp, key: [u8; 16]) -> Self {
        let whole = Active::unread(limit, epoch(now), key);
        Self { whole: Rc::new(RefCell::new(whole)), parts: Vec::new(), pushes: 0 }
    }

    /// Whether the epoch that is known here ended not long ago.
    pub(crate) fn has_turned(&self, now: Timestamp) -> bool {
        epoch(now) == self.whole.borrow().epoch().saturating_add(1)
    }

    /// Begins a push: has a part for each of its budgets, in their order, and keeps what is known of those that stay.
    pub(crate) fn begin(&mut self, limit: u64, budgets: &Budgets, now: Timestamp) {
        self.pushes += 1;
        self.whole.borrow_mut().begin(limit, now);
        let same = self.parts.iter().map(|part| part.number).eq(budgets.rows().iter().map(|row| row.number));
        if !same {
            let key = self.whole.borrow().key();
            let mut old = std::mem::take(&mut self.parts);
            self.parts.extend(budgets.rows().iter().map(|row| {
                let known = old.iter().position(|part| part.number == row.number);
                let unread = || Part::unread(row.number, row.limit(limit), now, key);
                known.map_or_else(unread, |place| old.swap_remove(place))
            }));
        }
        for (part, row) in self.parts.iter().zip(budgets.rows()) {
            part.active.borrow_mut().begin(row.limit(limit), now);
        }
    }

    /// The set of a budget for a push, under the key of the Cockpit's. While a push was read, another one may have learnt
    /// of other budgets: then it is that push's alone.
    pub(crate) fn part(&mut self, number: u64, limit: u64, now: Timestamp) -> Shared {
        let key = self.whole.borrow().key();
        let unread = || Part::unread(number, limit, now, key);
        let Some(part) = self.parts.iter_mut().find(|part| part.number == number) else { return unread().active };
        if part.active.borrow().key() != key {
            *part = unread();
        }
        part.met = self.pushes;
        Rc::clone(&part.active)
    }

    /// Whether identities are still hashed as those of this set are: what it says under another key is no use to anybody.
    pub(crate) fn is_valid(&self, active: &Shared) -> bool {
        active.borrow().key() == self.whole.borrow().key()
    }

    /// The Cockpit's set.
    pub(crate) const fn whole(&self) -> &Shared {
        &self.whole
    }

    /// The bytes it takes in memory, about, without what pushes under way need and will let go of.
    pub(crate) fn bytes(&self) -> usize {
        self.whole.borrow().bytes().saturating_add(self.bytes_of_parts().min(self.room_for_parts()))
    }

    fn room_for_parts(&self) -> usize {
        BUDGETS_AT_MOST.min(AT_MOST.saturating_sub(self.whole.borrow().bytes()))
    }

    /// The bytes that the sets of budgets take, about.
    pub(crate) fn bytes_of_parts(&self) -> usize {
        self.parts.iter().fold(0, |sum, part| sum.saturating_add(part.bytes()))
    }

    /// All sets, with the numbers of their budgets.
    pub(crate) fn all(&self) -> Vec<(Option<u64>, Shared)> {
        let parts = self.parts.iter().map(Part::numbered);
        std::iter::once((None, Rc::clone(&self.whole))).chain(parts).collect()
    }

    /// Those of budgets for which there is no room between pushes.
    pub(crate) fn surplus(&self) -> Vec<(Option<u64>, Shared)> {
        self.places_of_surplus().into_iter().filter_map(|place| Some(self.parts.get(place)?.numbered())).collect()
    }

    /// Forgets the sets for which there is no room, if the store knows all of them that is known here, and no push
    /// under way needs them.
    pub(crate) fn fit(&self) {
        for place in self.places_of_surplus() {
            let Some(Part { active, .. }) = self.parts.get(place) else { continue };
            let told = active.borrow().is_saved() || !self.is_valid(active);
            if told && Rc::strong_count(active) == 1 {
                active.borrow_mut().forget();
            }
        }
    }

    /// If those of budgets weigh too much, so many of them that no push has met for longest.
    fn places_of_surplus(&self) -> Vec<usize> {
        let mut surplus = self.bytes_of_parts().saturating_sub(self.room_for_parts());
        if surplus == 0 {
            return Vec::new();
        }
        let mut parts: Vec<_> = self.parts.iter().enumerate().collect();
        parts.sort_by_key(|(_, part)| part.met);
        let mut places = Vec::new();
        for (place, part) in parts {
            if surplus == 0 {
                break;
            }
            surplus = surplus.saturating_sub(part.bytes());
            places.push(place);
        }
        places
    }
}

impl Part {
    fn unread(number: u64, limit: u64, now: Timestamp, key: [u8; 16]) -> Self {
        let active = Active::unread_under(limit, epoch(now), key);
        Self { number, active: Rc::new(RefCell::new(active)), met: 0 }
    }

    fn bytes(&self) -> usize {
        self.active.borrow().bytes()
    }

    fn numbered(&self) -> (Option<u64>, Shared) {
        (Some(self.number), Rc::clone(&self.active))
    }
}
