//! The key-value store behind `wasi:keyvalue`, and its two implementations.
//!
//! The semantics are those of Spin's default store, including its compare-and-swap, with one
//! exception on the safe side: incrementing a value that is not a counter is an error.

mod memory;
mod sqlite;

pub use memory::Memory;
pub use sqlite::Sqlite;

use std::fmt;

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The value to increment is not eight bytes long; it is left as it was.
    NotACounter,
    /// The counter would leave the range of 64 bits; it is left as it was.
    Overflow,
    /// The store itself failed.
    Store(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotACounter => f.write_str("the value is not a counter of 8 bytes"),
            Self::Overflow => f.write_str("the counter would overflow"),
            Self::Store(cause) => f.write_str(cause),
        }
    }
}

impl std::error::Error for Error {}

/// A store of keys and values. Every method is atomic, and may block.
pub trait Store: Send + Sync + 'static {
    /// The value of `key`.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error>;
    /// Sets `key`, durably where the store is durable.
    fn set(&self, key: &str, value: &[u8]) -> Result<(), Error>;
    /// Removes `key`; an absent key is no error.
    fn delete(&self, key: &str) -> Result<(), Error>;
    /// Whether `key` has a value.
    fn exists(&self, key: &str) -> Result<bool, Error> {
        Ok(self.get(key)?.is_some())
    }
    /// Every key of the store, sorted.
    fn list_keys(&self) -> Result<Vec<String>, Error>;
    /// The pairs of those `keys` that have a value, sorted, each once.
    fn get_many(&self, keys: &[String]) -> Result<Vec<(String, Vec<u8>)>, Error>;
    /// Sets all pairs or none.
    fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> Result<(), Error>;
    /// Removes all keys or none.
    fn delete_many(&self, keys: &[String]) -> Result<(), Error>;
    /// Adds to the counter at `key`, which is 8 bytes, little endian, and 0 when absent.
    fn increment(&self, key: &str, delta: i64) -> Result<i64, Error>;
    /// Sets `key` if its value still is `old`; returns whether it was set. As in Spin, `None`
    /// expects nothing: it overwrites whatever is there.
    fn swap(&self, key: &str, old: Option<&[u8]>, new: &[u8]) -> Result<bool, Error>;
    /// Whether writes and scans may take long enough to belong on a thread of their own.
    fn is_slow(&self) -> bool;
}

/// What `increment` does to the bytes it finds.
fn add(current: Option<&[u8]>, delta: i64) -> Result<i64, Error> {
    let value = match current {
        None => 0,
        Some(bytes) => i64::from_le_bytes(bytes.try_into().map_err(|_| Error::NotACounter)?),
    };
    value.checked_add(delta).ok_or(Error::Overflow)
}

#[cfg(test)]
mod tests;
