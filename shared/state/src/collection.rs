//! Entities of one kind, of one owner: created within a quota, listed without a scan, removed for good.
//!
//! `{kind}/{id}` alone decides whether an entity exists. A creation leaves its pointer first and the entity last, then
//! looks whether it may stay: of creations that race for a name, or for the last free place, none or one remains. A
//! secret is a key of its own, written before the entity and removed before it.

use crate::{
    cockpits::{self, Cockpit},
    log::{Log, Pointer, Slot},
    record::{Record, load, save},
};
use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    project::ProjectId,
    time::Timestamp,
};
use sha2::{Digest, Sha256};
use std::{collections::HashSet, marker::PhantomData};
use uuid::Uuid;

/// A kind of entity.
pub(crate) trait Entity: Record + Clone {
    /// The first part of its keys, such as `token`.
    const KIND: &'static str;
    /// How many an owner may have.
    const MOST: usize;

    /// Its id, among all of its kind.
    fn id(&self) -> [u8; 16];
    /// When it was created, in microseconds.
    fn created_at(&self) -> i64;
    /// Whether it and another cannot both be.
    fn excludes(&self, _other: &Self) -> bool {
        false
    }
    /// Whether its time is over, so that the next creation removes it.
    fn is_over(&self, _now: Timestamp) -> bool {
        false
    }
    /// The hash of its secret, if it has one.
    fn secret(&self) -> [u8; 32] {
        [0; 32]
    }
    /// Makes its secret work.
    async fn open(&self, _kv: &impl Kv) -> Result<(), StoreError> {
        Ok(())
    }
    /// Removes its secret and everything else that goes with it.
    async fn strip(_kv: &impl Kv, _pointer: &Pointer) -> Result<(), StoreError> {
        Ok(())
    }
}

/// What a creation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Creation<T> {
    /// It is there.
    Done(T),
    /// The project has no active Cockpit, or lost it meanwhile.
    NoCockpit,
    /// There are as many as there may be: this many.
    Full(usize),
    /// Another one has its name.
    Taken,
}

impl<T> Creation<T> {
    /// What was created, if it was.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(entity) => Some(entity),
            Self::NoCockpit | Self::Full(_) | Self::Taken => None,
        }
    }
}

/// The entities of one kind that one owner has.
pub(crate) struct Collection<'k, K, T> {
    kv: &'k K,
    log: Log<'k, K>,
    kind: PhantomData<T>,
}

impl<'k, K: Kv, T: Entity> Collection<'k, K, T> {
    /// The collection of an owner, such as a project.
    pub(crate) fn of(kv: &'k K, owner: impl std::fmt::Display) -> Self {
        Self { kv, log: Log::new(kv, format!("{}s/{owner}", T::KIND)), kind: PhantomData }
    }

    /// All of them, oldest first.
    pub(crate) async fn all(&self) -> Result<Vec<T>, StoreError> {
        let slots = self.log.slots().await?;
        let mut entities = self.alive(&slots).await?;
        entities.sort_by_key(|entity| (entity.created_at(), entity.id()));
        Ok(entities)
    }

    /// Adds one, if there is room for it and nothing excludes it. One that is there already is left as it is.
    pub(crate) async fn add(&self, entity: T, now: Timestamp) -> Result<Creation<T>, StoreError> {
        let slots = self.log.slots().await?;
        let mut others = self.alive(&slots).await?;
        for over in others.extract_if(.., |other| other.is_over(now)) {
            self.remove(&over).await?;
        }
        if let Some(same) = others.iter().find(|other| other.id() == entity.id()) {
            return Ok(Creation::Done(same.clone()));
        }
        if let Some(refused) = refused(&entity, &others, T::MOST.saturating_sub(1)) {
            return Ok(refused);
        }
        self.sweep(&slots, &others, now).await?;
        self.log.append(&pointer(&entity)).await?;
        entity.open(self.kv).await?;
        save(self.kv, &key::<T>(entity.id()), &entity).await?;
        self.settle(entity).await
    }

    /// Removes one. What goes with it goes first, so that a secret is dead even if the call dies here; and again at
    /// the end, because a call that was under way may have added to it.
    pub(crate) async fn remove(&self, entity: &T) -> Result<(), StoreError> {
        remove(self.kv, entity).await
    }

    /// Removes all of them, and what crashed creations left.
    pub(crate) async fn clear(&self) -> Result<(), StoreError> {
        let slots = self.log.slots().await?;
        for pointer in slots.iter().filter_map(|slot| slot.pointer.as_ref()) {
            match find::<T>(self.kv, pointer.id).await? {
                Some(entity) => self.remove(&entity).await?,
                None => T::strip(self.kv, pointer).await?,
            }
        }
        self.log.clear(&slots).await
    }

