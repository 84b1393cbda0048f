//! The store, from `wasi:keyvalue`.

use crate::Host;
use cockpit_core::{
    ports::{Kv, StoreError},
    profiles::STORE,
};
use std::{cell::RefCell, rc::Rc};

#[allow(missing_docs, unsafe_code, clippy::all, reason = "generated bindings")]
mod bindings {
    spin_sdk::wasip3::wit_bindgen::generate!({
        path: "../../wit",
        world: "store",
        runtime_path: "spin_sdk::wasip3::wit_bindgen::rt",
        generate_all,
    });
}

use bindings::wasi::keyvalue::{
    atomics,
    store::{self, Bucket, Error},
};

thread_local! {
    static OPENED: RefCell<Option<Rc<Bucket>>> = const { RefCell::new(None) };
}

impl Kv for Host {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        bucket()?.get(key).map_err(failed)
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        bucket()?.set(key, value).map_err(failed)
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        bucket()?.delete(key).map_err(failed)
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        atomics::increment(&*bucket()?, key, delta).map_err(failed)
    }
}

/// The store, opened once per instance.
fn bucket() -> Result<Rc<Bucket>, StoreError> {
    if let Some(bucket) = OPENED.with_borrow(Clone::clone) {
        return Ok(bucket);
    }
    let bucket = Rc::new(store::open(STORE).map_err(failed)?);
    OPENED.set(Some(Rc::clone(&bucket)));
    Ok(bucket)
}

fn failed(error: Error) -> StoreError {
    StoreError(match error {
        Error::NoSuchStore => "the host has no such store".into(),
        Error::AccessDenied => "the manifest does not grant the store".into(),
        Error::Other(cause) => cause,
    })
}
