//! `/alerts/api/v1/alerts`: a project's Alertmanager configuration, as Mimir keeps it.
//!
//! Paths, scopes and limits are rows of `cockpit_core::routes`; uploads are checked in `cockpit_setup`.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

pub mod handler;

#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
