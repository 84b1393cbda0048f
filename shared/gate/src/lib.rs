//! The request pipeline that every function stands behind: match, authenticate, permit, bound, answer.
//!
//! Knows no decoder, so that a component carries only its own, and no host. Start reading at [`serve`]; a
//! handler sees the [`Call`]; [`relay`] is the careful way to a backend.

#![forbid(unsafe_code)]

mod body;
mod call;
mod error;
mod pace;
mod relay;
mod respond;
mod serve;

pub use call::Call;
pub use relay::{Relay, backend, enforcing};
pub use respond::json;
pub use serve::serve;
