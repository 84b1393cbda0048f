//! What is told to the store of a sender's sets, and learnt from it.

use super::{
    group::Group,
    locations::Locations,
    store,
    view::{Shared, View},
};
use crate::life::Ahead;
use cockpit_core::ports::{Clock, Kv, Random, StoreError};
use std::{cell::RefCell, rc::Rc};

/// Tells the store what is known here of the sets that a push is unsure of, and learns what others know.
pub(crate) async fn look<P: Kv + Clock + Random>(
    ports: &P,
    at: &Locations,
    name: &str,
    view: &RefCell<View>,
) -> Result<(), StoreError> {
    let unsure = view.borrow_mut().unsure(name);
    let group = Rc::clone(view.borrow().group());
    for (key, active) in &unsure {
        if group.borrow().is_valid(active) {
            look_at(ports, at, key, active).await?;
        }
    }
    view.borrow_mut().looked(&unsure);
    Ok(())
}

async fn look_at<P: Kv + Clock + Random>(
    ports: &P,
    at: &Locations,
    key: &str,
    active: &Shared,
) -> Result<(), StoreError> {
    let unread = active.borrow().is_unread();
    if unread { store::read(ports, at, key, active).await } else { store::merge(ports, at, key, active).await }
}

/// Shares what is due, and what there is no room for.
pub(crate) async fn share<P: Kv + Clock>(
    ports: &P,
    at: &Locations,
    name: &str,
    group: &RefCell<Group>,
    ahead: Ahead,
) -> Result<(), StoreError> {
    let named = group.borrow().named(name);
    for (key, active) in named {
        if group.borrow().is_valid(&active) && active.borrow().is_due(ports.now(), ahead) {
            store::merge(ports, at, &key, &active).await?;
        }
    }
    let surplus = group.borrow().surplus(name);
    for (key, active) in surplus {
        if group.borrow().is_valid(&active) && !active.borrow().is_saved() {
            store::merge(ports, at, &key, &active).await?;
        }
    }
    Ok(())
}

/// Under which key the store has the set of a budget.
pub(crate) fn part_name(name: &str, number: u64) -> String {
    format!("{name}/b{number}")
}
