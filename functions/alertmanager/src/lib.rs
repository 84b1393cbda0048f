//! `/alerts/alertmanager/…`: Alertmanager's API v2 and its pages, relayed as they are.
//!
//! Paths, scopes and limits are rows of `cockpit_core::routes`: what is not listed there, such as `/-/reload`, is out of reach.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

pub mod handler;

#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
