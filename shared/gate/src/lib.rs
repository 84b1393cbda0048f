//! The request pipeline that every function stands behind: match, authenticate, permit, bound, answer.
//!
//! Knows no decoder, so that a component carries only its own, and no host. Start reading at [`serve`]; a
//! handler sees the [`Call`]; [`relay`] is the careful way to a backend, and [`forward`] the way of what is only read.

#![forbid(unsafe_code)]

mod body;
mod call;
mod error;
mod forward;
mod pace;
mod relay;
mod respond;
mod serve;
mod verdict;
mod within;

pub use call::Call;
pub use forward::{ALERTMANAGER, CONFIGURATION, LOKI, MIMIR, Source, ask};
pub use relay::{Relay, backend, enforces_policies};
pub use respond::json;
pub use serve::{host, serve, unreadable};
