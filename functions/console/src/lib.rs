//! `/console`: pages for people: how to connect an agent, what a project uses, and the reference of the API.
//!
//! All but that of usage say nothing of anybody's. None runs a script or loads anything from elsewhere. Start reading at
//! `handler`.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

mod agents;
mod connect;
pub mod handler;
mod page;
mod reference;
mod usage;

#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
