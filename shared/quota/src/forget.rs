//! Forgetting all that is kept of a project, or of a token that has limits of its own.
//!
//! What tells where other things are goes after them, so a call that dies on the way is finished by the next.

use crate::{
    Signal,
    active::{group::part_name, store},
    plans::PLANS,
    settings, usage,
};
use cockpit_core::{
    ProjectId,
    ports::{Clock, Kv, StoreError},
};
use std::collections::BTreeSet;

/// Removes all that is kept of a project. What instances write afterwards that still take one of its tokens for good
/// stays until this is called again.
pub async fn forget<P: Kv + Clock>(ports: &P, project: ProjectId) -> Result<(), StoreError> {
    let numbers: Vec<_> = settings::numbers(ports, project).await?.collect();
    for signal in Signal::ALL {
        let sender = signal.sender(project);
        let name = format!("active/{sender}");
        for number in &numbers {
            store::remove(ports, &part_name(&name, *number)).await?;
        }
        store::remove(ports, &name).await?;
        usage::forget(ports, &sender, &windows(signal), ports.now()).await?;
    }
    settings::remove(ports, project).await
}

/// Removes all that is kept of a token, by its id.
pub async fn forget_token<P: Kv + Clock>(ports: &P, id: [u8; 16]) -> Result<(), StoreError> {
    for signal in Signal::ALL {
        usage::forget(ports, &signal.sender_of_token(id), &windows(signal), ports.now()).await?;
    }
    Ok(())
}

/// The lengths of a signal's windows in all plans.
fn windows(signal: Signal) -> Vec<u64> {
    let lengths: BTreeSet<_> = PLANS.iter().map(|plan| plan.limits.of(signal).rate.window).collect();
    lengths.into_iter().collect()
}
