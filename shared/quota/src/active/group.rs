//! The active sets of a sender: that of its Cockpit, and one for each budget below it.
//!
//! A series that several budgets are for must find room in all of them. The sets of budgets are read when the first
//! series comes that they are for, so a sender without budgets, or without such series, pays nothing for them.

mod exchange;

pub(crate) use exchange::{load, refresh, share};

use super::{Active, Verdict, journal::Journal};
use crate::budget::{Budgets, Row};
use cockpit_core::Timestamp;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// The bytes of memory that sets may take: seventeen senders at 250,000 series, or one at four million.
pub(crate) const AT_MOST: usize = 16 << 20;

/// So many of them those of one sender's budgets, between its pushes: nine at 250,000.
const BUDGETS_AT_MOST: usize = AT_MOST / 2;

/// The sets of one sender.
#[derive(Debug)]
pub(crate) struct Group {
    whole: Rc<RefCell<Active>>,
    parts: Vec<Part>,
    /// How many pushes have begun.
    pushes: u64,
    /// Whether this push makes do with what is known.
    settled: bool,
}

/// The set of one budget.
#[derive(Debug)]
struct Part {
    number: u64,
    /// What is known of it; nothing until it is needed.
    active: Option<Rc<RefCell<Active>>>,
    /// Whether this push needs what the store knows of it.
    wanted: bool,
    /// In which push a series or stream last came that it is for.
    met: Cell<u64>,
}

/// The set of a budget for which there is no room.
#[derive(Debug)]
pub(crate) struct Spare {
    number: u64,
    active: Rc<RefCell<Active>>,
}

/// What a series or stream was refused for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The Cockpit's limit.
    Whole,
    /// That of the budget in this place.
    Budget(usize),
}

/// What is thought of one series or stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opinion {
    /// It may go in.
    Accepted,
    /// It is new, and there is no room.
    Refused(Limit),
    /// Somebody has to look at the store first.
    Unsure,
}

impl Group {
    /// The group around a Cockpit's set.
    pub(crate) fn new(whole: Active) -> Self {
        Self { whole: Rc::new(RefCell::new(whole)), parts: Vec::new(), pushes: 0, settled: false }
    }

    /// Begins a push. Says whether the Cockpit's set must be read first.
    pub(crate) fn begin(&mut self, limit: u64, budgets: &Budgets, now: Timestamp) -> bool {
        self.settled = false;
        self.pushes += 1;
        let turned = self.whole.borrow_mut().begin(limit, now);
        self.arrange(budgets);
        let key = self.whole.borrow().key();
        for (part, row) in self.parts.iter_mut().zip(budgets.rows()) {
            part.wanted = false;
            // What is known of another epoch, or under another key, is better read again.
            let good = part.active.as_ref().is_some_and(|active| {
                let mut active = active.borrow_mut();
                !active.begin(row.limit(limit), now) && active.key() == key
            });
            part.active = part.active.take().filter(|_| good);
        }
        turned
    }

    /// Has a part for each budget, in their order, and keeps what is known of those that stay.
    fn arrange(&mut self, budgets: &Budgets) {
        let same = self.parts.iter().map(|part| part.number).eq(budgets.rows().iter().map(|row| row.number));
        if same {
            return;
        }
        let mut old = std::mem::take(&mut self.parts);
        self.parts.extend(budgets.rows().iter().map(|row| {
            let known = old.iter_mut().find(|part| part.number == row.number);
            let (met, active) = known.map_or((0, None), |part| (part.met.get(), part.active.take()));
            Part { number: row.number, active, wanted: false, met: Cell::new(met) }
        }));
    }

    /// Judges one identity, which has a place in the journal if it is new and may go in. `marks` says which of the
    /// budgets' labels it carries.
    pub(crate) fn admit(&mut self, budgets: &Budgets, journal: &mut Journal, identity: u64, marks: u64) -> Opinion {
        if self.knows(budgets, identity, marks) || journal.contains(identity) {
            return Opinion::Accepted;
        }
        let opinion = self.judge(budgets, identity, marks);
        if opinion == Opinion::Accepted {
            let key = self.whole.borrow().key();
            journal.hold(key, (identity, marks), self.met(budgets, marks));
        }
        opinion
    }

    /// Marks as active what a push was told may go in.
    pub(crate) fn commit(&self, budgets: &Budgets, journal: &Journal) {
        let key = self.whole.borrow().key();
        for (identity, marks) in journal.fresh(key) {
            self.met(budgets, marks).for_each(|active| active.borrow_mut().mark(identity));
        }
    }

    /// Whether an identity is marked wherever it counts.
    fn knows(&self, budgets: &Budgets, identity: u64, marks: u64) -> bool {
        let knows = |part: &Part| {
            part.met.set(self.pushes);
            part.active.as_ref().map_or(self.settled, |active| active.borrow().knows(identity))
        };
        self.whole.borrow().knows(identity) && self.parts_met(budgets, marks).all(knows)
    }

