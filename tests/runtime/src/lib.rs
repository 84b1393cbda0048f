//! Serves a Spin manifest on one machine, without Spin.
//!
//! It is the default host of the quick start and the host of the end-to-end tests. It is therefore
//! never more lenient than Spin: what it serves, Spin serves too. It is *not* meant for production,
//! terminates no TLS and knows no runtime configuration.
//!
//! Start reading at [`serve`]; the path of one request is `server`, `service`, `worker`, `host`.
//! The stores in [`kv`] are usable on their own.

pub mod fault;
pub mod hosts;
pub mod kv;
pub mod manifest;
pub mod options;
pub mod router;
pub mod serve;
pub mod variables;

mod access;
mod bindings;
mod body;
mod cache;
mod clock;
mod engine;
mod environment;
mod headers;
mod host;
mod in_flight;
mod log;
mod outbound;
mod server;
mod service;
mod websocket;
mod worker;
