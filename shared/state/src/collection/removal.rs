//! What removes entities, and what is left of them.

use super::{Collection, NO_SECRET, ids, key, nothing, pointer, pointers};
use crate::{
    entity::Entity,
    log::{Pointer, Slot, Use},
};
use cockpit_core::{
    ports::{Clock, Kv, StoreError},
    record::{self, salvage},
    time::Timestamp,
};
use std::collections::{HashMap, HashSet};

impl<K: Kv, T: Entity> Collection<'_, K, T> {
    /// Removes some of them.
    pub(crate) async fn remove(&self, entities: &[T]) -> Result<(), StoreError> {
        self.remove_with(entities, nothing).await
    }

    /// Removes some of them. What goes with them goes first, so that a secret is dead even if the call dies here; then
    /// `forget` removes what others keep of each, and it is gone, so that the next call goes on with those that are left;
    /// and what was added meanwhile goes when they are gone.
    pub(crate) async fn remove_with(
        &self,
        entities: &[T],
        forget: impl AsyncFn(&T) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if entities.is_empty() {
            return Ok(());
        }
        self.strip(entities).await?;
        for entity in entities {
            forget(entity).await?;
            self.kv.delete(&key::<T>(entity.id())).await?;
        }
        self.strip(entities).await
    }

    /// Removes what belongs to an activation or an earlier one, and what creations left there that died. `forget` removes
    /// what others keep of each.
    pub(crate) async fn clear(
        &self,
        epoch: u64,
        now: Timestamp,
        forget: impl AsyncFn(&T) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let slots = self.log.slots().await?;
        let over = || pointers(&slots).filter(|pointer| pointer.epoch <= epoch);
        let mut entities = Vec::new();
        for id in ids(over()) {
            // One that cannot be read keeps no other: its pointers tell what goes with it.
            entities.extend(salvage::<T>(self.kv, &key::<T>(id)).await?);
        }
        self.remove_with(&entities, forget).await?;
        let removed: HashSet<_> = entities.iter().map(|entity| (entity.id(), entity.secret())).collect();
        let is_removed = |pointer: &Pointer| removed.contains(&(pointer.id, pointer.secret));
        for pointer in over().filter(|pointer| !is_removed(pointer)) {
            T::shut(self.kv, pointer.secret).await?;
            T::bury(self.kv, pointer.id).await?;
            record::drop(self.kv, &key::<T>(pointer.id)).await?;
        }
        // A creation or a rotation may be under way that has not written yet what its pointer leads to. It looks, and
        // undoes what it did; and if it dies before, the pointer is what is left to find that by.
        let is_over = |pointer: &Pointer| pointer.epoch <= epoch && (is_removed(pointer) || pointer.is_settled(now));
        self.log.forget(&slots, now, is_over).await
    }

    /// Removes what goes with some of them, secrets above all.
    async fn strip(&self, entities: &[T]) -> Result<(), StoreError> {
        let ids: HashSet<_> = entities.iter().map(T::id).collect();
        let slots = self.log.slots().await?;
        let noted = pointers(&slots).filter(|pointer| ids.contains(&pointer.id)).map(|pointer| pointer.secret);
        let secrets: HashSet<_> = entities.iter().map(T::secret).chain(noted).collect();
        for secret in secrets {
            T::shut(self.kv, secret).await?;
        }
        for id in ids {
            T::bury(self.kv, id).await?;
        }
        Ok(())
    }
}

impl<K: Kv + Clock, T: Entity> Collection<'_, K, T> {
    /// Removes an entity to which secrets may be added meanwhile.
    pub(crate) async fn delete(
        &self,
        entity: &T,
        forget: impl AsyncFn(&T) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let begun = Pointer { secret: NO_SECRET, ..pointer(entity) };
        self.log.append(begun).await?;
        self.remove_with(std::slice::from_ref(entity), forget).await
    }

    /// Keeps the log short. The first pointer of an entity leads to it for as long as it is there, whether or not a secret
    /// of it still works: without that nobody would find what a deletion that died has left.
    pub(super) async fn sweep(&self, slots: &[Slot], alive: &[T], now: Timestamp) -> Result<(), StoreError> {
        let alive: HashMap<_, _> = alive.iter().map(|entity| (entity.id(), entity.secret())).collect();
        let used = async |pointer: &Pointer| {
            let first = alive.get(&pointer.id);
            if first == Some(&pointer.secret) || (first.is_some() && T::works(self.kv, pointer.secret).await?) {
                return Ok(Use::Live);
            }
            T::shut(self.kv, pointer.secret).await?;
            if first.is_none() {
                T::bury(self.kv, pointer.id).await?;
            }
            Ok(Use::Dead)
        };
        self.log.sweep(slots, now, used).await
    }
}
