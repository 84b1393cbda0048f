//! The ports: everything the gateway needs from whoever runs it, in the smallest surface that every
//! host truly offers.
//!
//! The store has no transactions, no expiry and no scan, and its compare-and-swap cannot be trusted
//! on every backend: [`Kv::increment`] is the one atomic operation, on keys that nothing else writes.

#![expect(async_fn_in_trait, reason = "components and tests run on one thread; no bound is missed")]

use crate::{body::Body, outbound::Outbound, time::Timestamp};
use http::Response;
use std::{error::Error, fmt, rc::Rc, time::Duration};

/// The key-value store.
pub trait Kv {
    /// The value of a key, if it has one.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Sets a key; durable when this returns.
    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;
    /// Removes a key; removing an absent one is no error.
    async fn delete(&self, key: &str) -> Result<(), StoreError>;
    /// Adds to a counter, atomically, and returns its new value; an absent counter counts as 0.
    ///
    /// Counters live on keys of their own: on another kind of value some stores fail for everyone.
    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError>;
}

/// The operator's configuration.
pub trait Config {
    /// A variable's value; `None` if the application does not declare it.
    async fn variable(&self, name: &str) -> Result<Option<String>, ConfigError>;
}

/// The clock.
pub trait Clock {
    /// The current moment.
    fn now(&self) -> Timestamp;
}

/// Waiting.
pub trait Timer {
    /// Returns after this long, and not much later.
    async fn pause(&self, duration: Duration);
}

/// Randomness good enough for secrets.
pub trait Random {
    /// Sixteen random bytes.
    fn bytes(&self) -> [u8; 16];
}

/// Outbound HTTP to the backends.
pub trait Upstream {
    /// Sends a request and returns as soon as the head of the answer is there.
    async fn send(&self, request: Outbound) -> Result<Response<Body>, UpstreamError>;
}

/// The operator's log.
pub trait Log {
    /// Writes one line.
    fn line(&self, line: &str);
}

/// What an instance remembers from one request to the next. It may be forgotten at any time, and no other instance
/// knows it: caches and leases belong here, the state of a request or of an entity never.
pub trait Memory {
    /// The one value of this type, made on first use. The type itself bounds what it keeps.
    fn recall<T: Default + 'static>(&self) -> Rc<T>;
}

/// All the ports at once: what a handler is given.
pub trait Ports: Kv + Config + Clock + Timer + Random + Upstream + Log + Memory {}

impl<T: Kv + Config + Clock + Timer + Random + Upstream + Log + Memory> Ports for T {}

/// The store did not do what was asked; the text is for the log.
#[derive(Debug)]
pub struct StoreError(pub String);

/// The configuration could not be read; the text is for the log.
#[derive(Debug)]
pub struct ConfigError(pub String);

/// A backend gave no answer.
#[derive(Debug)]
pub enum UpstreamError {
    /// It did not answer in time.
    TimedOut,
    /// It could not be reached, or what it sent was not HTTP; the text is for the log.
    Failed(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store failed: {}", self.0)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration is unusable: {}", self.0)
    }
}

impl fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("the backend did not answer in time"),
            Self::Failed(cause) => write!(f, "the backend could not be reached: {cause}"),
        }
    }
}

impl Error for StoreError {}
impl Error for ConfigError {}
impl Error for UpstreamError {}
