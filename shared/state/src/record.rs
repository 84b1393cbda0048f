//! Records: CBOR, with a version in front from the first day.

use cockpit_core::ports::{Kv, StoreError};
use serde::{Serialize, de::DeserializeOwned};

/// A stored type. Adding an optional field keeps its version; anything else raises it.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// The only version this program reads and writes.
    const VERSION: u8;
}

/// Reads a record. One that cannot be read is a failing store, never an absent entity: answering
/// "not found" would tell a sender that its token is gone.
pub(crate) async fn load<T: Record>(kv: &impl Kv, key: &str) -> Result<Option<T>, StoreError> {
    let Some(bytes) = kv.get(key).await? else { return Ok(None) };
    let (version, record): (u8, T) =
        ciborium::from_reader(bytes.as_slice()).map_err(|cause| unreadable::<T>(&cause.to_string()))?;
    if version == T::VERSION { Ok(Some(record)) } else { Err(unreadable::<T>(&format!("version {version}"))) }
}

/// Writes a record.
pub(crate) async fn save<T: Record>(kv: &impl Kv, key: &str, record: &T) -> Result<(), StoreError> {
    let mut bytes = Vec::with_capacity(128);
    ciborium::into_writer(&(T::VERSION, record), &mut bytes)
        .map_err(|cause| StoreError(format!("{} cannot be encoded: {cause}", std::any::type_name::<T>())))?;
    kv.set(key, &bytes).await
}

/// Removes a key if it is there. A read is cheap, and a call that has nothing left to change must not write.
pub(crate) async fn drop(kv: &impl Kv, key: &str) -> Result<(), StoreError> {
    match kv.get(key).await? {
        Some(_) => kv.delete(key).await,
        None => Ok(()),
    }
}

fn unreadable<T>(cause: &str) -> StoreError {
    StoreError(format!("a {} cannot be read: {cause}", std::any::type_name::<T>()))
}
