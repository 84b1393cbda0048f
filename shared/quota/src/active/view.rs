//! What one push sees of its sender's sets, and judges by.
//!
//! The sets belong to all pushes that an instance serves at once. What a push has looked up does not: each has to be sure
//! for itself. Nor does what it would make active: a push is judged while it is read, and may still be refused when it
//! is to be paid for, so what is new of it is not marked but held. No other push gets its place, and a push that is
//! dropped gives it back.

use super::{Active, Basis, Verdict, group::Group};
use crate::budget::Budgets;
use cockpit_core::Timestamp;
use std::{cell::RefCell, collections::HashMap, rc::Rc};

/// A set that pushes share.
pub(crate) type Shared = Rc<RefCell<Active>>;

/// What one push sees.
#[derive(Debug)]
pub(crate) struct View {
    group: Rc<RefCell<Group>>,
    whole: Seen,
    parts: Vec<Part>,
    /// When the push is judged, and the key that its identities are hashed with.
    now: Timestamp,
    key: [u8; 16],
    /// What may go in, with the bits of the labels that it carries.
    fresh: HashMap<u64, u64>,
    /// Whether the push makes do with what is known.
    settled: bool,
}

/// A budget, in the order of the Cockpit's.
#[derive(Debug)]
struct Part {
    number: u64,
    limit: u64,
    /// The bits of the labels that a series carries which it is for.
    mask: u64,
    /// Its set, from the first series on that it is for.
    seen: Option<Seen>,
}

/// One set, as the push sees it.
#[derive(Debug)]
struct Seen {
    active: Shared,
    basis: Basis,
    /// Whether the push must look at the store before it can be judged.
    unsure: bool,
    /// The identities that the push holds a place for.
    held: Vec<u64>,
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

impl View {
    /// The view of a push that begins under these budgets.
    pub(crate) fn new(group: &Rc<RefCell<Group>>, limit: u64, budgets: &Budgets, now: Timestamp) -> Self {
        let part = |number, limit, mask| Part { number, limit, mask, seen: None };
        let rows = budgets.rows().iter();
        Self {
            whole: Seen::new(Rc::clone(group.borrow().whole()), Basis::Old),
            group: Rc::clone(group),
            parts: rows.map(|row| part(row.number, row.limit(limit), row.mask)).collect(),
            now,
            key: [0; 16],
            fresh: HashMap::new(),
            settled: false,
        }
    }

    /// Begins to judge, or begins anew.
    pub(crate) fn begin(&mut self, now: Timestamp) {
        self.release();
        (self.now, self.key) = (now, self.whole.active.borrow().key());
        for part in &mut self.parts {
            // Identities are others now; they are looked for in a set that is another one, too.
            let key = self.key;
            part.seen = part.seen.take().filter(|seen| seen.active.borrow().key() == key);
        }
        let settled = self.settled;
        self.seen_mut().for_each(|seen| seen.begin(now, settled));
    }

    /// The key that identities are hashed with.
    pub(crate) const fn key(&self) -> [u8; 16] {
        self.key
    }

    /// Judges one identity, which has a place if it is new and may go in. So it has where that is unsure, so that one
    /// reading shows all sets that the push has to look at. `marks` says which of the budgets' labels it carries: most have
    /// none, and cost nothing more.
    pub(crate) fn admit(&mut self, identity: u64, marks: u64) -> Opinion {
        self.meet(marks);
        if self.knows(identity, marks) || self.fresh.contains_key(&identity) {
            return Opinion::Accepted;
        }
        let opinion = self.judge(identity, marks);
        if matches!(opinion, Opinion::Accepted | Opinion::Unsure) {
            self.hold(identity, marks);
        }
        opinion
    }

    /// Takes up the sets of budgets that are for what carries these labels.
    fn meet(&mut self, marks: u64) {
        if marks == 0 {
            return;
        }
        let basis = if self.settled { Basis::Certain } else { Basis::Old };
        for part in self.parts.iter_mut().filter(|part| part.seen.is_none() && part.is_for(marks)) {
            let active = self.group.borrow_mut().part(part.number, part.limit, self.now);
            let mut seen = Seen::new(active, basis);
            seen.begin(self.now, self.settled);
            part.seen = Some(seen);
        }
    }

    /// Whether an identity is marked wherever it counts.
    pub(crate) fn knows(&self, identity: u64, marks: u64) -> bool {
        self.whole.active.borrow().knows(identity)
            && self.met(marks).all(|(_, seen)| seen.active.borrow().knows(identity))
    }

    fn judge(&mut self, identity: u64, marks: u64) -> Opinion {
        let mut unsure = false;
        for (place, seen) in self.met_mut(marks) {
            match seen.judge(identity) {
                Verdict::Accepted => {}
                Verdict::Refused => return Opinion::Refused(Limit::Budget(place)),
                Verdict::Unsure => unsure = true,
            }
        }
        match self.whole.judge(identity) {
            Verdict::Refused => Opinion::Refused(Limit::Whole),
            Verdict::Accepted if !unsure => Opinion::Accepted,
            Verdict::Accepted | Verdict::Unsure => Opinion::Unsure,
        }
    }

    fn hold(&mut self, identity: u64, marks: u64) {
        self.fresh.insert(identity, marks);
        self.whole.hold(identity);
        self.met_mut(marks).for_each(|(_, seen)| seen.hold(identity));
    }

    /// Whether anything was unsure.
    pub(crate) fn is_unsure(&self) -> bool {
        self.seen().any(|seen| seen.unsure)
    }

