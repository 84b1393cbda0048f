//! Cockpits: one per project, activated and deactivated any number of times.
//!
//! Activations of a project are numbered one after another. `cockpit/{project}/{number}` says that one has begun, and only
//! activations write it; `ended/{project}/{number}` that it ends or has ended, and only its deactivations write that. The
//! present one is the last that has begun. Two activations at once take the same number: they are one. What belongs to an
//! activation bears its number, so nothing that a slow call does reaches a later one. `cockpit/{project}/last` is where to
//! begin to look: a slow activation may set it back, and whoever looks goes on from there. So what tells of an activation
//! is kept until none of its time can be under way any more; `cockpit/{project}/first` is the first of which it is.

mod past;

use crate::{
    Keeper,
    budgets::Budget,
    choices,
    collection::{Collection, nothing},
    contact_points::ContactPoint,
    datasources::Datasource,
    entity::Entity,
    grafana_users::GrafanaUser,
    tokens::Token,
};
use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    project::ProjectId,
    record::{Record, load, save},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// After this long an unfinished deactivation belongs to a call that died, and may be taken over.
const ABANDONED_MICROS: i64 = 2 * 60 * 1_000_000;

/// A project's Cockpit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cockpit {
    /// Where it is in its life.
    pub status: Status,
    epoch: u64,
    created_at: i64,
    updated_at: i64,
}

/// The number of the last activation, or of one of the last.
#[derive(Serialize, Deserialize)]
struct Last(u64);

impl Record for Last {
    const WHAT: &'static str = "a Cockpit's number";
    const VERSION: u8 = 1;
}

/// When an activation began.
#[derive(Serialize, Deserialize)]
struct Begun(i64);

impl Record for Begun {
    const WHAT: &'static str = "a Cockpit";
    const VERSION: u8 = 1;
}

/// That an activation ends, or has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Ended {
    at: i64,
    done: bool,
}

impl Record for Ended {
    const WHAT: &'static str = "a Cockpit's end";
    const VERSION: u8 = 1;
}

/// Where a Cockpit is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It serves.
    Ready,
    /// It is being removed; nothing new may be attached to it.
    Deleting,
}

impl Cockpit {
    /// When it was activated.
    pub const fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(self.created_at)
    }

    /// When it last changed.
    pub const fn updated_at(&self) -> Timestamp {
        Timestamp::from_micros(self.updated_at)
    }

    /// The number of its activation, which all that belongs to it bears.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }
}

/// A project's Cockpit, or the number of the activation that may begin.
enum Present {
    Cockpit(Cockpit),
    None { next: u64 },
}

/// What an activation came to.
#[derive(Debug)]
pub enum Activation {
    /// It is active now.
    Done(Cockpit),
    /// It was active already.
    AlreadyActive,
    /// A deactivation is still under way.
    Deleting,
}

/// The project's Cockpit, if it has one.
pub async fn find(kv: &impl Kv, project: ProjectId) -> Result<Option<Cockpit>, StoreError> {
    Ok(match present(kv, project).await? {
        Present::Cockpit(cockpit) => Some(cockpit),
        Present::None { .. } => None,
    })
}

async fn present(kv: &impl Kv, project: ProjectId) -> Result<Present, StoreError> {
    let mut epoch = load::<Last>(kv, &last_key(project)).await?.map_or(1, |last| last.0);
    let mut ending = None;
    while let Some(Begun(created_at)) = load(kv, &key(project, epoch)).await? {
        let cockpit = |status, updated_at| Cockpit { status, epoch, created_at, updated_at };
        let Some(Ended { at, done }) = load(kv, &ended_key(project, epoch)).await? else {
            return Ok(Present::Cockpit(cockpit(Status::Ready, created_at)));
        };
        ending = (!done).then(|| cockpit(Status::Deleting, at));
        epoch = epoch.saturating_add(1);
    }
    Ok(ending.map_or(Present::None { next: epoch }, Present::Cockpit))
}

/// Whether what belongs to this activation belongs to a Cockpit that serves.
pub async fn still_serves(kv: &impl Kv, project: ProjectId, epoch: u64) -> Result<bool, StoreError> {
    Ok(find(kv, project).await?.is_some_and(|now| now.status == Status::Ready && now.epoch == epoch))
}

