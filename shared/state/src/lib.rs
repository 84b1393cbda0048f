//! What the gateway remembers: cockpits and what belongs to them, as records in the key-value store.
//!
//! The store has no transactions and no reliable compare-and-swap. So every entity is one key, whose
//! presence alone decides whether it exists; writes are ordered so that a crash between two of them
//! shows nothing half-made; and repeating a call repairs what was left. Nothing here knows HTTP.
//! Start reading at [`cockpits`] and [`tokens`]; [`collection`] is what all kinds of [entities](entity) have in common, and
//! [`log`] how a list works without a scan.

#![forbid(unsafe_code)]

pub mod api_keys;
pub mod audit;
pub mod budgets;
pub mod choices;
pub mod cockpits;
mod collection;
pub mod contact_points;
pub mod datasources;
mod entity;
pub mod grafana_users;
mod keeper;
mod log;
pub mod tokens;

pub use api_keys::{ApiKey, NewApiKey};
pub use budgets::Budget;
pub use cockpits::{Cockpit, Status};
pub use contact_points::ContactPoint;
pub use datasources::{Datasource, NewDatasource};
pub use entity::Creation;
pub use grafana_users::GrafanaUser;
pub use keeper::Keeper;
pub use tokens::{NewToken, SecretHash, Token};

#[cfg(test)]
mod tests;
