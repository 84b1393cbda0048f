//! Which series or streams of a sender are active: seen within the last ten to twenty minutes.
//!
//! Time is cut into epochs of ten minutes. An identity is active if it is in the set of this epoch or of the one
//! before. An instance keeps both in memory, and merges its own with the store's: read, unite, write. A merge that
//! lost a race is noticed a few seconds later, and repeated. [`store`] does the reading and writing.

pub(crate) mod exchange;
pub(crate) mod group;
pub mod locations;
pub mod store;
pub(crate) mod view;

use crate::{
    amount::scale,
    life::Ahead,
    rates::{millis, seconds},
    set::Set,
};
use cockpit_core::Timestamp;
use std::collections::HashMap;

/// Seconds of an epoch.
pub const EPOCH: u64 = 600;

/// Milliseconds between two times that an instance shares what is new, unless there will soon be no room.
const PAUSE: u64 = 3_000;

/// The same if there will: what is lost with a dropped instance would find none when it comes again, which it does
/// within this time.
const SHORT_PAUSE: u64 = 100;
const AGAIN: u64 = 60_000;

/// The same where nothing is new but to this epoch: nobody is misled until the next one.
const LONG_PAUSE: u64 = 10_000;

/// The longest that an instance goes without a look at what others saw, in milliseconds.
const LOOK: u64 = 60_000;

/// Much is this part of the limit if it was seen before, and this part of the room that is left if it is new.
const MUCH: u64 = 64;

/// But never less than this part of the limit.
const LITTLE: u64 = 1_024;

/// What is known of one sender's active identities.
#[derive(Clone, Debug)]
pub struct Active {
    limit: u64,
    key: [u8; 16],
    /// Whether the key is another set's, and does not give way to one that the store has.
    under: bool,
    epoch: u64,
    current: Set,
    previous: Set,
    count: u64,
    /// The new ones that pushes under way hold a place for, and how many pushes do.
    pending: HashMap<u64, u32>,
    /// Marks that the store does not have yet, and those of them that are new to it altogether.
    unsaved: u64,
    unsaved_new: u64,
    saved_at: Option<u64>,
    read_at: u64,
    /// Whether the store has not been read in this epoch: it may know of many that are not known here.
    unread: bool,
    doubtful: bool,
}

/// What the store held when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The key that identities are hashed with.
    pub key: [u8; 16],
    /// This epoch's set.
    pub current: Option<Set>,
    /// The set of the epoch before.
    pub previous: Option<Set>,
}

/// How much a push may rely on what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// It has looked at the store, or makes do with what is known.
    Certain,
    /// Nobody has looked for so long that others may have let in what is not known here.
    Old,
    /// Somebody looked not long ago.
    Recent,
}

/// The verdict on one identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was active already, or there was room.
    Accepted,
    /// It is new, and the limit is reached.
    Refused,
    /// It is new, and what is known may be out of date: read the store, and ask again.
    Unsure,
}

/// The epoch of a moment.
pub fn epoch(now: Timestamp) -> u64 {
    seconds(now) / EPOCH
}

impl Active {
    /// One of which nothing is known yet, with the key that it has if the store knows none.
    pub(crate) fn unread(limit: u64, epoch: u64, key: [u8; 16]) -> Self {
        Self {
            limit,
            key,
            under: false,
            epoch,
            current: Set::new(limit),
            previous: Set::new(limit),
            count: 0,
            pending: HashMap::new(),
            unsaved: 0,
            unsaved_new: 0,
            saved_at: None,
            read_at: 0,
            unread: true,
            doubtful: false,
        }
    }

    /// The same of a budget, whose key is its Cockpit's.
    pub(crate) fn unread_under(limit: u64, epoch: u64, key: [u8; 16]) -> Self {
        Self { under: true, ..Self::unread(limit, epoch, key) }
    }

    /// Forgets all that is known.
    pub(crate) fn forget(&mut self) {
        *self = Self { under: self.under, ..Self::unread(self.limit, self.epoch, self.key) };
    }

    /// Begins a push: the epoch may be another one.
    pub fn begin(&mut self, limit: u64, now: Timestamp) {
        self.limit = limit;
        let turned = epoch(now).saturating_sub(self.epoch);
        if turned > 0 {
            let current = std::mem::replace(&mut self.current, Set::new(limit));
            self.previous = if turned == 1 { current } else { Set::new(limit) };
            (self.epoch, self.unsaved, self.unsaved_new) = (epoch(now), 0, 0);
            (self.saved_at, self.doubtful, self.unread) = (None, false, true);
            self.recount();
        }
    }

    /// Whether the store must be read before anything is judged by this.
    pub const fn is_unread(&self) -> bool {
        self.unread
    }

    /// How much a push may rely on what is known that has not looked for itself.
    pub(crate) fn basis(&self, now: Timestamp) -> Basis {
        let rest = millis(now).saturating_sub(self.read_at);
        if self.unread || (rest > PAUSE && self.count >= self.limit / 2) { Basis::Old } else { Basis::Recent }
    }

    /// Whether an identity is marked in this epoch.
    pub(crate) fn knows(&self, identity: u64) -> bool {
        self.current.contains(identity)
    }

    fn is_active(&self, identity: u64) -> bool {
        self.current.contains(identity) || self.previous.contains(identity)
    }

    /// Judges one identity. Of what could not be read, nothing is refused.
    pub(crate) fn judge(&self, identity: u64, basis: Basis) -> Verdict {
        if self.is_active(identity) || self.pending.contains_key(&identity) {
            return Verdict::Accepted;
        }
        match basis {
            Basis::Certain if self.unread => Verdict::Accepted,
            Basis::Old => Verdict::Unsure,
            Basis::Certain | Basis::Recent if self.room() == 0 => Verdict::Refused,
            Basis::Recent if self.unsaved_new.saturating_add(self.pending()) >= self.much_new() => Verdict::Unsure,
            Basis::Certain | Basis::Recent => Verdict::Accepted,
        }
    }

