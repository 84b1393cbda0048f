//! What every part of the gateway agrees on: routes, scopes, limits, permits, refusals and ports.
//!
//! Nothing here does I/O or knows an async runtime, a component host or a backend. Start reading at
//! [`routes::ROUTES`], the table of every request the gateway answers; then [`Permit`], the value a
//! handler must hold to reach a backend; then [`Refusal`], which decides what a sender may lose.

#![forbid(unsafe_code)]

pub mod body;
pub mod dialect;
pub mod limits;
pub mod memory;
pub mod network;
pub mod outbound;
pub mod path;
pub mod permit;
pub mod ports;
pub mod principal;
pub mod profiles;
pub mod project;
pub mod record;
pub mod refusal;
pub mod routes;
pub mod scope;
pub mod time;

pub use body::{Body, BodyError};
pub use dialect::Dialect;
pub use limits::Limits;
pub use outbound::{Backend, Outbound};
pub use permit::Permit;
pub use ports::{ConfigError, Ports};
pub use principal::{Key, Principal, TokenGrant, TokenRates};
pub use project::ProjectId;
pub use refusal::{Fault, Refusal, Throttle};
pub use routes::{Operation, Route};
pub use scope::{Scope, Scopes};
pub use time::Timestamp;