    /// The sets that the push is unsure of, with the numbers of their budgets. It holds no places until it has looked.
    pub(crate) fn unsure(&mut self) -> Vec<(Option<u64>, Shared)> {
        self.release();
        let parts = self.parts.iter().filter_map(|part| Some((Some(part.number), part.seen.as_ref()?)));
        let all = std::iter::once((None, &self.whole)).chain(parts).filter(|(_, seen)| seen.unsure);
        all.map(|(budget, seen)| (budget, Rc::clone(&seen.active))).collect()
    }

    /// Notes that the push has looked at what the store knows of these.
    pub(crate) fn looked(&mut self, sets: &[(Option<u64>, Shared)]) {
        let is_one = |seen: &&mut Seen| sets.iter().any(|(_, active)| Rc::ptr_eq(active, &seen.active));
        self.seen_mut().filter(is_one).for_each(|seen| seen.basis = Basis::Certain);
    }

    /// Makes do with what is known.
    pub(crate) fn settle(&mut self) {
        self.settled = true;
        self.seen_mut().for_each(|seen| seen.basis = Basis::Certain);
    }

    /// Is unsure of all budgets.
    pub(crate) fn want_all(&mut self) {
        self.meet(u64::MAX);
        self.parts.iter_mut().filter_map(|part| part.seen.as_mut()).for_each(|seen| seen.unsure = true);
    }

    /// Marks as active what the push was told may go in. Under another key, the identities would mean nothing.
    pub(crate) fn commit(&mut self) {
        let (key, fresh) = (self.key, std::mem::take(&mut self.fresh));
        if self.whole.active.borrow().key() == key {
            for (identity, marks) in fresh {
                let parts = self.met(marks).map(|(_, seen)| seen).filter(|seen| seen.active.borrow().key() == key);
                std::iter::once(&self.whole).chain(parts).for_each(|seen| seen.active.borrow_mut().mark(identity));
            }
        }
        self.release();
    }

    /// Gives back the places that the push holds: nothing of it becomes active.
    pub(crate) fn release(&mut self) {
        self.fresh = HashMap::new();
        self.seen_mut().for_each(Seen::release);
    }

    /// Lets go of the sets of budgets: the push has been judged and paid for.
    pub(crate) fn let_go(&mut self) {
        self.parts.iter_mut().for_each(|part| part.seen = None);
    }

    /// The sets that the instance keeps.
    pub(crate) const fn group(&self) -> &Rc<RefCell<Group>> {
        &self.group
    }

    /// Ends the push; gives the sets that the instance keeps.
    pub(crate) fn end(self) -> Rc<RefCell<Group>> {
        self.group
    }

    /// How many places are taken, of all or of those that a budget has.
    pub(crate) fn taken(&self, limit: Limit) -> u64 {
        let seen = match limit {
            Limit::Whole => Some(&self.whole),
            Limit::Budget(place) => self.parts.get(place).and_then(|part| part.seen.as_ref()),
        };
        seen.map_or(0, |seen| seen.active.borrow().taken())
    }

    /// How many are active.
    pub(crate) fn count(&self) -> u64 {
        self.whole.active.borrow().count()
    }

    /// The sets of budgets that are for what carries these labels, with their places.
    fn met(&self, marks: u64) -> impl Iterator<Item = (usize, &Seen)> {
        let parts = if marks == 0 { &[] } else { &*self.parts };
        let parts = parts.iter().enumerate().filter(move |(_, part)| part.is_for(marks));
        parts.filter_map(|(place, part)| Some((place, part.seen.as_ref()?)))
    }

    fn met_mut(&mut self, marks: u64) -> impl Iterator<Item = (usize, &mut Seen)> {
        let parts = if marks == 0 { &mut [] } else { &mut *self.parts };
        let parts = parts.iter_mut().enumerate().filter(move |(_, part)| part.is_for(marks));
        parts.filter_map(|(place, part)| Some((place, part.seen.as_mut()?)))
    }

    fn seen(&self) -> impl Iterator<Item = &Seen> {
        std::iter::once(&self.whole).chain(self.parts.iter().filter_map(|part| part.seen.as_ref()))
    }

    fn seen_mut(&mut self) -> impl Iterator<Item = &mut Seen> {
        std::iter::once(&mut self.whole).chain(self.parts.iter_mut().filter_map(|part| part.seen.as_mut()))
    }
}

impl Part {
    /// Whether what carries these labels counts here.
    const fn is_for(&self, marks: u64) -> bool {
        marks & self.mask == self.mask
    }
}

impl Seen {
    const fn new(active: Shared, basis: Basis) -> Self {
        Self { active, basis, unsure: false, held: Vec::new() }
    }

    /// Begins to judge. A look holds for the epoch in which it was: nobody may have read the next one yet.
    fn begin(&mut self, now: Timestamp, settled: bool) {
        self.unsure = false;
        let active = self.active.borrow();
        if !settled && (self.basis != Basis::Certain || active.is_unread()) {
            self.basis = active.basis(now);
        }
    }

    fn judge(&mut self, identity: u64) -> Verdict {
        let verdict = self.active.borrow().judge(identity, self.basis);
        self.unsure |= verdict == Verdict::Unsure;
        verdict
    }

    fn hold(&mut self, identity: u64) {
        if self.active.borrow_mut().hold(identity) {
            self.held.push(identity);
        }
    }

    fn release(&mut self) {
        let mut active = self.active.borrow_mut();
        std::mem::take(&mut self.held).into_iter().for_each(|identity| active.release(identity));
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        self.release();
    }
}
