//! `POST /logs/loki/api/v1/push` and `POST /logs/otlp/v1/logs`: logs, as Loki and as OpenTelemetry send them.
//!
//! Paths, scope and limits are rows of `cockpit_core::routes`; this crate validates and forwards.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

pub mod handler;
mod media;

#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
