//! A key-value store in memory that counts its operations and fails on demand.

use cockpit_core::ports::{Kv, StoreError};
use futures_lite::future::yield_now;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

/// How many operations a store has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// Gets.
    pub reads: u64,
    /// Sets, deletes and increments: each a durable transaction on a real store.
    pub writes: u64,
}

/// How long a store lasts.
#[derive(Clone, Copy, Debug, Default)]
enum Life {
    #[default]
    Endless,
    /// So many operations more.
    Operations(u64),
    /// Until a change would be one more than so many.
    Changes(u64),
}

/// A store in memory. It yields before each operation, so that concurrent tasks really interleave.
#[derive(Debug, Default)]
pub struct MemoryKv {
    values: RefCell<BTreeMap<String, Vec<u8>>>,
    operations: Cell<Operations>,
    life: Cell<Life>,
}

impl MemoryKv {
    /// Lets this many more operations succeed and fails every later one; `None` mends the store.
    pub fn fail_after(&self, operations: impl Into<Option<u64>>) {
        self.life.set(operations.into().map_or(Life::Endless, Life::Operations));
    }

    /// Lets this many more changes be made, and fails from the next on, as for a process that is killed between two
    /// of them; `None` mends the store.
    pub fn die_after(&self, changes: impl Into<Option<u64>>) {
        self.life.set(changes.into().map_or(Life::Endless, Life::Changes));
    }

    /// What it has seen since the last call.
    pub fn take_operations(&self) -> Operations {
        self.operations.take()
    }

    /// The keys it holds.
    pub fn keys(&self) -> Vec<String> {
        self.values.borrow().keys().cloned().collect()
    }

    async fn step(&self, reads: u64, writes: u64, changes: bool) -> Result<(), StoreError> {
        yield_now().await;
        let seen = self.operations.get();
        self.operations.set(Operations { reads: seen.reads + reads, writes: seen.writes + writes });
        let life = match self.life.get() {
            Life::Operations(left) => left.checked_sub(1).map(Life::Operations),
            Life::Changes(left) if changes => left.checked_sub(1).map(Life::Changes),
            life => Some(life),
        };
        self.life.set(life.unwrap_or(Life::Operations(0)));
        life.map(|_| ()).ok_or_else(|| StoreError("the test says so".into()))
    }
}

impl Kv for MemoryKv {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.step(1, 0, false).await?;
        Ok(self.values.borrow().get(key).cloned())
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.step(0, 1, true).await?;
        self.values.borrow_mut().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.step(0, 1, true).await?;
        self.values.borrow_mut().remove(key);
        Ok(())
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.step(0, 1, delta != 0).await?;
        let mut values = self.values.borrow_mut();
        let value = match values.get(key) {
            Some(bytes) => {
                i64::from_le_bytes(bytes.as_slice().try_into().map_err(|_| StoreError(format!("{key} is no counter")))?)
            }
            None => 0,
        };
        let value = value.wrapping_add(delta);
        values.insert(key.to_owned(), value.to_le_bytes().to_vec());
        Ok(value)
    }
}
