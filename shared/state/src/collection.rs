//! Entities of one kind, of one owner: created within a quota, listed without a scan, removed for good.
//!
//! `{kind}/{id}` alone decides whether an entity exists, and is written once. A creation leaves its pointer first and
//! the entity last, then looks whether it may stay: of creations that race for a name, or for the last free place, none
//! or one remains. Secrets are keys of their own, written once as well, before the entity, and removed before it. A
//! deletion says that it begins, then looks for secrets; whoever adds one looks for that when the secret works: one of
//! the two sees the other, wherever either of them dies.

mod removal;

use crate::{
    cockpits::{self, Cockpit},
    entity::{Birth, Creation, Entity},
    log::{Log, Pointer, Slot},
};
use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    project::ProjectId,
    record::{load, save},
    time::Timestamp,
};
use sha2::{Digest, Sha256};
use std::{cmp::Ordering, collections::HashSet, fmt::Display, marker::PhantomData};
use uuid::Uuid;

/// The hash of no secret. A pointer with it says that a deletion of the entity has begun.
const NO_SECRET: [u8; 32] = [0; 32];

/// The entities of one kind that one owner has.
pub(crate) struct Collection<'k, K, T> {
    kv: &'k K,
    log: Log<'k, K>,
    kind: PhantomData<T>,
}

impl<'k, K: Kv, T: Entity> Collection<'k, K, T> {
    /// The collection of an owner: a project, or the gateway.
    pub(crate) fn of(kv: &'k K, owner: impl Display) -> Self {
        Self { kv, log: Log::new(kv, format!("{}s/{owner}", T::KIND)), kind: PhantomData }
    }

    /// All of them, of whatever activation, oldest first.
    pub(crate) async fn all(&self) -> Result<Vec<T>, StoreError> {
        let mut entities = self.found(&self.log.slots().await?).await?;
        entities.sort_by_key(|entity| (entity.birth().at, entity.id()));
        Ok(entities)
    }

    /// The secrets that an entity was given, in the order in which it was; none if its deletion has begun, unless that
    /// call has certainly died.
    pub(crate) async fn secrets(&self, entity: &T, now: Timestamp) -> Result<Option<Vec<[u8; 32]>>, StoreError> {
        let slots = self.log.slots().await?;
        let mut own: Vec<_> = pointers(&slots).filter(|pointer| pointer.id == entity.id()).collect();
        if own.iter().any(|pointer| pointer.secret == NO_SECRET && !pointer.is_settled(now)) {
            return Ok(None);
        }
        own.retain(|pointer| pointer.secret != NO_SECRET);
        own.sort_by_key(|pointer| pointer.rank);
        own.dedup_by_key(|pointer| pointer.secret);
        Ok(Some(own.into_iter().map(|pointer| pointer.secret).collect()))
    }

    async fn found(&self, slots: &[Slot]) -> Result<Vec<T>, StoreError> {
        let mut entities = Vec::new();
        for id in ids(pointers(slots)) {
            entities.extend(find(self.kv, id).await?);
        }
        Ok(entities)
    }
}

impl<K: Kv + Clock, T: Entity> Collection<'_, K, T> {
    /// Adds one, if there is room for it in its activation and nothing there excludes it. Those whose time is over make
    /// room, and what earlier activations left; `forget` removes what others keep of them.
    pub(crate) async fn add(
        &self,
        entity: T,
        now: Timestamp,
        forget: impl AsyncFn(&T) -> Result<(), StoreError>,
    ) -> Result<Creation<T>, StoreError> {
        let slots = self.log.slots().await?;
        let (mut others, mut over) = (Vec::new(), Vec::new());
        for other in self.found(&slots).await? {
            let makes_room = match other.epoch().cmp(&entity.epoch()) {
                Ordering::Less => true,
                Ordering::Equal => other.is_over(self.kv, now).await?,
                Ordering::Greater => false,
            };
            if makes_room { over.push(other) } else { others.push(other) }
        }
        self.remove_with(&over, forget).await?;
        if let Some(refused) = refused(&entity, &others) {
            return Ok(refused);
        }
        self.sweep(&slots, &others, now).await?;
        self.log.append(pointer(&entity)).await?;
        entity.open(self.kv).await?;
        save(self.kv, &key::<T>(entity.id()), &entity).await?;
        self.settle(entity).await
    }

    /// Notes one more secret of an entity.
    pub(crate) async fn note(&self, entity: &T, secret: [u8; 32], now: Timestamp) -> Result<(), StoreError> {
        let slots = self.log.slots().await?;
        self.sweep(&slots, &self.found(&slots).await?, now).await?;
        let pointer = Pointer { secret, ..pointer(entity) };
        self.log.append(pointer).await
    }

    /// Looks once more at what there is now, and gives way where others came at the same time. It may have been found
    /// meanwhile, and been given more secrets. Where the others gave way as well, nobody is told that they are there.
    async fn settle(&self, entity: T) -> Result<Creation<T>, StoreError> {
        if self.refused(&entity).await?.is_none() {
            return Ok(Creation::Done(entity));
        }
        self.delete(&entity, nothing).await?;
        Ok(self.refused(&entity).await?.unwrap_or(Creation::GaveWay))
    }

    /// Why an entity may not be beside the others that are there now.
    async fn refused(&self, entity: &T) -> Result<Option<Creation<T>>, StoreError> {
        let mut others = self.all().await?;
        others.retain(|other| other.id() != entity.id());
        Ok(refused(entity, &others))
    }
}

