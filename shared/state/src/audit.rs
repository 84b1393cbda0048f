//! The audit trail: what was done to a project, by whom, when and from where.
//!
//! A ring of entries, of which the last are shown. An entry is written before what it tells of, so that nothing is done
//! unseen; what then failed stands there all the same. The trail outlives the Cockpit: who removes one does not remove
//! the traces.

use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    project::ProjectId,
    record::{Record, advance, load, save},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// How many entries a project's trail shows.
pub const KEPT: u64 = 500;

/// How many have a place. What is written late, by a call that was paused, takes the place of one that is shown only if so
/// many have come meanwhile.
const PLACES: u64 = 2 * KEPT;

/// One action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    number: u64,
    at: i64,
    /// Who: an access key, or `admin`.
    pub actor: String,
    /// What, as the API names the operation.
    pub action: String,
    /// On what: an id or a name; empty if it is the Cockpit itself.
    pub resource: String,
    /// From where: the caller's address; empty if the host does not tell.
    pub origin: String,
}

impl Record for Entry {
    const WHAT: &'static str = "an entry of the trail";
    const VERSION: u8 = 1;
}

impl Entry {
    /// When.
    pub const fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.at)
    }
}

/// An action about to be done.
#[derive(Debug)]
pub struct Action<'a> {
    /// Who.
    pub actor: &'a str,
    /// What.
    pub action: &'a str,
    /// On what.
    pub resource: &'a str,
    /// From where.
    pub origin: &'a str,
}

impl Action<'_> {
    /// The action as a line of the operator's log.
    pub fn line(&self, project: ProjectId) -> String {
        let Self { actor, action, resource, origin } = self;
        format!("audit: project {project}: {action} {resource:?} by {actor:?} from {origin:?}")
    }
}

/// Notes an action.
pub async fn note<P: Kv + Clock>(ports: &P, project: ProjectId, action: &Action<'_>) -> Result<(), StoreError> {
    let number = count(ports, project, 1).await?;
    let entry = Entry {
        number,
        at: ports.now().micros(),
        actor: action.actor.to_owned(),
        action: action.action.to_owned(),
        resource: action.resource.to_owned(),
        origin: action.origin.to_owned(),
    };
    save(ports, &key(project, number), &entry).await
}

/// The trail of a project, newest first.
pub async fn list(kv: &impl Kv, project: ProjectId) -> Result<Vec<Entry>, StoreError> {
    let last = count(kv, project, 0).await?;
    let mut entries: Vec<Entry> = Vec::new();
    for number in (last.saturating_sub(KEPT) + 1..=last).rev() {
        // A place may hold an older entry where the writer of this one died.
        entries.extend(load::<Entry>(kv, &key(project, number)).await?.filter(|entry| entry.number == number));
    }
    Ok(entries)
}

async fn count(kv: &impl Kv, project: ProjectId, by: i64) -> Result<u64, StoreError> {
    advance(kv, &format!("audit/{project}/next"), by).await
}

fn key(project: ProjectId, number: u64) -> String {
    format!("audit/{project}/{}", number % PLACES)
}
