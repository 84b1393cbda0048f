//! `POST /metrics/api/v1/push`: Prometheus remote write.
//!
//! Path, scope and limits are rows of `cockpit_core::routes`; this crate validates and forwards.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

pub mod handler;
pub mod media;
pub mod written;

#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
