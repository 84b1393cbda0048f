//! Hosts: nodes that keep instances as Spin does, and what an instance is given.

use crate::{
    store::Store,
    world::{Micros, Runner, SECOND, World},
};
use cockpit_core::{
    ConfigError, Timestamp,
    memory::Shelf,
    ports::{Clock, Config, Kv, Log, Memory, Random, StoreError},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// How a host reuses instances; Spin's defaults are 128, 16 and a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reuse {
    /// Pushes in an instance's life.
    pub(crate) pushes: u64,
    /// Pushes at the same time.
    pub(crate) at_once: u64,
    /// How long an instance waits for the next one.
    pub(crate) idle: Micros,
}

impl Reuse {
    pub(crate) const SPIN: Self = Self { pushes: 128, at_once: 16, idle: SECOND };
    /// `--max-instance-reuse-count 65536 --idle-instance-timeout 60s`
    pub(crate) const LONG: Self = Self { pushes: 1 << 16, at_once: 16, idle: 60 * SECOND };
}

/// A machine.
pub(crate) struct Node {
    pub(crate) place: usize,
    /// How far its clock is ahead.
    pub(crate) skew: i64,
    instances: RefCell<Vec<Rc<Instance>>>,
}

/// An instance of the push function.
#[derive(Debug, Default)]
pub(crate) struct Instance {
    memory: Shelf,
    served: Cell<u64>,
    in_flight: Cell<u64>,
    rested_at: Cell<Micros>,
    kept: Cell<Option<(usize, Micros)>>,
    crashed: Cell<bool>,
}

impl Runner for Instance {
    fn is_kept_by(&self) -> Option<(usize, Micros)> {
        self.kept.get()
    }

    fn is_alive(&self) -> bool {
        !self.crashed.get()
    }
}

impl Node {
    pub(crate) fn new(place: usize, skew: i64) -> Self {
        Self { place, skew, instances: RefCell::default() }
    }

    /// An instance that takes one more push, as Spin chooses it.
    pub(crate) fn instance(&self, reuse: &Reuse, now: Micros) -> Rc<Instance> {
        let mut instances = self.instances.borrow_mut();
        instances.retain(|instance| instance.lives(reuse, now));
        let free = instances.iter().find(|instance| instance.takes(reuse)).cloned();
        let instance = free.unwrap_or_else(|| {
            instances.push(Rc::default());
            Rc::clone(&instances[instances.len() - 1])
        });
        instance.served.set(instance.served.get() + 1);
        instance.in_flight.set(instance.in_flight.get() + 1);
        instance
    }
}

impl Instance {
    fn takes(&self, reuse: &Reuse) -> bool {
        self.served.get() < reuse.pushes && self.in_flight.get() < reuse.at_once
    }

    fn lives(&self, reuse: &Reuse, now: Micros) -> bool {
        let busy = self.in_flight.get() > 0;
        let rested = now.saturating_sub(self.rested_at.get()) > reuse.idle;
        self.is_alive() && (busy || (self.served.get() < reuse.pushes && !rested))
    }

    /// Notes the end of a push.
    pub(crate) fn rest(&self, now: Micros) {
        self.in_flight.set(self.in_flight.get() - 1);
        self.rested_at.set(now);
    }

    /// Ends it with all that it is doing, as a trap does.
    pub(crate) fn crash(&self) {
        self.crashed.set(true);
    }
}

/// What an instance is given while it serves a push.
pub(crate) struct Ports {
    pub(crate) world: Rc<World>,
    pub(crate) store: Rc<Store>,
    pub(crate) node: Rc<Node>,
    pub(crate) instance: Rc<Instance>,
    pub(crate) quotas: Rc<str>,
}

impl Ports {
    /// Waits for the store, and does nothing else meanwhile: components call it synchronously.
    async fn operate<T>(&self, far: bool, operation: impl FnOnce(Micros) -> T) -> Result<T, StoreError> {
        let (dice, plan) = (&self.world.dice, &self.store.plan);
        let time = dice.around(plan.near) + if far { dice.around(plan.far) } else { 0 };
        self.instance.kept.set(Some((self.world.running(), self.world.now() + time)));
        self.world.sleep(time / 2).await;
        let failed = dice.once_in(plan.fails);
        let result = if failed { Err(StoreError("by chance".into())) } else { Ok(operation(self.world.now())) };
        self.world.sleep(time - time / 2).await;
        self.instance.kept.set(None);
        result
    }
}

impl Kv for Ports {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.operate(false, |now| self.store.get(self.node.place, now, key)).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let set = |now| self.store.set(self.node.place, now, &self.world.dice, key, Some(value));
        self.operate(false, set).await
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.operate(false, |now| self.store.set(self.node.place, now, &self.world.dice, key, None)).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        let far = self.store.counters(self.node.place) != self.node.place;
        self.operate(far, |now| self.store.increment(self.node.place, now, &self.world.dice, key, delta)).await
    }
}

impl Config for Ports {
    async fn variable(&self, name: &str) -> Result<Option<String>, ConfigError> {
        let places = self.store.plan.places;
        Ok(match name {
            "quotas" => Some(self.quotas.to_string()),
            "locations" if places > 1 => {
                let others = (0..places).filter(|place| *place != self.node.place);
                let all: Vec<_> =
                    std::iter::once(self.node.place).chain(others).map(|place| place.to_string()).collect();
                Some(all.join(" "))
            }
            _ => None,
        })
    }
}

impl Clock for Ports {
    fn now(&self) -> Timestamp {
        let now = i64::try_from(self.world.now()).unwrap_or(i64::MAX);
        Timestamp::from_micros(now.saturating_add(self.node.skew))
    }
}

impl Random for Ports {
    fn bytes(&self) -> [u8; 16] {
        let (high, low) = (u128::from(self.world.dice.roll()), u128::from(self.world.dice.roll()));
        (high << 64 | low).to_le_bytes()
    }
}

impl Log for Ports {
    fn line(&self, _: &str) {}
}

impl Memory for Ports {
    fn recall<T: Default + 'static>(&self) -> Rc<T> {
        self.instance.memory.recall()
    }
}