/// Adds what is made for a Cockpit to its project's collection, unless that Cockpit ends.
pub(crate) async fn create<P: Kv + Clock, T: Entity>(
    ports: &P,
    project: ProjectId,
    cockpit: &Cockpit,
    id: [u8; 16],
    make: impl FnOnce(Birth) -> T,
) -> Result<Creation<T>, StoreError> {
    create_with(ports, project, cockpit, id, make, nothing).await
}

/// The same of what others keep something of: `forget` removes that of those that make room.
///
/// A deactivation lists what it must remove after it has marked the Cockpit. Either it saw our pointer, or we see its
/// mark here; in both cases nothing outlives its Cockpit.
pub(crate) async fn create_with<P: Kv + Clock, T: Entity>(
    ports: &P,
    project: ProjectId,
    cockpit: &Cockpit,
    id: [u8; 16],
    make: impl FnOnce(Birth) -> T,
    forget: impl AsyncFn(&T) -> Result<(), StoreError>,
) -> Result<Creation<T>, StoreError> {
    let collection = Collection::of(ports, project);
    let now = ports.now();
    let birth = Birth { id, project: *project.as_bytes(), epoch: cockpit.epoch(), at: now.micros() };
    let created = collection.add(make(birth), now, forget).await?;
    if let Creation::Done(entity) = &created
        && !cockpits::still_serves(ports, project, cockpit.epoch()).await?
    {
        collection.delete(entity, nothing).await?;
        return Ok(Creation::NoCockpit);
    }
    Ok(created)
}

/// All of a Cockpit's entities of a kind, oldest first.
pub(crate) async fn list<T: Entity>(kv: &impl Kv, project: ProjectId, cockpit: &Cockpit) -> Result<Vec<T>, StoreError> {
    let mut all: Vec<T> = Collection::of(kv, project).all().await?;
    all.retain(|entity| entity.epoch() == cockpit.epoch());
    Ok(all)
}

/// Removes entities of a project.
pub(crate) async fn delete<T: Entity>(kv: &impl Kv, project: ProjectId, entities: &[T]) -> Result<(), StoreError> {
    Collection::of(kv, project).remove(entities).await
}

/// The entity with this id, whosever it is, and whatever became of its Cockpit.
pub(crate) async fn find<T: Entity>(kv: &impl Kv, id: [u8; 16]) -> Result<Option<T>, StoreError> {
    load(kv, &key::<T>(id)).await
}

/// The entity of a Cockpit with this id, whosever it is. What a dead call left of one that has ended is not there.
pub(crate) async fn find_present<T: Entity>(kv: &impl Kv, id: [u8; 16]) -> Result<Option<T>, StoreError> {
    let Some(entity) = find::<T>(kv, id).await? else { return Ok(None) };
    let cockpit = cockpits::find(kv, entity.birth().project()).await?;
    Ok(cockpit.filter(|cockpit| cockpit.epoch() == entity.epoch()).map(|_| entity))
}

/// An id made of what an entity is called within its owner.
pub(crate) fn named(parts: &[&[u8]]) -> [u8; 16] {
    let digest = parts.iter().fold(Sha256::new(), |hash, part| {
        hash.chain_update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes()).chain_update(part)
    });
    digest.finalize().first_chunk().copied().unwrap_or_default()
}

/// What is to be forgotten of what nobody else keeps anything of.
pub(crate) async fn nothing<T>(_entity: &T) -> Result<(), StoreError> {
    Ok(())
}

/// Why an entity may not be beside these others, as far as they belong to the same activation.
fn refused<T: Entity>(entity: &T, others: &[T]) -> Option<Creation<T>> {
    let beside = || others.iter().filter(|other| other.epoch() == entity.epoch());
    if beside().any(|other| entity.excludes(other)) {
        return Some(Creation::Taken);
    }
    let count = beside().count();
    (count >= T::MOST).then_some(Creation::Full(count))
}

fn pointers(slots: &[Slot]) -> impl Iterator<Item = &Pointer> {
    slots.iter().filter_map(|slot| slot.pointer.as_ref())
}

/// What these pointers lead to, each once.
fn ids<'p>(pointers: impl Iterator<Item = &'p Pointer>) -> impl Iterator<Item = [u8; 16]> {
    let mut seen = HashSet::new();
    pointers.map(|pointer| pointer.id).filter(move |id| seen.insert(*id))
}

/// The pointer to an entity, to be added to the log.
fn pointer<T: Entity>(entity: &T) -> Pointer {
    Pointer { id: entity.id(), secret: entity.secret(), epoch: entity.epoch(), written_at: 0, rank: 0 }
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
