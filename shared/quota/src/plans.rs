//! The plans: what a Cockpit costs, how long its data is kept, and how much it may send.

use crate::{Signal, budget::MOST_ACTIVE, rates::Rate};
use cockpit_core::{
    ConfigError, ProjectId,
    ports::{Config, StoreError},
};

/// A plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its name, which is also its id in the API.
    pub name: &'static str,
    /// Seconds that metrics are kept.
    pub metrics_retention: u64,
    /// Seconds that logs are kept.
    pub logs_retention: u64,
    /// Seconds that traces are kept.
    pub traces_retention: u64,
    /// Euros a month.
    pub monthly_price: u32,
    /// Euro cents for a million samples.
    pub sample_price: u32,
    /// Euro cents for a gigabyte of logs.
    pub logs_price: u32,
    /// Euro cents for a gigabyte of traces.
    pub traces_price: u32,
    /// How much it lets a Cockpit send.
    pub limits: Limits,
}

/// How much may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of metrics, in samples.
    pub metrics: Allowance,
    /// Of logs, in bytes.
    pub logs: Allowance,
}

/// How much of one signal may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How fast.
    pub rate: Rate,
    /// How many series or streams may be active at once.
    pub active: u64,
}

const DAY: u64 = 24 * 60 * 60;

/// The published limits of the product that this API comes from: 10,000 samples a second with bursts of 200,000,
/// 250,000 active series; 4 MB of logs a second, 5,000 active streams. Logs have a window that the largest push fits.
const LIMITS: Limits = Limits {
    metrics: Allowance { rate: Rate { units: 10_000, requests: 1_000, window: 20 }, active: 250_000 },
    logs: Allowance { rate: Rate { units: 4 << 20, requests: 1_000, window: 10 }, active: 5_000 },
};

const PAID: Plan = Plan {
    name: "premium",
    metrics_retention: 365 * DAY,
    logs_retention: 31 * DAY,
    traces_retention: 31 * DAY,
    monthly_price: 29,
    sample_price: 15,
    logs_price: 35,
    traces_price: 35,
    limits: LIMITS,
};

/// Every plan, by name.
pub static PLANS: [Plan; 3] = [
    Plan { name: "custom", ..PAID },
    Plan {
        name: "free",
        metrics_retention: 31 * DAY,
        logs_retention: 7 * DAY,
        traces_retention: 7 * DAY,
        monthly_price: 0,
        ..PAID
    },
    PAID,
];

/// The plan of a Cockpit that has chosen none.
pub const DEFAULT_PLAN: &str = "free";

impl Plan {
    /// The plan of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        PLANS.iter().find(|plan| plan.name == name)
    }

    /// Seconds that what is pushed is kept.
    pub const fn retention(&self, signal: Signal) -> u64 {
        match signal {
            Signal::Metrics => self.metrics_retention,
            Signal::Logs => self.logs_retention,
        }
    }

    /// The plan of this name, which a project has chosen.
    pub fn chosen(name: &str, project: ProjectId) -> Result<&'static Self, StoreError> {
        Self::find(name).ok_or_else(|| StoreError(format!("{project} is on a plan that is no more")))
    }

    /// The plan of a Cockpit that has chosen none.
    pub fn standard() -> &'static Self {
        let [first, ..] = &PLANS;
        Self::find(DEFAULT_PLAN).unwrap_or(first)
    }
}

impl Limits {
    /// The limits of the default plan.
    pub const DEFAULT: Self = LIMITS;

    /// What may be sent of a signal.
    pub const fn of(&self, signal: Signal) -> Allowance {
        match signal {
            Signal::Metrics => self.metrics,
            Signal::Logs => self.logs,
        }
    }

    /// These limits with the operator's changes: `active_series=1000 samples_per_second=500`. The error names what
    /// is not understood.
    pub fn with(mut self, changes: &str) -> Result<Self, &str> {
        for change in changes.split_ascii_whitespace() {
            let (name, value) = change.split_once('=').ok_or(change)?;
            let (limit, most) = self.limit(name).ok_or(change)?;
            *limit = value.parse().ok().filter(|value| (1..=most).contains(value)).ok_or(change)?;
        }
        Ok(self)
    }

    /// These limits with the changes of the variable `quotas`.
    pub(crate) async fn changed(self, config: &impl Config) -> Result<Self, ConfigError> {
        let changes = config.variable("quotas").await?.unwrap_or_default();
        self.with(&changes).map_err(|what| ConfigError(format!("quotas: {what} is not understood")))
    }

    /// The limits of a signal, by their names.
    pub fn named(&self, signal: Signal) -> [(&'static str, u64); 3] {
        let Allowance { rate, active } = self.of(signal);
        match signal {
            Signal::Metrics => [
                ("samples_per_second", rate.units),
                ("metrics_requests_per_second", rate.requests),
                ("active_series", active),
            ],
            Signal::Logs => [
                ("log_bytes_per_second", rate.units),
                ("logs_requests_per_second", rate.requests),
                ("active_streams", active),
            ],
        }
    }

    /// A limit by its name, and the most it can be: windows of it must fit a counter of the store, and sets of it
    /// the memory of an instance.
    fn limit(&mut self, name: &str) -> Option<(&mut u64, u64)> {
        Some(match name {
            "samples_per_second" => (&mut self.metrics.rate.units, 10_000_000_000),
            "metrics_requests_per_second" => (&mut self.metrics.rate.requests, 100_000),
            "active_series" => (&mut self.metrics.active, MOST_ACTIVE),
            "log_bytes_per_second" => (&mut self.logs.rate.units, 10_000_000_000),
            "logs_requests_per_second" => (&mut self.logs.rate.requests, 100_000),
            "active_streams" => (&mut self.logs.active, MOST_ACTIVE),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Amount;

    #[test]
    fn plans_are_sorted_and_the_default_is_one_of_them() {
        assert!(PLANS.is_sorted_by_key(|plan| plan.name));
        assert_eq!(Plan::find(DEFAULT_PLAN).unwrap().limits, Limits::DEFAULT);
        assert_eq!(Plan::find("expert"), None);
    }

    #[test]
    fn every_window_divides_a_minute_and_its_budget_fits_a_counter() {
        for plan in &PLANS {
            for rate in [plan.limits.metrics.rate, plan.limits.logs.rate] {
                assert!(60 % rate.window == 0, "{rate:?}");
                assert_eq!(Amount::unpack(rate.budget().pack()), rate.budget());
            }
        }
    }

    #[test]
    fn the_operator_may_change_any_limit_and_no_typo_passes() {
        let changed = Limits::DEFAULT.with("active_series=7  samples_per_second=9").unwrap();
        assert_eq!((changed.metrics.active, changed.metrics.rate.units), (7, 9));
        assert_eq!(changed.logs, Limits::DEFAULT.logs);
        for (name, value) in Signal::ALL.into_iter().flat_map(|signal| Limits::DEFAULT.named(signal)) {
            assert!(Limits::DEFAULT.with(&format!("{name}=7")).is_ok_and(|limits| limits != Limits::DEFAULT), "{name}");
            assert_eq!(Limits::DEFAULT.with(&format!("{name}={value}")), Ok(Limits::DEFAULT));
        }
        for wrong in ["active_serie=1", "active_series", "active_series=", "active_series=-1", "active_series=0"] {
            assert_eq!(Limits::DEFAULT.with(wrong), Err(wrong));
        }
    }
}
