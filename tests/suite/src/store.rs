//! The key-value contract on the stores of the local runtime, which keep Spin's semantics.

use crate::{e2e::fresh_folder, redis::Redis};
use cockpit_core::{
    Timestamp,
    ports::{Clock, Kv, StoreError},
};
use cockpit_fake::{contract, run};
use cockpit_runtime::kv::{Error, Memory, Sqlite, Store};

/// A store of the runtime as the port.
pub(crate) struct Port<S>(pub(crate) S);

fn failed(error: Error) -> StoreError {
    StoreError(error.to_string())
}

impl<S: Store> Kv for Port<S> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(key).map_err(failed)
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.0.set(key, value).map_err(failed)
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.0.delete(key).map_err(failed)
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.0.increment(key, delta).map_err(failed)
    }
}

/// A clock that stands still.
impl<S> Clock for Port<S> {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }
}

#[test]
fn the_store_in_memory_keeps_the_contract() {
    run(contract::kv(&Port(Memory::default()), "contract"));
}

#[test]
fn the_store_in_a_file_keeps_the_contract_and_what_it_holds() {
    let file = fresh_folder("contract").join("kv.db");
    run(contract::kv(&Port(Sqlite::open(&file).unwrap()), "contract"));
    run(Port(Sqlite::open(&file).unwrap()).set("kept", b"value")).unwrap();
    assert_eq!(run(Port(Sqlite::open(&file).unwrap()).get("kept")).unwrap().as_deref(), Some(&b"value"[..]));
}

#[test]
fn redis_keeps_the_contract() {
    run(contract::kv(&Redis::start("contract-redis").connect(), "contract"));
}
