//! `/openapi.json`: the API, described by itself.
//!
//! The document is made in `cockpit_api::openapi`, from the route table and the types.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

pub mod handler;

#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
