//! Records: what is stored, as CBOR, with a version in front from the first day; and counters, which are numbers.

use crate::ports::{Kv, StoreError};
use serde::{Serialize, de::DeserializeOwned};

/// A stored type. Adding an optional field keeps its version; anything else raises it.
pub trait Record: Serialize + DeserializeOwned {
    /// What it is, for the log.
    const WHAT: &'static str;
    /// The only version this program reads and writes.
    const VERSION: u8;
}

/// Reads a record. One that cannot be read is a failing store, never an absent one: answering "not found" would tell a
/// sender that its token is gone.
pub async fn load<T: Record>(kv: &impl Kv, key: &str) -> Result<Option<T>, StoreError> {
    read(kv, key).await?.transpose()
}

/// Reads a record that is to be removed: one that cannot be read is the same as none.
pub async fn salvage<T: Record>(kv: &impl Kv, key: &str) -> Result<Option<T>, StoreError> {
    Ok(read(kv, key).await?.and_then(Result::ok))
}

/// Reads a record, for those who go on where it is there and cannot be read.
pub async fn read<T: Record>(kv: &impl Kv, key: &str) -> Result<Option<Result<T, StoreError>>, StoreError> {
    let unreadable = |cause: String| StoreError(format!("{} cannot be read: {cause}", T::WHAT));
    Ok(kv.get(key).await?.map(|bytes| decode(&bytes).map_err(unreadable)))
}

/// Writes a record.
pub async fn save<T: Record>(kv: &impl Kv, key: &str, record: &T) -> Result<(), StoreError> {
    let mut bytes = Vec::with_capacity(128);
    ciborium::into_writer(&(T::VERSION, record), &mut bytes)
        .map_err(|cause| StoreError(format!("{} cannot be written: {cause}", T::WHAT)))?;
    kv.set(key, &bytes).await
}

/// Removes a key if it is there. A read is cheap, and a call that has nothing left to change must not write.
pub async fn drop(kv: &impl Kv, key: &str) -> Result<(), StoreError> {
    match kv.get(key).await? {
        Some(_) => kv.delete(key).await,
        None => Ok(()),
    }
}

/// A counter, once it has gone so many further. It comes to be when it is first asked for.
pub async fn advance(kv: &impl Kv, key: &str, by: i64) -> Result<u64, StoreError> {
    u64::try_from(kv.increment(key, by).await?).map_err(|_| StoreError(format!("{key} is negative")))
}

fn decode<T: Record>(bytes: &[u8]) -> Result<T, String> {
    let (version, record): (u8, T) = ciborium::from_reader(bytes).map_err(|cause| cause.to_string())?;
    if version == T::VERSION { Ok(record) } else { Err(format!("version {version}")) }
}
