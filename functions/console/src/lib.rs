//! `/console`: pages for people: how to connect an agent, and the reference of the API.
//!
//! They say nothing of anybody's, run no script and load nothing from elsewhere. Start reading at `handler`.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

mod agents;
mod connect;
pub mod handler;
mod page;
mod reference;

#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