    /// Holds a place for an identity that was accepted. Says whether it needs one, and must be [released](Self::release).
    fn hold(&mut self, identity: u64) -> bool {
        if self.is_active(identity) {
            return false;
        }
        let holders = self.pending.entry(identity).or_default();
        *holders = holders.saturating_add(1);
        true
    }

    /// Gives back the place that one push held.
    fn release(&mut self, identity: u64) {
        let Some(holders) = self.pending.get_mut(&identity) else { return };
        *holders = holders.saturating_sub(1);
        if *holders == 0 {
            self.pending.remove(&identity);
        }
        if self.pending.is_empty() {
            // A map keeps the memory of the most that it ever held.
            self.pending = HashMap::new();
        }
    }

    /// Marks an identity that was accepted. Whoever else holds a place for it needs none any more. One that was active, and
    /// needed none, may have lost its own if the epoch turned since: then others have it.
    pub(crate) fn mark(&mut self, identity: u64) {
        let held = self.pending.remove(&identity).is_some();
        if self.current.contains(identity) {
            return;
        }
        if !self.previous.contains(identity) {
            if !held && self.room() == 0 {
                return;
            }
            self.count += 1;
            self.unsaved_new += 1;
        }
        self.current.insert(identity);
        self.unsaved += 1;
    }

    /// How many are active, within a percent.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// How many places are taken: by those that are active, and by those of pushes under way.
    pub fn taken(&self) -> u64 {
        self.count.saturating_add(self.pending())
    }

    /// The key that identities are hashed with: names are chosen by senders, and one who could aim at the filter
    /// could have others' series taken for known.
    pub const fn key(&self) -> [u8; 16] {
        self.key
    }

    /// The same, if it is not for this set to choose: identities of a budget are hashed as all of its sender's.
    pub(crate) fn given_key(&self) -> Option<[u8; 16]> {
        self.under.then_some(self.key)
    }

    /// The epoch that is under way here.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The bytes it takes in memory, about.
    pub fn bytes(&self) -> usize {
        self.current.bytes().saturating_add(self.previous.bytes()).saturating_add(256)
    }

    /// Whether it is time to merge with the store, for an instance that has so much ahead.
    pub fn is_due(&self, now: Timestamp, ahead: Ahead) -> bool {
        let since = |moment: u64| millis(now).saturating_sub(moment);
        let rest = self.saved_at.map_or(u64::MAX, since);
        let pause = match self.unsaved_new {
            0 => LONG_PAUSE,
            _ if ahead == Ahead::Few => 0,
            new if scale(new, AGAIN, rest.max(1)) >= self.room() / 2 => SHORT_PAUSE,
            _ => PAUSE,
        };
        // Half of what may be let in until others are told: a push should not have to wait because another has used it up.
        let much = self.unsaved > self.limit / MUCH || self.unsaved_new.saturating_mul(2) >= self.much_new();
        let due = ahead == Ahead::None || rest >= pause || much;
        (self.unsaved > 0 && due)
            || (self.doubtful && (rest >= PAUSE || ahead != Ahead::Many))
            || (!self.unread && since(self.read_at) >= LOOK)
    }

    /// Whether the store had all of this, when that was last looked at.
    pub(crate) const fn is_saved(&self) -> bool {
        self.unsaved == 0
    }

    fn room(&self) -> u64 {
        self.limit.saturating_sub(self.taken())
    }

    fn pending(&self) -> u64 {
        u64::try_from(self.pending.len()).unwrap_or(u64::MAX)
    }

    /// How many new ones are let in at most until others are told of them.
    fn much_new(&self) -> u64 {
        (self.room() / MUCH).max(self.limit / LITTLE).max(1)
    }

    /// Takes in both sets that the store holds.
    pub fn read(&mut self, stored: Stored, now: Timestamp) {
        self.absorb(stored, now);
        self.unread = false;
    }

    /// Takes in what the store holds. Says whether the store lacks anything of this epoch that is known here.
    pub fn absorb(&mut self, stored: Stored, now: Timestamp) -> bool {
        if stored.key != self.key {
            // Two instances each made a first set, and this one's was overwritten: its marks mean nothing here.
            (self.key, self.current, self.previous) = (stored.key, Set::new(self.limit), Set::new(self.limit));
            (self.unsaved, self.unsaved_new) = (0, 0);
        }
        let lacks = match &stored.current {
            Some(theirs) => !theirs.includes(&self.current),
            None => !self.current.is_empty(),
        };
        stored.current.into_iter().for_each(|theirs| self.current.absorb(theirs));
        stored.previous.into_iter().for_each(|theirs| self.previous.absorb(theirs));
        self.read_at = millis(now);
        self.recount();
        let (current, previous) = (&self.current, &self.previous);
        self.pending.retain(|identity, _| !current.contains(*identity) && !previous.contains(*identity));
        lacks
    }

    /// Notes the end of a merge: `written` says whether anything was written, which another writer may have
    /// overwritten since, so that it is looked at once more.
    fn saved(&mut self, now: Timestamp, written: bool, marks: u64) {
        self.saved_at = Some(millis(now));
        self.doubtful = written;
        self.unsaved = self.unsaved.saturating_sub(marks);
        self.unsaved_new = 0;
    }

    fn recount(&mut self) {
        self.count = self.current.union(&self.previous);
    }
}

#[cfg(test)]
mod tests;
