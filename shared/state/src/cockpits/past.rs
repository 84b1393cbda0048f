//! What tells of a project's earlier activations, and when it is forgotten.

use super::{Ended, Last, ended_key, key, last_key};
use crate::log::is_settled;
use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    project::ProjectId,
    record::{self, Record, load, save},
};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What tells of the last so many activations is kept, however long ago they ended.
const KEPT: u64 = 16;

/// A deactivation forgets what tells of so many others at most, so that no single one pays for many.
const FORGOTTEN: usize = 4;

/// The number of the first activation that something tells of, or of an earlier one.
#[derive(Serialize, Deserialize)]
struct First(u64);

impl Record for First {
    const WHAT: &'static str = "a Cockpit's first number";
    const VERSION: u8 = 1;
}

/// Forgets what tells of activations before the last few, where nobody can need it any more. A slow activation may have
/// set back where to begin to look, and died: that is put right first. None that could do so any more is under way.
pub(super) async fn forget<P: Kv + Clock>(ports: &P, project: ProjectId, epoch: u64) -> Result<(), StoreError> {
    let past = past(ports, project, epoch).await?;
    if past.is_empty() {
        return Ok(());
    }
    if load::<Last>(ports, &last_key(project)).await?.is_some_and(|last| last.0 < past.end) {
        save(ports, &last_key(project), &Last(epoch)).await?;
    }
    for old in past.clone() {
        record::drop(ports, &key(project, old)).await?;
        record::drop(ports, &ended_key(project, old)).await?;
    }
    save(ports, &first_key(project), &First(past.end)).await
}

/// The activations, before the last few, that ended so long ago that no call which could take one of them for the present
/// one is under way.
async fn past<P: Kv + Clock>(ports: &P, project: ProjectId, epoch: u64) -> Result<Range<u64>, StoreError> {
    let first = load::<First>(ports, &first_key(project)).await?.map_or(1, |first| first.0);
    let mut past = first..first;
    for old in (first..=epoch.saturating_sub(KEPT)).take(FORGOTTEN) {
        let ended = load::<Ended>(ports, &ended_key(project, old)).await?;
        if ended.is_some_and(|ended| !is_settled(ended.at, ports.now())) {
            break;
        }
        past.end = old.saturating_add(1);
    }
    Ok(past)
}

fn first_key(project: ProjectId) -> String {
    format!("cockpit/{project}/first")
}
