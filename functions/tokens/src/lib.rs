//! `/cockpit/v1beta1/tokens`: creating, listing, showing, rotating and revoking tokens.
//!
//! Paths, access and limits are rows of `cockpit_core::routes`; this crate only connects the API to the store.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

pub mod handler;

#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
