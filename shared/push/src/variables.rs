//! What the operator says about pushes.

use cockpit_core::{ConfigError, Refusal, ports::Config};
use cockpit_wire::checks::Limits;

/// The limits of the checks, from the operator's variable.
pub async fn limits(config: &impl Config, name: &str) -> Result<Limits, Refusal> {
    let changes = config.variable(name).await?.unwrap_or_default();
    Limits::parse(&changes).map_err(|error| ConfigError(format!("{name}: {error}")).into())
}

/// A path at a backend, from the operator's variable.
pub async fn path(config: &impl Config, name: &str) -> Result<String, Refusal> {
    let path = config.variable(name).await?.filter(|path| path.starts_with('/'));
    path.ok_or_else(|| ConfigError(format!("{name} must begin with a slash")).into())
}
