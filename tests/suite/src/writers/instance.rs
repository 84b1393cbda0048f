//! An instance of a push function, on a real store.

use super::{QUOTAS, Shared, mix, with};
use cockpit_core::{
    ConfigError, Timestamp,
    memory::Shelf,
    ports::{Clock, Config, Kv, Log, Memory, Random, StoreError},
};
use cockpit_quota::Amount;
use std::{cell::Cell, rc::Rc};

/// One instance after another, of which each has a memory of its own.
pub(super) struct Instance<'l, K> {
    kv: K,
    ledger: &'l Shared,
    memory: Shelf,
    now: Cell<i64>,
    dice: Cell<u64>,
}

impl<'l, K: Kv> Instance<'l, K> {
    pub(super) fn new(kv: K, ledger: &'l Shared, seed: u64) -> Self {
        Self { kv, ledger, memory: Shelf::default(), now: Cell::new(0), dice: Cell::new(mix(seed)) }
    }

    /// Drops the instance with all it knows; the next one knows nothing.
    pub(super) fn restart(&mut self) {
        self.memory = Shelf::default();
    }

    /// Begins a push, which is of one moment, so that it is of one window.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.now.set(now.micros());
    }

    fn reads(&self) {
        with(self.ledger, |ledger| ledger.reads += 1);
    }

    fn writes(&self) {
        with(self.ledger, |ledger| ledger.writes += 1);
    }
}

impl<K: Kv> Kv for Instance<'_, K> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.reads();
        self.kv.get(key).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.writes();
        self.kv.set(key, value).await
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.writes();
        self.kv.delete(key).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.writes();
        if let Some(window) = key.strip_prefix("rate/").and_then(|rest| rest.rsplit('/').next()?.parse().ok()) {
            with(self.ledger, |ledger| {
                let leased = &mut ledger.window(window).leased;
                *leased = leased.plus(Amount::unpack(delta));
            });
        }
        self.kv.increment(key, delta).await
    }
}

impl<K> Config for Instance<'_, K> {
    async fn variable(&self, name: &str) -> Result<Option<String>, ConfigError> {
        Ok((name == "quotas").then(|| QUOTAS.to_owned()))
    }
}

impl<K> Clock for Instance<'_, K> {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.get())
    }
}

impl<K> Random for Instance<'_, K> {
    fn bytes(&self) -> [u8; 16] {
        self.dice.set(self.dice.get().wrapping_add(1));
        let low = u128::from(mix(self.dice.get()));
        (low << 64 | u128::from(mix(!self.dice.get()))).to_le_bytes()
    }
}

impl<K> Log for Instance<'_, K> {
    fn line(&self, line: &str) {
        panic!("{line}");
    }
}

impl<K> Memory for Instance<'_, K> {
    fn recall<T: Default + 'static>(&self) -> Rc<T> {
        self.memory.recall()
    }
}
