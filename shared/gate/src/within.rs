//! Waiting, but not for ever.

use cockpit_core::{
    ConfigError, Refusal,
    ports::{Config, Timer},
};
use futures_lite::future::or;
use std::time::Duration;

/// How long may be waited, from the operator's variable.
pub(crate) async fn timeout(config: &impl Config, name: &str) -> Result<Duration, Refusal> {
    let seconds = config.variable(name).await?.unwrap_or_default();
    let seconds = seconds.parse().ok().filter(|seconds| (1..=600).contains(seconds));
    let seconds = seconds.ok_or_else(|| ConfigError(format!("{name} must be seconds between 1 and 600")))?;
    Ok(Duration::from_secs(seconds))
}

/// What a future comes to in this time; `None` if it is not there yet, and then it is dropped.
pub(crate) async fn within<T>(timer: &impl Timer, time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let late = async {
        timer.pause(time).await;
        None
    };
    or(async { Some(future.await) }, late).await
}
