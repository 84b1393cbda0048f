//! `/metrics/prometheus/{api,config}/v1/rules…`: rules over metrics, and the alerts they raise.
//!
//! It also serves what logs have at the same paths of the root, because a path can lead to one function only.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

pub mod handler;

#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
