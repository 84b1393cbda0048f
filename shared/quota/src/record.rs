//! Records: CBOR with a version in front, as all that is stored.

use cockpit_core::ports::{Kv, StoreError};
use serde::{Serialize, de::DeserializeOwned};

/// A stored type. Adding an optional field keeps its version; anything else raises it.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// What it is, for the log.
    const WHAT: &'static str;
    /// The only version this program reads and writes.
    const VERSION: u8;
}

/// Reads a record. One that cannot be read is a failing store, never an absent one.
pub(crate) async fn load<T: Record>(kv: &impl Kv, key: &str) -> Result<Option<T>, StoreError> {
    let Some(bytes) = kv.get(key).await? else { return Ok(None) };
    decode(&bytes).map(Some).map_err(|cause| StoreError(format!("{} of {key} cannot be read: {cause}", T::WHAT)))
}

/// Reads a record that is to be removed: one that cannot be read is the same as none.
pub(crate) async fn salvage<T: Record>(kv: &impl Kv, key: &str) -> Result<Option<T>, StoreError> {
    Ok(kv.get(key).await?.and_then(|bytes| decode(&bytes).ok()))
}

/// Writes a record.
pub(crate) async fn save<T: Record>(kv: &impl Kv, key: &str, record: &T) -> Result<(), StoreError> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&(T::VERSION, record), &mut bytes)
        .map_err(|cause| StoreError(format!("{} of {key} cannot be written: {cause}", T::WHAT)))?;
    kv.set(key, &bytes).await
}

fn decode<T: Record>(bytes: &[u8]) -> Result<T, String> {
    let (version, record): (u8, T) = ciborium::from_reader(bytes).map_err(|cause| cause.to_string())?;
    if version == T::VERSION { Ok(record) } else { Err(format!("version {version}")) }
}
