//! Who may be active: what a push asks while it is judged, and what its instance shares of it.

use super::{Meter, Ports};
use crate::active::{
    exchange,
    group::Group,
    locations::Slots,
    store,
    view::{Limit, Opinion, View},
};
use cockpit_core::{Refusal, ports::StoreError};
use std::{cell::RefCell, rc::Rc};

impl<P: Ports> Meter<'_, P> {
    /// Judges a push as often as is needed to be sure of it: `judge` reads it, and asks for each series or stream whether it
    /// may [go in](Self::admit). What came of it before is let go of first: bodies are large, and many may wait for the
    /// store at once.
    pub async fn judge<T>(&self, judge: impl Fn() -> Result<T, Refusal>) -> Result<T, Refusal> {
        loop {
            self.with_view((), |view| view.begin(self.ports.now()));
            let judged = judge()?;
            if !self.with_view(false, |view| view.is_unsure()) {
                return Ok(judged);
            }
            drop(judged);
            self.look().await.or_else(|cause| self.without(self.rules.active, cause))?;
        }
    }

    /// The key to hash identities with, each time that the push is judged.
    pub fn key(&self) -> [u8; 16] {
        self.with_view([0; 16], |view| view.key())
    }

    /// The labels that budgets look out for, names and values, at most 64; mostly none.
    pub fn watched(&self) -> &[(String, String)] {
        self.chosen.budgets.labels()
    }

    /// Whether a series or stream may go in; it is active once the push is paid for. `marks` has a bit for each of the
    /// labels [watched](Self::watched) that it carries.
    pub fn admit(&self, identity: u64, marks: u64) -> bool {
        match self.with_view(Opinion::Accepted, |view| view.admit(identity, marks)) {
            Opinion::Accepted | Opinion::Unsure => true,
            Opinion::Refused(limit) => {
                self.excess.set(Some(limit));
                false
            }
        }
    }

    /// Whether what was refused last is too much for a budget, not for the Cockpit.
    pub fn is_over_budget(&self) -> bool {
        matches!(self.excess.get(), Some(Limit::Budget(_)))
    }

    /// How many series or streams are active.
    pub fn active(&self) -> u64 {
        self.with_view(0, |view| view.count())
    }

    /// Takes up the sender's sets. If they cannot be read, the push makes do with what the instance knows.
    pub(super) async fn load(&self) -> Result<(), Refusal> {
        let (limit, budgets, now) = (self.allowance.active, &self.chosen.budgets, self.ports.now());
        let unread = || Group::new(limit, now, self.ports.bytes());
        let sets = self.entries.sets_or(&self.cockpit.sender, unread);
        let turned = sets.borrow().has_turned(now);
        if turned {
            self.log(exchange::end(self.ports, &self.slots(), &sets).await);
        }
        sets.borrow_mut().begin(limit, budgets, now);
        let whole = Rc::clone(sets.borrow().whole());
        let unread = whole.borrow().is_unread();
        let read = if unread { store::read(self.ports, &self.slots(), &whole).await } else { Ok(()) };
        let mut view = View::new(&sets, limit, budgets, now);
        if read.is_err() {
            view.settle();
        }
        self.view.get_or_init(|| RefCell::new(view));
        read.or_else(|cause| self.without(self.rules.active, cause))
    }

    /// Looks at what the store knows of sets that the push is unsure of. If that fails, it makes do with what is known.
    pub(super) async fn look(&self) -> Result<(), StoreError> {
        let Some(view) = self.view.get() else { return Ok(()) };
        let looked = exchange::look(self.ports, &self.slots(), view).await;
        if looked.is_err() {
            view.borrow_mut().settle();
        }
        looked
    }

    /// Tells others what was seen here, if it is time.
    pub(super) async fn share(&self) {
        let seen = self.with_view(None, |view| Some(Rc::clone(view.group())));
        let Some(sets) = seen.or_else(|| self.entries.sets(&self.cockpit.sender)) else { return };
        let shared = exchange::share(self.ports, &self.slots(), &sets, self.entries.ahead()).await;
        self.log(shared);
    }

    /// Where the sender's sets are in the store.
    fn slots(&self) -> Slots {
        self.rules.locations.slots(&format!("active/{}", self.cockpit.sender))
    }

    pub(super) fn with_view<T>(&self, absent: T, then: impl FnOnce(&mut View) -> T) -> T {
        self.view.get().map_or(absent, |view| then(&mut view.borrow_mut()))
    }
}
