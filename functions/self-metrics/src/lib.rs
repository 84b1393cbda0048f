//! `/-/metrics`: usage and limits as Prometheus's metrics.
//!
//! A function of its own, because unlike other probes it must know tokens. Path, access and limits are rows of
//! `cockpit_core::routes`.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

pub mod handler;
mod senders;
mod text;

#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
