//! What is told to the store of a sender's sets, and learnt from it.

use super::{
    Active,
    group::Group,
    locations::Slots,
    store,
    view::{Shared, View},
};
use crate::life::Ahead;
use cockpit_core::ports::{Clock, Kv, StoreError};
use std::{cell::RefCell, rc::Rc};

/// Tells the store what is known here of the sets that a push is unsure of, and learns what others know.
pub(crate) async fn look<P: Kv + Clock>(ports: &P, slots: &Slots, view: &RefCell<View>) -> Result<(), StoreError> {
    let unsure = view.borrow_mut().unsure();
    let group = Rc::clone(view.borrow().group());
    for (budget, active) in &unsure {
        exchange(ports, slots, &group, (*budget, active)).await?;
    }
    view.borrow_mut().looked(&unsure);
    Ok(())
}

/// Reads a set that was not read yet, and merges any other; leaves one alone that says nothing any more.
async fn exchange<P: Kv + Clock>(
    ports: &P,
    slots: &Slots,
    group: &RefCell<Group>,
    (budget, active): (Option<u64>, &Shared),
) -> Result<(), StoreError> {
    let (slots, unread, valid) = (slots.of(budget), active.borrow().is_unread(), group.borrow().is_valid(active));
    match (valid, unread) {
        (false, _) => Ok(()),
        (true, true) => store::read(ports, &slots, active).await,
        (true, false) => store::merge(ports, &slots, active).await,
    }
}

/// The same of those of some sets for which this is so, each asked when its turn comes.
async fn exchange_some<P: Kv + Clock>(
    ports: &P,
    slots: &Slots,
    group: &RefCell<Group>,
    sets: Vec<(Option<u64>, Shared)>,
    is_so: impl Fn(&Active) -> bool,
) -> Result<(), StoreError> {
    for (budget, active) in sets {
        let is_so = is_so(&active.borrow());
        if is_so {
            exchange(ports, slots, group, (budget, &active)).await?;
        }
    }
    Ok(())
}

/// Tells the store what it does not have of an epoch that is over: what was new at its end would be forgotten otherwise.
pub(crate) async fn end<P: Kv + Clock>(ports: &P, slots: &Slots, group: &RefCell<Group>) -> Result<(), StoreError> {
    let (all, is_untold) = (group.borrow().all(), |active: &Active| !active.is_saved() && !active.is_unread());
    exchange_some(ports, slots, group, all, is_untold).await
}

/// Shares what is due, and what there is no room for.
pub(crate) async fn share<P: Kv + Clock>(
    ports: &P,
    slots: &Slots,
    group: &RefCell<Group>,
    ahead: Ahead,
) -> Result<(), StoreError> {
    let all = group.borrow().all();
    exchange_some(ports, slots, group, all, |active| active.is_due(ports.now(), ahead)).await?;
    let surplus = group.borrow().surplus();
    exchange_some(ports, slots, group, surplus, |active| !active.is_saved()).await
}
