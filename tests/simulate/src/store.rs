//! The store: one place, or several that learn of each other's writes late.
//!
//! Counters are one for all: an `increment` travels to the first place and back. Reads and writes are the nearest
//! place's, and of two writes the later one stays. That is how a store with one primary and replicas behaves.

use crate::{
    dice::Dice,
    world::{MILLI, Micros},
};
use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap},
    rc::Rc,
};

/// A value, or that there is none any more.
type Value = Option<Rc<[u8]>>;
/// When something was written, and as which of all writes.
type Stamp = (Micros, u64);
/// A write on its way to another place, by when it arrives.
type Arrival = Reverse<(Micros, Stamp, Rc<str>, Value)>;

/// How a store is built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// How many places it has.
    pub(crate) places: usize,
    /// How late the others learn of a write, on average.
    pub(crate) lag: Micros,
    /// How long an operation takes at the nearest place, on average.
    pub(crate) near: Micros,
    /// How long one takes at the first place, for those who are elsewhere.
    pub(crate) far: Micros,
    /// Whether each place keeps counters of its own.
    pub(crate) apart: bool,
    /// An operation fails once in so many; never if this is 0.
    pub(crate) fails: u64,
}

impl Plan {
    /// One place, on the same machine.
    pub(crate) const ONE: Self = Self { places: 1, lag: 0, near: MILLI / 2, far: 0, apart: false, fails: 0 };
}

/// How often it was used.
#[derive(Clone, Debug, Default)]
pub(crate) struct Used {
    pub(crate) reads: u64,
    /// By the first part of the key, and `-` before it for a removal.
    pub(crate) writes: BTreeMap<String, u64>,
}

impl Used {
    pub(crate) fn writes(&self) -> u64 {
        self.writes.values().sum()
    }

    /// Writes to keys that begin so.
    pub(crate) fn writes_of(&self, kind: &str) -> u64 {
        self.writes.get(kind).copied().unwrap_or(0)
    }

    fn write(&mut self, sign: &str, key: &str) {
        let kind = key.split('/').next().unwrap_or_default();
        *self.writes.entry(format!("{sign}{kind}")).or_default() += 1;
    }
}

/// A store.
pub(crate) struct Store {
    pub(crate) plan: Plan,
    pub(crate) used: RefCell<Used>,
    places: Vec<RefCell<Place>>,
    written: Cell<u64>,
}

#[derive(Default)]
struct Place {
    values: HashMap<Rc<str>, (Stamp, Value)>,
    arriving: BinaryHeap<Arrival>,
}

impl Store {
    pub(crate) fn new(plan: Plan) -> Self {
        let places = (0..plan.places).map(|_| RefCell::default()).collect();
        Self { plan, used: RefCell::default(), places, written: Cell::new(0) }
    }

    pub(crate) fn get(&self, place: usize, now: Micros, key: &str) -> Option<Vec<u8>> {
        self.used.borrow_mut().reads += 1;
        let mut place = self.places[place].borrow_mut();
        place.arrive(now);
        place.values.get(key).and_then(|(_, value)| value.as_ref().map(|value| value.to_vec()))
    }

    pub(crate) fn set(&self, place: usize, now: Micros, dice: &Dice, key: &str, value: Option<&[u8]>) {
        self.used.borrow_mut().write(if value.is_some() { "" } else { "-" }, key);
        self.write(place, now, dice, key, value.map(Rc::from));
    }

    /// The place whose counters are asked from `place`.
    pub(crate) const fn counters(&self, place: usize) -> usize {
        if self.plan.apart { place } else { 0 }
    }

    pub(crate) fn increment(&self, place: usize, now: Micros, dice: &Dice, key: &str, delta: i64) -> i64 {
        self.used.borrow_mut().write("", key);
        let place = self.counters(place);
        let before = {
            let mut place = self.places[place].borrow_mut();
            place.arrive(now);
            let bytes = place.values.get(key).and_then(|(_, value)| value.as_deref()?.try_into().ok());
            bytes.map_or(0, i64::from_le_bytes)
        };
        let value = before + delta;
        self.write(place, now, dice, key, Some(Rc::from(value.to_le_bytes())));
        value
    }

    /// How many keys the first place holds.
    pub(crate) fn keys(&self) -> usize {
        self.places[0].borrow().values.values().filter(|(_, value)| value.is_some()).count()
    }

    fn write(&self, place: usize, now: Micros, dice: &Dice, key: &str, value: Value) {
        self.written.set(self.written.get() + 1);
        let (stamp, key) = ((now, self.written.get()), Rc::from(key));
        for (number, other) in self.places.iter().enumerate() {
            let mut other = other.borrow_mut();
            if number == place {
                other.take(stamp, Rc::clone(&key), value.clone());
            } else {
                other.arriving.push(Reverse((now + dice.around(self.plan.lag), stamp, Rc::clone(&key), value.clone())));
            }
        }
    }
}

impl Place {
    fn arrive(&mut self, now: Micros) {
        while self.arriving.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
            let Some(Reverse((_, stamp, key, value))) = self.arriving.pop() else { return };
            self.take(stamp, key, value);
        }
    }

    fn take(&mut self, stamp: Stamp, key: Rc<str>, value: Value) {
        let newer = self.values.get(&key).is_none_or(|(before, _)| *before < stamp);
        if newer {
            self.values.insert(key, (stamp, value));
        }
    }
}
