//! Configuration, from `wasi:config/store`.
//!
//! A host may ask a remote vault on each read, so a value is read once per instance; instances live for
//! seconds, and a change is seen by the next one.

use crate::Host;
use cockpit_core::ports::{Config, ConfigError};
use std::{cell::RefCell, collections::BTreeMap};

#[allow(missing_docs, unsafe_code, clippy::all, reason = "generated bindings")]
mod bindings {
    spin_sdk::wasip3::wit_bindgen::generate!({
        path: "../../wit",
        world: "configuration",
        runtime_path: "spin_sdk::wasip3::wit_bindgen::rt",
        generate_all,
    });
}

use bindings::wasi::config::store;

thread_local! {
    static READ: RefCell<BTreeMap<String, Option<String>>> = const { RefCell::new(BTreeMap::new()) };
}

impl Config for Host {
    async fn variable(&self, name: &str) -> Result<Option<String>, ConfigError> {
        if let Some(value) = READ.with_borrow(|read| read.get(name).cloned()) {
            return Ok(value);
        }
        let value = store::get(name).map_err(|error| ConfigError(format!("{name}: {error:?}")))?;
        READ.with_borrow_mut(|read| read.insert(name.to_owned(), value.clone()));
        Ok(value)
    }
}
