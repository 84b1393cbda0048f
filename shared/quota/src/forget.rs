//! Forgetting all that is kept of an activation of a project, or of a token that has limits of its own.

use crate::{
    Signal,
    active::{locations::Locations, store},
    plans::PLANS,
    usage,
};
use cockpit_core::{
    ProjectId,
    ports::{Clock, Kv, StoreError},
};
use std::collections::BTreeSet;

/// Removes all that is kept of a project's activation. What instances write afterwards that still take one of its tokens
/// for good stays until this is called again. `budgets` are the numbers by which sets of its budgets may be kept, `at` is
/// where sets may be.
pub async fn forget<P: Kv + Clock>(
    ports: &P,
    at: &Locations,
    project: ProjectId,
    epoch: u64,
    budgets: impl Iterator<Item = u64> + Clone,
) -> Result<(), StoreError> {
    for signal in Signal::ALL {
        let sender = signal.sender(project, epoch);
        let slots = at.slots(&format!("active/{sender}"));
        for number in budgets.clone() {
            store::remove(ports, &slots.of(Some(number))).await?;
        }
        store::remove(ports, &slots).await?;
        usage::forget(ports, &sender, &windows(signal), ports.now()).await?;
    }
    Ok(())
}

/// Removes all that is kept of a token that has limits on a signal, by its id.
pub async fn forget_token<P: Kv + Clock>(ports: &P, id: [u8; 16], signal: Signal) -> Result<(), StoreError> {
    usage::forget_token(ports, &signal.sender_of_token(id), &windows(signal), ports.now()).await
}

/// The lengths of a signal's windows in all plans.
fn windows(signal: Signal) -> Vec<u64> {
    let lengths: BTreeSet<_> = PLANS.iter().map(|plan| plan.limits.of(signal).rate.window).collect();
    lengths.into_iter().collect()
}
