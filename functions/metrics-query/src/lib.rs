//! `/metrics/prometheus/api/v1/…`: reads of Prometheus's HTTP API, relayed as they are.
//!
//! Paths, scopes and limits are rows of `cockpit_core::routes`; this crate only looks at remote reads before they go on.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

pub mod handler;

#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
