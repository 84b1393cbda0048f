//! `/-/authorize`: whether a proxy may send a request to a backend itself, and as which tenant.
//!
//! Forward-auth for nginx, Traefik, Envoy and db-auth-gateway, by the same route table. No backend is ever called.

#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

mod asked;
pub mod handler;
#[cfg(target_arch = "wasm32")]
cockpit_host::function!(handler::handle);
