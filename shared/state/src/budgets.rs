//! Budgets: limits below a Cockpit's own, for the series and streams with certain labels. A project has one at most for
//! the same labels.
//!
//! Its limits are a key of their own, so that changing them cannot bring a budget back that is removed meanwhile.

use crate::{
    Cockpit, collection,
    entity::{Birth, Creation, Entity},
};
use cockpit_core::{
    ports::{Clock, Kv, Random, StoreError},
    project::ProjectId,
    record::{self, Record, advance, load, save},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use uuid::Uuid;

/// The most budgets of a project.
pub const MOST: usize = 20;

/// Budgets have so many numbers, which are given again after all others: whoever keeps things by them can find all.
const NUMBERS: u64 = 256;

/// A change is tried so often: others may set or remove the same budget at the same moment.
const ATTEMPTS: usize = 4;

/// A budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    birth: Birth,
    /// Its number in the project.
    pub number: u64,
    /// The labels of what it limits, sorted by name.
    pub labels: Vec<(String, String)>,
    limits: Limits,
}

/// What a budget allows; `None` where it limits nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// How many series may be active.
    pub series: Option<u64>,
    /// How many streams may be active.
    pub streams: Option<u64>,
}

impl Record for Budget {
    const WHAT: &'static str = "a budget";
    const VERSION: u8 = 1;
}

impl Record for Limits {
    const WHAT: &'static str = "a budget's limits";
    const VERSION: u8 = 1;
}

impl Entity for Budget {
    const KIND: &'static str = "budget";
    const MOST: usize = MOST;

    fn birth(&self) -> Birth {
        self.birth
    }

    /// One that limits nothing is being removed, or the call that was to died.
    async fn is_over(&self, kv: &impl Kv, _now: Timestamp) -> Result<bool, StoreError> {
        Ok(kv.get(&limits_key(self.id())).await?.is_none())
    }

    fn excludes(&self, other: &Self) -> bool {
        self.labels == other.labels
    }

    async fn open(&self, kv: &impl Kv) -> Result<(), StoreError> {
        save(kv, &limits_key(self.id()), &self.limits).await
    }

    async fn bury(kv: &impl Kv, id: [u8; 16]) -> Result<(), StoreError> {
        record::drop(kv, &limits_key(id)).await
    }
}

/// Sets the budget for these labels, whether there is one or not.
pub async fn set<P: Kv + Clock + Random>(
    ports: &P,
    project: ProjectId,
    cockpit: &Cockpit,
    labels: &[(String, String)],
    limits: Limits,
) -> Result<Creation<()>, StoreError> {
    for _ in 0..ATTEMPTS {
        let all: Vec<_> = list(ports, project, cockpit).await?.into_iter().map(|(budget, _)| budget).collect();
        if let Some(budget) = all.iter().find(|budget| budget.labels == labels) {
            if change(ports, budget, limits).await? {
                return Ok(Creation::Done(()));
            }
            continue;
        }
        match create(ports, project, cockpit, &all, labels, limits).await? {
            Creation::Taken | Creation::GaveWay => {}
            Creation::Done(_) => return Ok(Creation::Done(())),
            Creation::Full(most) => return Ok(Creation::Full(most)),
            Creation::NoCockpit => return Ok(Creation::NoCockpit),
        }
    }
    Err(StoreError(format!("a budget of {project} is being changed by too many at once")))
}

async fn create<P: Kv + Clock + Random>(
    ports: &P,
    project: ProjectId,
    cockpit: &Cockpit,
    others: &[Budget],
    labels: &[(String, String)],
    limits: Limits,
) -> Result<Creation<Budget>, StoreError> {
    let number = free_number(ports, project, others).await?;
    let make = |birth| Budget { birth, number, labels: labels.to_vec(), limits };
    collection::create(ports, project, cockpit, ports.bytes(), make).await
}

/// The next number that none of these budgets has.
async fn free_number(kv: &impl Kv, project: ProjectId, others: &[Budget]) -> Result<u64, StoreError> {
    loop {
        let number = advance(kv, &numbers_key(project), 1).await?.saturating_sub(1) % NUMBERS;
        if others.iter().all(|other| other.number != number) {
            return Ok(number);
        }
    }
}

/// The numbers that budgets of a project ever had.
pub async fn numbers(kv: &impl Kv, project: ProjectId) -> Result<Range<u64>, StoreError> {
    Ok(0..advance(kv, &numbers_key(project), 0).await?.min(NUMBERS))
}

/// Changes what a budget allows; says whether it was still there.
async fn change(kv: &impl Kv, budget: &Budget, limits: Limits) -> Result<bool, StoreError> {
    save(kv, &limits_key(budget.id()), &limits).await?;
    let there = collection::find::<Budget>(kv, budget.id()).await?.is_some();
    if !there {
        record::drop(kv, &limits_key(budget.id())).await?;
    }
    Ok(there)
}

/// A Cockpit's budgets, oldest first, with what they allow.
pub async fn list(kv: &impl Kv, project: ProjectId, cockpit: &Cockpit) -> Result<Vec<(Budget, Limits)>, StoreError> {
    let mut listed = Vec::new();
    for budget in collection::list::<Budget>(kv, project, cockpit).await? {
        // One that is being removed has none.
        if let Some(limits) = load(kv, &limits_key(budget.id())).await? {
            listed.push((budget, limits));
        }
    }
    Ok(listed)
}

/// The budget for these labels, even if it is being removed.
pub async fn find(
    kv: &impl Kv,
    project: ProjectId,
    cockpit: &Cockpit,
    labels: &[(String, String)],
) -> Result<Option<Budget>, StoreError> {
    let all: Vec<Budget> = collection::list(kv, project, cockpit).await?;
    Ok(all.into_iter().find(|budget| budget.labels == labels))
}

/// Has a budget limit nothing any more: it is not listed, and goes when it is removed or the next one is set.
pub async fn disarm(kv: &impl Kv, budget: &Budget) -> Result<(), StoreError> {
    record::drop(kv, &limits_key(budget.id())).await
}

/// Removes a budget.
pub async fn delete(kv: &impl Kv, budget: &Budget) -> Result<(), StoreError> {
    collection::delete(kv, budget.birth.project(), std::slice::from_ref(budget)).await
}

fn numbers_key(project: ProjectId) -> String {
    format!("budgets/{project}/numbers")
}

fn limits_key(id: [u8; 16]) -> String {
    format!("budget-limits/{}", Uuid::from_bytes(id))
}
