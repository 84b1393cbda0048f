//! `/-/ready`, `/-/healthy`, `/-/buildinfo`: how this instance is; and the answer to unlisted paths.
//!
//! Paths are rows of `cockpit_core::routes`; a path without a row never reaches the handler.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

pub mod handler;

#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
