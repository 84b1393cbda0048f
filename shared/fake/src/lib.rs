//! Test doubles of the ports, and the contract that every key-value store must keep.
//!
//! A development dependency only. [`Fake`] is a whole host in memory; [`contract`] runs on it and on the
//! real stores alike, because a fake that nobody compares with the host is a rumour.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test double may stop the test")]

pub mod contract;
mod kv;
mod upstream;

pub use kv::{MemoryKv, Operations};
pub use upstream::{FakeUpstream, Sent};

use bytes::Bytes;
use cockpit_core::{
    Body, BodyError, Outbound, Timestamp,
    memory::Shelf,
    ports::{Clock, Config, ConfigError, Kv, Log, Memory, Random, StoreError, Timer, Upstream, UpstreamError},
};
use http::Response;
use http_body::Frame;
use http_body_util::StreamBody;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    pin::Pin,
    rc::Rc,
    time::Duration,
};

use futures_lite::StreamExt;
pub use futures_lite::future::{yield_now, zip as both};

/// Runs a future to its end on this thread.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    futures_lite::future::block_on(future)
}

/// Runs a future that waits for pauses and the store only, and stops the test if it waits for something else, for ever.
pub fn run_soon<T>(future: impl Future<Output = T>) -> T {
    const ENOUGH: usize = 99;
    let mut future = std::pin::pin!(future);
    (0..ENOUGH).find_map(|_| step(&mut future)).unwrap()
}

/// Runs `first` up to its so many-th operation of the store, then all of `second`, then the rest of `first`: a process
/// that was paused there. `None` if `first` ended before; then `second` has not run.
pub fn paused<A, B>(
    first: impl Future<Output = A>,
    operations: usize,
    second: impl Future<Output = B>,
) -> Option<(A, B)> {
    let mut first = std::pin::pin!(first);
    for _ in 0..=operations {
        if step(&mut first).is_some() {
            return None;
        }
    }
    let second = run(second);
    Some((run(first), second))
}

/// Numbers that look random, and repeat.
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below this.
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// Lets a call go on to its next operation of the store; what it came to if it is over.
pub fn step<A>(call: &mut (impl Future<Output = A> + Unpin)) -> Option<A> {
    run(futures_lite::future::poll_once(call))
}

/// Starts a call, and lets it go on up to its so many-th operation of the store.
pub fn begin<A>(call: &mut Pin<&mut impl Future<Output = A>>, operations: usize) {
    for _ in 0..=operations {
        assert!(step(call).is_none(), "it ended before");
    }
}

/// Lets a call go on, one operation of the store after another, until this is so; it stops the test if the call ends before.
pub fn go_on_until<A>(call: &mut Pin<&mut impl Future<Output = A>>, is_so: impl Fn() -> bool) {
    while !is_so() {
        assert!(step(call).is_none(), "it ended before");
    }
}

/// Pauses `first` after each of its operations in turn, for all of `second`, and looks at what is left each time.
pub fn at_every_pause<A, B>(
    world: impl Fn() -> Fake,
    first: impl AsyncFn(&Fake) -> A,
    second: impl AsyncFn(&Fake) -> B,
    look: impl Fn(&Fake, A, B),
) {
    for operations in 1.. {
        let fake = world();
        let Some((a, b)) = paused(first(&fake), operations, second(&fake)) else {
            assert!(operations > 3);
            return;
        };
        look(&fake, a, b);
    }
}

/// A body that arrives in these pieces, without a known length.
pub fn streaming(pieces: &'static [&'static str]) -> Body {
    let frames = pieces.iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes()))));
    Body::stream(StreamBody::new(futures_lite::stream::iter(frames)))
}

/// A body of which this piece arrives, and then nothing more.
pub fn interrupted(piece: &'static str) -> Body {
    let frames = [Ok(Frame::data(Bytes::from_static(piece.as_bytes()))), Err(BodyError("the test says so".into()))];
    Body::stream(StreamBody::new(futures_lite::stream::iter(frames)))
}

/// A body of which this piece arrives, and of which nobody knows what becomes.
pub fn stalled(piece: &'static str) -> Body {
    let first = futures_lite::stream::iter([Ok(Frame::data(Bytes::from_static(piece.as_bytes())))]);
    Body::stream(StreamBody::new(first.chain(futures_lite::stream::pending())))
}

/// A host in memory, with a clock that only tests and pauses move and randomness that repeats. Clones are the same host.
#[derive(Clone, Debug, Default)]
pub struct Fake {
    /// The store.
    pub kv: Rc<MemoryKv>,
    /// The backends.
    pub upstream: Rc<FakeUpstream>,
    /// The variables.
    pub variables: Rc<RefCell<BTreeMap<&'static str, String>>>,
    /// The clock, in microseconds.
    pub micros: Rc<Cell<i64>>,
    /// What was logged.
    pub logged: Rc<RefCell<Vec<String>>>,
    /// What its one instance remembers.
    pub memory: Rc<RefCell<Shelf>>,
    random: Rc<Cell<u128>>,
}

impl Fake {
    /// A host with these variables, at a moment in 2023.
    pub fn new(variables: &[(&'static str, &str)]) -> Self {
        let fake = Self::default();
        fake.micros.set(1_699_565_000_165_521);
        fake.variables.borrow_mut().extend(variables.iter().map(|(name, value)| (*name, (*value).to_owned())));
        fake
    }

    /// Drops the instance, as hosts do, and with it all that it remembers.
    pub fn forget(&self) {
        self.memory.take();
    }

    /// Lets this many seconds pass.
    pub fn pass(&self, seconds: i64) {
        self.micros.set(self.micros.get() + seconds * 1_000_000);
    }
}

impl Kv for Fake {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.kv.get(key).await
    }
    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.kv.set(key, value).await
    }
    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.kv.delete(key).await
    }
    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.kv.increment(key, delta).await
    }
}

impl Config for Fake {
    async fn variable(&self, name: &str) -> Result<Option<String>, ConfigError> {
        Ok(self.variables.borrow().get(name).cloned())
    }
}

impl Clock for Fake {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.get())
    }
}

impl Timer for Fake {
    async fn pause(&self, duration: Duration) {
        self.micros.set(self.micros.get() + i64::try_from(duration.as_micros()).unwrap());
        yield_now().await;
    }
}

impl Random for Fake {
    fn bytes(&self) -> [u8; 16] {
        let next = self.random.get().wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).wrapping_add(1);
        self.random.set(next);
        (next ^ (next >> 64)).to_le_bytes()
    }
}

impl Upstream for Fake {
    async fn send(&self, request: Outbound) -> Result<Response<Body>, UpstreamError> {
        self.upstream.send(request).await
    }
}

impl Log for Fake {
    fn line(&self, line: &str) {
        self.logged.borrow_mut().push(line.to_owned());
    }
}

impl Memory for Fake {
    fn recall<T: Default + 'static>(&self) -> Rc<T> {
        self.memory.borrow().recall()
    }
}
