//! `/logs/loki/api/v1/tail`: logs as they arrive, as server-sent events or lines of JSON.
//!
//! There are no WebSockets in a component, so Loki is asked each second; docs/read.md says who carries those.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

mod cursor;
mod follow;
pub mod handler;
mod request;

#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
