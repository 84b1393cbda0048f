//! What the gateway remembers: cockpits and tokens, as records in the key-value store.
//!
//! The store has no transactions and no reliable compare-and-swap. So every entity is one key, whose
//! presence alone decides whether it exists; writes are ordered so that a crash between two of them
//! shows nothing half-made; and repeating a call repairs what was left. Nothing here knows HTTP.
//! Start reading at [`cockpits`] and [`tokens`]; [`log`] is how a list works without a scan.

#![forbid(unsafe_code)]

pub mod cockpits;
mod log;
mod record;
pub mod tokens;

pub use cockpits::{Cockpit, Status};
pub use tokens::{NewToken, SecretHash, Token};
