//! `/cockpit/v1beta1/{activate,deactivate,cockpit,cockpit/metrics,reset-grafana}`: the Cockpit of a project.
//!
//! Paths, access and limits are rows of `cockpit_core::routes`; this crate activates, shows and removes, and shows
//! what was ingested.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

pub mod handler;
mod usage;

#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