    fn judge(&mut self, budgets: &Budgets, identity: u64, marks: u64) -> Opinion {
        let mut sure = true;
        for (place, (part, row)) in self.parts.iter_mut().zip(budgets.rows()).enumerate() {
            if !part.is_met(row, marks) {
                continue;
            }
            part.met.set(self.pushes);
            match part.active.as_ref().map(|active| active.borrow_mut().judge(identity)) {
                Some(Verdict::Accepted) => {}
                Some(Verdict::Refused) => return Opinion::Refused(Limit::Budget(place)),
                None if self.settled => {}
                Some(Verdict::Unsure) | None => (part.wanted, sure) = (true, false),
            }
        }
        match opinion(self.whole.borrow_mut().judge(identity), Limit::Whole) {
            Opinion::Accepted if !sure => Opinion::Unsure,
            opinion => opinion,
        }
    }

    /// The sets in which an identity counts that carries these labels.
    fn met<'g>(&'g self, budgets: &'g Budgets, marks: u64) -> impl Iterator<Item = &'g Rc<RefCell<Active>>> {
        let parts = self.parts_met(budgets, marks).filter_map(|part| part.active.as_ref());
        std::iter::once(&self.whole).chain(parts)
    }

    /// None of what carries no label that budgets look out for: most series, so that they cost nothing.
    fn parts_met<'g>(&'g self, budgets: &'g Budgets, marks: u64) -> impl Iterator<Item = &'g Part> {
        let rows = if marks == 0 { &[] } else { budgets.rows() };
        let parts = self.parts.iter().zip(rows).filter(move |(part, row)| part.is_met(row, marks));
        parts.map(|(part, _)| part)
    }

    /// Whether anything was unsure since the push began.
    pub(crate) fn is_unsure(&self) -> bool {
        !self.settled && (self.whole.borrow().is_unsure() || self.parts.iter().any(|part| part.wanted))
    }

    /// Makes do with what is known for this push.
    pub(crate) fn settle(&mut self) {
        self.settled = true;
        self.all().for_each(|active| active.borrow_mut().settle());
    }

    /// Asks for all that the store knows of budgets.
    pub(crate) fn want_all(&mut self) {
        self.parts.iter_mut().for_each(|part| part.wanted = true);
    }

    /// The Cockpit's set.
    pub(crate) const fn whole(&self) -> &Rc<RefCell<Active>> {
        &self.whole
    }

    /// How many are active.
    pub(crate) fn count(&self) -> u64 {
        self.whole.borrow().count()
    }

    /// How many places are taken, of all or of those that a budget has.
    pub(crate) fn taken(&self, limit: Limit) -> u64 {
        let active = match limit {
            Limit::Whole => Some(&self.whole),
            Limit::Budget(place) => self.parts.get(place).and_then(|part| part.active.as_ref()),
        };
        active.map_or(0, |active| active.borrow().taken())
    }

    /// The bytes it takes in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        self.all().fold(0, |sum, active| sum.saturating_add(active.borrow().bytes()))
    }

    /// Lets go of the set of a budget if those of budgets weigh too much: of the one that no push has met for longest.
    pub(crate) fn spare(&mut self) -> Option<Spare> {
        let whole = self.whole.borrow().bytes();
        let room = BUDGETS_AT_MOST.min(AT_MOST.saturating_sub(whole));
        if self.bytes().saturating_sub(whole) <= room {
            return None;
        }
        let known = self.parts.iter_mut().filter(|part| part.active.is_some());
        let part = known.min_by_key(|part| part.met.get())?;
        Some(Spare { number: part.number, active: part.active.take()? })
    }

    fn all(&self) -> impl Iterator<Item = &Rc<RefCell<Active>>> {
        std::iter::once(&self.whole).chain(self.parts.iter().filter_map(|part| part.active.as_ref()))
    }

    /// The sets of budgets that are known, with their numbers.
    fn known(&self) -> Vec<(u64, Rc<RefCell<Active>>)> {
        self.parts.iter().filter_map(|part| Some((part.number, part.active.clone()?))).collect()
    }

    /// Has those of these sets that are not known, because nobody knew them or another push has let go of them.
    fn hold(&mut self, found: &[(u64, Rc<RefCell<Active>>)]) {
        let key = self.whole.borrow().key();
        for part in &mut self.parts {
            if part.active.as_ref().is_none_or(|active| active.borrow().key() != key) {
                let mut found = found.iter().rev().filter(|(number, _)| *number == part.number);
                part.active =
                    found.find(|(_, active)| active.borrow().key() == key).map(|(_, active)| Rc::clone(active));
            }
        }
    }

    /// The sets that are known, with their keys in the store below `name`.
    fn named(&self, name: &str) -> Vec<(String, Rc<RefCell<Active>>)> {
        let parts = self.known().into_iter().map(|(number, active)| (part_name(name, number), active));
        std::iter::once((name.to_owned(), Rc::clone(&self.whole))).chain(parts).collect()
    }

    /// The numbers of the budgets that this push needs to know more of.
    fn wanted(&self) -> Vec<u64> {
        self.parts.iter().filter(|part| part.wanted).map(|part| part.number).collect()
    }
}

impl Part {
    /// Whether an identity that carries these labels counts here. While a push was read, another one may have learnt of
    /// other budgets.
    const fn is_met(&self, row: &Row, marks: u64) -> bool {
        self.number == row.number && marks & row.mask == row.mask
    }
}

const fn opinion(verdict: Verdict, limit: Limit) -> Opinion {
    match verdict {
        Verdict::Accepted => Opinion::Accepted,
        Verdict::Refused => Opinion::Refused(limit),
        Verdict::Unsure => Opinion::Unsure,
    }
}

pub(crate) fn part_name(name: &str, number: u64) -> String {
    format!("{name}/b{number}")
}
