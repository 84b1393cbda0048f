//! What is told to the store of a sender's sets, and learnt from it.

use super::{
    group::Group,
    locations::Slots,
    store,
    view::{Shared, View},
};
use crate::life::Ahead;
use cockpit_core::ports::{Clock, Kv, Random, StoreError};
use std::{cell::RefCell, rc::Rc};

/// Tells the store what is known here of the sets that a push is unsure of, and learns what others know.
pub(crate) async fn look<P: Kv + Clock + Random>(
    ports: &P,
    slots: &Slots,
    view: &RefCell<View>,
) -> Result<(), StoreError> {
    let unsure = view.borrow_mut().unsure();
    let group = Rc::clone(view.borrow().group());
    for (budget, active) in &unsure {
        let (slots, unread) = (slots.of(*budget), active.borrow().is_unread());
        if !group.borrow().is_valid(active) {
            continue;
        }
        if unread { store::read(ports, &slots, active).await? } else { store::merge(ports, &slots, active).await? }
    }
    view.borrow_mut().looked(&unsure);
    Ok(())
}

/// Shares what is due, and what there is no room for.
pub(crate) async fn share<P: Kv + Clock>(
    ports: &P,
    slots: &Slots,
    group: &RefCell<Group>,
    ahead: Ahead,
) -> Result<(), StoreError> {
    let tell = async |budget, active: Shared| {
        let valid = group.borrow().is_valid(&active);
        if valid { store::merge(ports, &slots.of(budget), &active).await } else { Ok(()) }
    };
    let all = group.borrow().all();
    for (budget, active) in all {
        let due = active.borrow().is_due(ports.now(), ahead);
        if due {
            tell(budget, active).await?;
        }
    }
    let surplus = group.borrow().surplus();
    for (budget, active) in surplus {
        let saved = active.borrow().is_saved();
        if !saved {
            tell(budget, active).await?;
        }
    }
    Ok(())
}
