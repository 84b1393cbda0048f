//! `/cockpit/v1beta1/{activate,deactivate,cockpit}`: the Cockpit of a project.
//!
//! Paths, access and limits are rows of `cockpit_core::routes`; this crate activates, shows and removes.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

pub mod handler;
mod usage;

#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