/// Activates the project's Cockpit. An earlier one that was left half removed is removed first.
pub async fn activate<P: Kv + Clock>(
    ports: &P,
    project: ProjectId,
    keeper: &impl Keeper,
) -> Result<Activation, StoreError> {
    let epoch = match present(ports, project).await? {
        Present::None { next } => next,
        Present::Cockpit(Cockpit { status: Status::Ready, .. }) => return Ok(Activation::AlreadyActive),
        Present::Cockpit(ending) if !is_abandoned(&ending, ports.now()) => return Ok(Activation::Deleting),
        Present::Cockpit(ending) => {
            finish(ports, project, ending.epoch, keeper).await?;
            ending.epoch.saturating_add(1)
        }
    };
    save(ports, &last_key(project), &Last(epoch)).await?;
    save(ports, &key(project, epoch), &Begun(ports.now().micros())).await?;
    let present = find(ports, project).await?;
    if let Some(later) = present.as_ref().filter(|cockpit| cockpit.epoch != epoch) {
        // We were slow, and have set it back.
        save(ports, &last_key(project), &Last(later.epoch)).await?;
    }
    Ok(match present {
        Some(cockpit) if cockpit.epoch == epoch && cockpit.status == Status::Ready => Activation::Done(cockpit),
        Some(Cockpit { status: Status::Ready, .. }) => Activation::AlreadyActive,
        Some(Cockpit { status: Status::Deleting, .. }) | None => Activation::Deleting,
    })
}

/// Deactivates this Cockpit of the project's, and no later one: its tokens first, the last mark last, so that a call that
/// dies on the way is finished by the next. Returns its last state.
pub async fn deactivate<P: Kv + Clock>(
    ports: &P,
    project: ProjectId,
    cockpit: Cockpit,
    keeper: &impl Keeper,
) -> Result<Cockpit, StoreError> {
    let at = ports.now().micros();
    save(ports, &ended_key(project, cockpit.epoch), &Ended { at, done: false }).await?;
    finish(ports, project, cockpit.epoch, keeper).await?;
    Ok(Cockpit { status: Status::Deleting, updated_at: at, ..cockpit })
}

/// Removes whatever belongs to an activation or an earlier one, what gives access first.
async fn finish<P: Kv + Clock>(
    ports: &P,
    project: ProjectId,
    epoch: u64,
    keeper: &impl Keeper,
) -> Result<(), StoreError> {
    let forget = async |token: &Token| keeper.forget_token(token).await;
    Collection::of(ports, project).clear(epoch, ports.now(), forget).await?;
    // Of the one before, calls and instances may have left something that did not know that it had ended.
    for epoch in epoch.saturating_sub(1).max(1)..=epoch {
        keeper.forget_cockpit(project, epoch).await?;
        choices::forget(ports, project, epoch).await?;
    }
    empty::<_, GrafanaUser>(ports, project, epoch).await?;
    empty::<_, ContactPoint>(ports, project, epoch).await?;
    empty::<_, Datasource>(ports, project, epoch).await?;
    empty::<_, Budget>(ports, project, epoch).await?;
    past::forget(ports, project, epoch).await?;
    save(ports, &ended_key(project, epoch), &Ended { at: ports.now().micros(), done: true }).await
}

async fn empty<P: Kv + Clock, T: Entity>(ports: &P, project: ProjectId, epoch: u64) -> Result<(), StoreError> {
    Collection::<_, T>::of(ports, project).clear(epoch, ports.now(), nothing).await
}

fn is_abandoned(ending: &Cockpit, now: Timestamp) -> bool {
    now.micros().saturating_sub(ending.updated_at) >= ABANDONED_MICROS
}

fn key(project: ProjectId, epoch: u64) -> String {
    format!("cockpit/{project}/{epoch}")
}

fn ended_key(project: ProjectId, epoch: u64) -> String {
    format!("ended/{project}/{epoch}")
}

fn last_key(project: ProjectId) -> String {
    format!("cockpit/{project}/last")
}

#[cfg(test)]
mod tests;
