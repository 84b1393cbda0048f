//! What is told to the store of a sender's sets, and learnt from it.

use super::{Group, Spare, part_name};
use crate::{
    active::{Active, store},
    budget::Budgets,
    life::Ahead,
};
use cockpit_core::ports::{Clock, Kv, Random, StoreError};
use std::{cell::RefCell, rc::Rc};

/// Tells the store what is known here of the sets that were unsure, and learns what others know.
pub(crate) async fn refresh<P: Kv + Clock>(
    ports: &P,
    name: &str,
    group: &RefCell<Group>,
    budgets: &Budgets,
) -> Result<(), StoreError> {
    let (whole, wanted) = (Rc::clone(group.borrow().whole()), group.borrow().wanted());
    let mut found = group.borrow().known();
    if whole.borrow().is_unsure() {
        store::merge(ports, name, &whole).await?;
    }
    for number in wanted {
        let (name, key) = (part_name(name, number), whole.borrow().key());
        let known = group.borrow().known().into_iter().find(|(known, _)| *known == number);
        match known.filter(|(_, known)| known.borrow().key() == key) {
            Some((_, known)) => store::merge(ports, &name, &known).await?,
            None => {
                let stored = store::load_under(ports, &name, key, ports.now()).await?;
                let row = budgets.rows().iter().find(|row| row.number == number);
                let limit = row.map_or(0, |row| row.limit(whole.borrow().limit));
                found.push((number, Rc::new(RefCell::new(Active::under(limit, ports.now(), stored)))));
            }
        }
    }
    let mut group = group.borrow_mut();
    group.hold(&found);
    group.settle();
    Ok(())
}

/// Shares what is due, and what there is no room for.
pub(crate) async fn share<P: Kv + Clock>(
    ports: &P,
    name: &str,
    group: &RefCell<Group>,
    ahead: Ahead,
) -> Result<(), StoreError> {
    let named = group.borrow().named(name);
    for (key, active) in named {
        if active.borrow().is_due(ports.now(), ahead) {
            store::merge(ports, &key, &active).await?;
        }
    }
    loop {
        let Some(Spare { number, active }) = group.borrow_mut().spare() else { return Ok(()) };
        if active.borrow().unsaved > 0 {
            store::merge(ports, &part_name(name, number), &active).await?;
        }
    }
}

/// Takes in what the store knows of the Cockpit's set.
pub(crate) async fn load<P: Kv + Clock + Random>(
    ports: &P,
    name: &str,
    limit: u64,
    group: Option<&RefCell<Group>>,
) -> Result<Option<Group>, StoreError> {
    let now = ports.now();
    let stored = store::load(ports, name, now).await?;
    match group {
        Some(group) => {
            group.borrow().whole().borrow_mut().absorb(stored, now);
            Ok(None)
        }
        None => Ok(Some(Group::new(Active::new(limit, now, stored)))),
    }
}
