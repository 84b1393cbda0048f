//! Who is calling: the form of tokens, where callers put them, and whose they are.
//!
//! Works over the ports; no HTTP client, no SDK. A credential that cannot be one of ours is refused without
//! touching the store; a store that fails is never reported as a bad token. Start reading at
//! [`authenticate`](authenticate()).

#![forbid(unsafe_code)]

mod authenticate;
pub mod client;
mod credential;
#[cfg(test)]
mod fixture;
mod known;
mod secret;
mod sight;

pub use authenticate::{Ports, authenticate};
pub use secret::Secret;
