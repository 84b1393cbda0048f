//! Cockpits: one per project, activated and deactivated any number of times.
//!
//! Activations of a project are numbered. `cockpit/{project}` names the present one, and only activations write it;
//! `ended/{project}/{number}` says that one ends or has ended, and only its deactivations write that. So nothing that a
//! slow deactivation does can end a later activation, and what belongs to an activation bears its number, so that the
//! things of a later one are not removed with it.

use crate::{
    budgets::Budget,
    choices,
    collection::{Collection, Entity},
    contact_points::ContactPoint,
    datasources::Datasource,
    grafana_users::GrafanaUser,
    tokens::Token,
};
use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    project::ProjectId,
    record::{self, Record, load, save},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// After this long an unfinished deactivation belongs to a call that died, and may be taken over.
const ABANDONED_MICROS: i64 = 2 * 60 * 1_000_000;

/// A project's Cockpit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cockpit {
    /// Where it is in its life.
    pub status: Status,
    activation: Activated,
    updated_at: i64,
}

/// The present activation of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Activated {
    epoch: u64,
    /// The last activation before it that has ended.
    ended: u64,
    at: i64,
}

impl Record for Activated {
    const WHAT: &'static str = "a Cockpit";
    const VERSION: u8 = 2;
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
        Timestamp::from_micros(self.activation.at)
    }

    /// When it last changed.
    pub const fn updated_at(&self) -> Timestamp {
        Timestamp::from_micros(self.updated_at)
    }

    /// The number of its activation.
    pub const fn epoch(&self) -> u64 {
        self.activation.epoch
    }

    /// The last activation before it that has ended.
    pub(crate) const fn ended(&self) -> u64 {
        self.activation.ended
    }
}

/// What a deactivation removes: whoever keeps things of these must, too.
#[derive(Debug)]
pub struct Ending {
    /// The numbers of the activations.
    pub epochs: RangeInclusive<u64>,
    /// Their tokens, which work no more.
    pub tokens: Vec<Token>,
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
    let Some(activation) = load::<Activated>(kv, &key(project)).await? else { return Ok(None) };
    let ended = load::<Ended>(kv, &ended_key(project, activation.epoch)).await?;
    Ok(match ended {
        None => Some(Cockpit { status: Status::Ready, updated_at: activation.at, activation }),
        Some(Ended { at, done: false }) => Some(Cockpit { status: Status::Deleting, updated_at: at, activation }),
        Some(Ended { done: true, .. }) => None,
    })
}

/// The project's Cockpit, if it has one that serves.
pub(crate) async fn serving(kv: &impl Kv, project: ProjectId) -> Result<Option<Cockpit>, StoreError> {
    Ok(find(kv, project).await?.filter(|cockpit| cockpit.status == Status::Ready))
}

/// Whether what was attached to this Cockpit is attached to one that serves: this one, or one that was activated at the
/// same moment and took its place.
pub async fn still_serves(kv: &impl Kv, project: ProjectId, before: &Cockpit) -> Result<bool, StoreError> {
    Ok(serving(kv, project).await?.is_some_and(|now| now.ended() < before.epoch()))
}

/// Activates the project's Cockpit. `clear` removes what others keep of an earlier one that was left half removed.
pub async fn activate<P: Kv + Clock>(
    ports: &P,
    project: ProjectId,
    clear: impl AsyncFnOnce(&Ending) -> Result<(), StoreError>,
) -> Result<Activation, StoreError> {
    // Read first: what is activated from here on has not ended.
    let ended = load::<Activated>(ports, &key(project)).await?.map_or(0, |last| last.epoch);
    match find(ports, project).await? {
        Some(Cockpit { status: Status::Ready, .. }) => return Ok(Activation::AlreadyActive),
        Some(ending) if !is_abandoned(&ending, ports.now()) => return Ok(Activation::Deleting),
        Some(ending) => finish(ports, project, &ending, ending.epoch(), clear).await?,
        None => {}
    }
    let epoch = advance(ports, project, 1).await?;
    save(ports, &key(project), &Activated { epoch, ended, at: ports.now().micros() }).await?;
    Ok(match find(ports, project).await? {
        Some(cockpit) if cockpit.epoch() == epoch && cockpit.status == Status::Ready => Activation::Done(cockpit),
        Some(Cockpit { status: Status::Ready, .. }) => Activation::AlreadyActive,
        Some(Cockpit { status: Status::Deleting, .. }) | None => Activation::Deleting,
    })
}

/// Deactivates the project's Cockpit: its tokens first, the last mark last, so that a call that dies on the way is
/// finished by the next. `clear` removes what others keep of it. Returns its last state; `None` if there was none.
pub async fn deactivate<P: Kv + Clock>(
    ports: &P,
    project: ProjectId,
    clear: impl AsyncFnOnce(&Ending) -> Result<(), StoreError>,
) -> Result<Option<Cockpit>, StoreError> {
    let Some(cockpit) = find(ports, project).await? else { return Ok(None) };
    // Activations that are under way at this moment end with it; but if it is no more, they are later ones.
    let last = advance(ports, project, 0).await?.max(cockpit.epoch());
    let is_same = |now: Cockpit| now.epoch() == cockpit.epoch();
    let at = ports.now().micros();
    if find(ports, project).await?.is_some_and(is_same) {
        for epoch in cockpit.epoch()..=last {
            save(ports, &ended_key(project, epoch), &Ended { at, done: false }).await?;
        }
        finish(ports, project, &cockpit, last, clear).await?;
    }
    Ok(Some(Cockpit { status: Status::Deleting, updated_at: at, ..cockpit }))
}

/// Removes whatever belongs to a Cockpit, or to an activation up to `last`, what gives access first.
async fn finish<P: Kv + Clock>(
    ports: &P,
    project: ProjectId,
    cockpit: &Cockpit,
    last: u64,
    clear: impl AsyncFnOnce(&Ending) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let tokens = Collection::<_, Token>::of(ports, project).disarm(last).await?;
    let ending = Ending { epochs: cockpit.ended()..=last, tokens };
    clear(&ending).await?;
    for epoch in ending.epochs {
        choices::forget(ports, project, epoch).await?;
    }
    empty::<_, Token>(ports, project, last).await?;
    empty::<_, GrafanaUser>(ports, project, last).await?;
    empty::<_, ContactPoint>(ports, project, last).await?;
    empty::<_, Datasource>(ports, project, last).await?;
    empty::<_, Budget>(ports, project, last).await?;
    for earlier in cockpit.ended()..cockpit.epoch() {
        record::drop(ports, &ended_key(project, earlier)).await?;
    }
    save(ports, &ended_key(project, cockpit.epoch()), &Ended { at: ports.now().micros(), done: true }).await
}

async fn empty<P: Kv + Clock, T: Entity>(ports: &P, project: ProjectId, last: u64) -> Result<(), StoreError> {
    Collection::<_, T>::of(ports, project).clear(last, ports.now()).await
}

fn is_abandoned(ending: &Cockpit, now: Timestamp) -> bool {
    now.micros().saturating_sub(ending.updated_at) >= ABANDONED_MICROS
}

async fn advance(kv: &impl Kv, project: ProjectId, by: i64) -> Result<u64, StoreError> {
    record::advance(kv, &format!("cockpits/{project}/next"), by).await
}

fn ended_key(project: ProjectId, epoch: u64) -> String {
    format!("ended/{project}/{epoch}")
}

fn key(project: ProjectId) -> String {
    format!("cockpit/{project}")
}
