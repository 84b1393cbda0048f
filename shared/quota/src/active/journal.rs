//! What a push would make active, until it is known whether the push is let in.
//!
//! A push is judged while it is read, and may still be refused when it is to be paid for. So what is new of it is not
//! marked but held: no other push gets its place, and a push that is dropped gives it back.

use super::Active;
use std::{cell::RefCell, collections::HashMap, rc::Rc};

/// What one push would mark.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// The key that the identities are hashed with.
    key: [u8; 16],
    /// The identities, with the bits of the labels that they carry.
    fresh: HashMap<u64, u64>,
    held: Vec<Held>,
}

/// The places that are held in one set.
#[derive(Debug)]
struct Held {
    active: Rc<RefCell<Active>>,
    identities: Vec<u64>,
}

impl Journal {
    /// Whether the push has been told that this identity may go in.
    pub(crate) fn contains(&self, identity: u64) -> bool {
        self.fresh.contains_key(&identity)
    }

    /// Notes an identity that may go in, and holds a place for it where it is new.
    pub(crate) fn hold<'s>(
        &mut self,
        key: [u8; 16],
        (identity, marks): (u64, u64),
        sets: impl Iterator<Item = &'s Rc<RefCell<Active>>>,
    ) {
        self.key = key;
        self.fresh.insert(identity, marks);
        for active in sets.filter(|active| active.borrow_mut().hold(identity)) {
            match self.held.iter_mut().find(|held| Rc::ptr_eq(&held.active, active)) {
                Some(held) => held.identities.push(identity),
                None => self.held.push(Held { active: Rc::clone(active), identities: vec![identity] }),
            }
        }
    }

    /// What is to be marked in sets with this key: under another one, the identities mean nothing.
    pub(crate) fn fresh(&self, key: [u8; 16]) -> impl Iterator<Item = (u64, u64)> {
        self.fresh.iter().filter(move |_| self.key == key).map(|(identity, marks)| (*identity, *marks))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut active = self.active.borrow_mut();
        self.identities.iter().for_each(|identity| active.release(*identity));
    }
}
