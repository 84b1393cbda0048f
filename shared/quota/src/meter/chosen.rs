//! What a Cockpit has chosen, as an instance remembers it.

use super::entry::Entry;
use crate::{
    Signal,
    budget::Budgets,
    plans::Plan,
    rates::millis,
    settings::{self, Settings},
};
use cockpit_core::{
    ProjectId,
    ports::{Clock, Kv, StoreError},
};
use std::rc::Rc;

/// After so many milliseconds it is read again, when the store is asked anyway: at least once in a window.
const OLD: u64 = 10_000;

/// After so many it is read again before a push is judged: nobody has asked the store for longer than a window.
const STALE: u64 = 30_000;

/// What a Cockpit has chosen, as far as one signal is concerned.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) plan: &'static Plan,
    pub(super) budgets: Budgets,
    read_at: u64,
}

/// Whose choice it is: an activation of a project.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    pub(super) project: ProjectId,
    pub(super) epoch: u64,
}

impl Chosen {
    fn new(settings: &Settings, signal: Signal, read_at: u64) -> Rc<Self> {
        Rc::new(Self { plan: settings.plan(), budgets: Budgets::of(settings, signal), read_at })
    }
}

/// What is remembered, unless it is stale; what the store says otherwise. If that fails, it is what was remembered, or
/// the default for this push.
pub(super) async fn of<P: Kv + Clock>(
    ports: &P,
    owner: Owner,
    signal: Signal,
    entry: &Entry,
) -> (Rc<Chosen>, Option<StoreError>) {
    let known = entry.chosen();
    let now = millis(ports.now());
    if let Some(chosen) = known.as_ref().filter(|chosen| now.saturating_sub(chosen.read_at) < STALE) {
        return (Rc::clone(chosen), None);
    }
    match read(ports, owner, signal, entry, now).await {
        Ok(chosen) => (chosen, None),
        Err(cause) => match known {
            Some(chosen) => (chosen, None),
            None => (Chosen::new(&Settings::default(), signal, 0), Some(cause)),
        },
    }
}

/// Reads it again, if it is old.
pub(super) async fn look_again<P: Kv + Clock>(
    ports: &P,
    owner: Owner,
    signal: Signal,
    entry: &Entry,
) -> Result<(), StoreError> {
    let now = millis(ports.now());
    if entry.chosen().is_some_and(|chosen| now.saturating_sub(chosen.read_at) >= OLD) {
        read(ports, owner, signal, entry, now).await?;
    }
    Ok(())
}

async fn read(kv: &impl Kv, owner: Owner, signal: Signal, entry: &Entry, now: u64) -> Result<Rc<Chosen>, StoreError> {
    let settings = settings::load(kv, owner.project, owner.epoch).await?;
    let chosen = Chosen::new(&settings, signal, now);
    entry.choose(Rc::clone(&chosen));
    Ok(chosen)
}
