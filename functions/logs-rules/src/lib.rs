//! `/logs/loki/api/v1/rules…`, `/logs/api/prom/rules…`: rules over logs, and the alerts they raise.
//!
//! Paths, scopes and limits are rows of `cockpit_core::routes`; uploads are checked in `cockpit_setup`.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

pub mod handler;

#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
