//! What the operator says about pushes.

use cockpit_core::{Backend, ConfigError, Refusal, ports::Config};
use cockpit_gate::backend;
use cockpit_wire::checks::{Limit, Limits};

/// The limits of the checks: the defaults, a longer retention if the plan has one, and what the operator's variable says.
/// Where the plan is not known, nothing is too old: what the backend would have kept must not be lost.
pub async fn limits(config: &impl Config, name: &str, retention: Option<u64>) -> Result<Limits, Refusal> {
    let changes = config.variable(name).await?.unwrap_or_default();
    let retention = retention.map_or(0, |plans| plans.max(Limit::Retention.default()));
    let limits = Limits::default().with(Limit::Retention, retention).changed(&changes);
    limits.map_err(|error| ConfigError(format!("{name}: {error}")).into())
}

/// Where pushes go: a backend and a path there, from the operator's variables. Ask before a push is paid for: whatever is
/// wrong with them is not the sender's fault.
pub async fn destination(config: &impl Config, url: &str, path: &str) -> Result<(Backend, String), Refusal> {
    let backend = backend(config, url, "push_timeout").await?;
    let there = config.variable(path).await?.filter(|there| there.starts_with('/'));
    let there = there.ok_or_else(|| ConfigError(format!("{path} must begin with a slash")))?;
    Ok((backend, there))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cockpit_fake::{Fake, run};

    #[test]
    fn a_plan_may_keep_for_longer_and_the_operator_has_the_last_word() {
        const DAY: u64 = 86_400;
        for (changes, plan, days) in [
            ("", Some(7), 31),
            ("", Some(365), 365),
            ("", None, 0),
            ("retention=864000", Some(365), 10),
            ("retention=864000", None, 10),
            ("retention=0", Some(7), 0),
        ] {
            let fake = Fake::new(&[("metrics_limits", changes)]);
            let limits = run(limits(&fake, "metrics_limits", plan.map(|days| days * DAY))).unwrap();
            assert_eq!(limits, Limits::default().with(Limit::Retention, days * DAY), "{changes}, {plan:?}");
        }
    }
}