    /// Looks once more at what there is now, and gives way where others came at the same time.
    async fn settle(&self, entity: T) -> Result<Creation<T>, StoreError> {
        let mut others = self.all().await?;
        others.retain(|other| other.id() != entity.id());
        let Some(refused) = refused(&entity, &others, T::MOST.saturating_sub(1)) else {
            return Ok(Creation::Done(entity));
        };
        self.remove(&entity).await?;
        Ok(refused)
    }

    /// Keeps the log short. Costs one read per number of it, on creations only.
    async fn sweep(&self, slots: &[Slot], alive: &[T], now: Timestamp) -> Result<(), StoreError> {
        let alive: HashSet<_> = alive.iter().map(T::id).collect();
        let strip = async |pointer: &Pointer| T::strip(self.kv, pointer).await;
        self.log.sweep(slots, now, |pointer| alive.contains(&pointer.id), strip).await
    }

    async fn alive(&self, slots: &[Slot]) -> Result<Vec<T>, StoreError> {
        let mut seen = HashSet::new();
        let mut entities = Vec::new();
        for pointer in slots.iter().filter_map(|slot| slot.pointer.as_ref()) {
            if seen.insert(pointer.id) {
                entities.extend(find(self.kv, pointer.id).await?);
            }
        }
        Ok(entities)
    }
}

/// Adds an entity to a project's collection, unless its Cockpit is gone, or goes meanwhile.
///
/// A deactivation lists what it must remove after it has marked the Cockpit. Either it saw our pointer, or we see its
/// mark here; in both cases nothing outlives its Cockpit.
pub(crate) async fn create<P: Kv + Clock, T: Entity>(
    ports: &P,
    project: ProjectId,
    entity: T,
) -> Result<Creation<T>, StoreError> {
    let Some(before) = cockpits::find(ports, project).await? else { return Ok(Creation::NoCockpit) };
    let collection = Collection::<_, T>::of(ports, project);
    let created = collection.add(entity, ports.now()).await?;
    if let Creation::Done(entity) = &created
        && !still_serves(ports, project, &before).await?
    {
        collection.remove(entity).await?;
        return Ok(Creation::NoCockpit);
    }
    Ok(created)
}

/// Whether the activation that was seen before is the one that serves now.
pub(crate) async fn still_serves(kv: &impl Kv, project: ProjectId, before: &Cockpit) -> Result<bool, StoreError> {
    Ok(cockpits::find(kv, project).await?.is_some_and(|now| now.serves_as(before)))
}

/// The entity with this id, whosever it is.
pub(crate) async fn find<T: Entity>(kv: &impl Kv, id: [u8; 16]) -> Result<Option<T>, StoreError> {
    load(kv, &key::<T>(id)).await
}

/// Removes an entity; see [`Collection::remove`].
pub(crate) async fn remove<T: Entity>(kv: &impl Kv, entity: &T) -> Result<(), StoreError> {
    T::strip(kv, &pointer(entity)).await?;
    kv.delete(&key::<T>(entity.id())).await?;
    T::strip(kv, &pointer(entity)).await
}

/// An id made of what an entity is called within its owner.
pub(crate) fn named(owner: &[u8], name: &[u8]) -> [u8; 16] {
    let digest = Sha256::new().chain_update(owner).chain_update([0]).chain_update(name).finalize();
    digest.first_chunk().copied().unwrap_or_default()
}

/// Why an entity may not be beside these others, of which there may be so many.
fn refused<T: Entity>(entity: &T, others: &[T], most: usize) -> Option<Creation<T>> {
    if others.iter().any(|other| entity.excludes(other)) {
        return Some(Creation::Taken);
    }
    (others.len() > most).then_some(Creation::Full(others.len()))
}

fn pointer<T: Entity>(entity: &T) -> Pointer {
    Pointer { id: entity.id(), secret: entity.secret(), written_at: entity.created_at() }
}

fn key<T: Entity>(id: [u8; 16]) -> String {
    format!("{}/{}", T::KIND, Uuid::from_bytes(id))
}

/// The key of a secret's hash, below this prefix.
pub(crate) fn hash_key(prefix: &str, hash: [u8; 32]) -> String {
    let mut key = String::with_capacity(prefix.len() + 65);
    key.push_str(prefix);
    key.push('/');
    for byte in hash {
        key.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('0')));
    }
    key
}
