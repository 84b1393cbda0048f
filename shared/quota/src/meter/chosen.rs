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

/// What a Cockpit has chosen, as far as one signal is concerned.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) plan: &'static Plan,
    pub(super) budgets: Budgets,
    read_at: u64,
}

impl Chosen {
    fn new(settings: &Settings, signal: Signal, read_at: u64) -> Rc<Self> {
        Rc::new(Self { plan: settings.plan(), budgets: Budgets::of(settings, signal), read_at })
    }
}

/// What is remembered; if nothing is, what the store says. If that fails, it is the default for this push.
pub(super) async fn of<P: Kv + Clock>(
    ports: &P,
    project: ProjectId,
    signal: Signal,
    entry: &Entry,
) -> (Rc<Chosen>, Option<StoreError>) {
    if let Some(chosen) = entry.chosen() {
        return (chosen, None);
    }
    match settings::load(ports, project).await {
        Ok(settings) => {
            let chosen = Chosen::new(&settings, signal, millis(ports.now()));
            entry.choose(Rc::clone(&chosen));
            (chosen, None)
        }
        Err(cause) => (Chosen::new(&Settings::default(), signal, 0), Some(cause)),
    }
}

/// Reads it again, if it is old.
pub(super) async fn look_again<P: Kv + Clock>(
    ports: &P,
    project: ProjectId,
    signal: Signal,
    entry: &Entry,
) -> Result<(), StoreError> {
    let now = millis(ports.now());
    if entry.chosen().is_some_and(|chosen| now.saturating_sub(chosen.read_at) >= OLD) {
        entry.choose(Chosen::new(&settings::load(ports, project).await?, signal, now));
    }
    Ok(())
}
