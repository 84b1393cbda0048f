//! What the operator decides about limits: changes to the plans' numbers, and what to do when the store fails.

use crate::{active::locations::Locations, plans::Limits};
use cockpit_core::{ConfigError, ports::Config};

/// The operator's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What a Cockpit may send.
    pub limits: Limits,
    /// What happens to a push whose rate cannot be checked.
    pub rates: OnFailure,
    /// What happens to a push whose active series cannot be checked.
    pub active: OnFailure,
    /// Where else the gateway serves.
    pub locations: Locations,
}

/// What happens to a push when the store fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// It is let in, and the failure logged.
    Open,
    /// It is refused with 503, so that senders try again.
    Closed,
}

impl Rules {
    /// Reads the rules: `quotas`, `rates_on_failure`, `active_on_failure` and `locations`.
    pub async fn read(config: &impl Config, limits: Limits) -> Result<Self, ConfigError> {
        Ok(Self {
            limits: limits.changed(config).await?,
            rates: on_failure(config, "rates_on_failure").await?,
            active: on_failure(config, "active_on_failure").await?,
            locations: Locations::read(config).await?,
        })
    }
}

async fn on_failure(config: &impl Config, name: &str) -> Result<OnFailure, ConfigError> {
    match config.variable(name).await?.as_deref() {
        None | Some("" | "open") => Ok(OnFailure::Open),
        Some("closed") => Ok(OnFailure::Closed),
        Some(_) => Err(ConfigError(format!("{name} must be open or closed"))),
    }
}
