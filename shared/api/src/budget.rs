//! The Budget object, its list, and the body that sets one.

use crate::request::{UUID, invalid, project, required, whole};
use cockpit_core::{ProjectId, Refusal, refusal::InvalidReason};
use cockpit_quota::budget::MOST_ACTIVE;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A limit below the Cockpit's own, on the series and streams that carry certain labels.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Budget {
    /// Which they are: a Prometheus selector of up to three labels with `=`, such as `{env="prod",team="a"}`.
    pub selector: String,
    /// How many series may be active; null if there is no limit but the Cockpit's.
    pub active_series: Option<u64>,
    /// How many log streams may be active; null if there is no limit but the Cockpit's.
    pub active_streams: Option<u64>,
}

impl From<&cockpit_quota::Budget> for Budget {
    fn from(stored: &cockpit_quota::Budget) -> Self {
        let cockpit_quota::Budget { selector, active_series, active_streams } = stored;
        Self { selector: selector.to_string(), active_series: *active_series, active_streams: *active_streams }
    }
}

/// One page of a project's budgets.
#[derive(Debug, JsonSchema, Serialize)]
pub struct BudgetList {
    /// How many there are on all pages.
    pub total_count: usize,
    /// Those of this page; none past the end.
    pub budgets: Vec<Budget>,
}

/// The body that sets a budget, in place of one with the same selector.
#[derive(Debug, JsonSchema, Deserialize)]
pub struct SetBudget {
    /// The project's UUID; the API key's own if it is left out.
    #[schemars(regex(pattern = UUID), extend("format" = "uuid"))]
    project_id: Option<String>,
    /// Which series and streams it is for: a Prometheus selector of up to three labels with `=`.
    #[schemars(required, example = r#"{team="a"}"#)]
    selector: Option<String>,
    /// How many series may be active.
    #[serde(default, deserialize_with = "whole")]
    #[schemars(range(min = 1, max = MOST_ACTIVE))]
    active_series: Option<u64>,
    /// How many log streams may be active.
    #[serde(default, deserialize_with = "whole")]
    #[schemars(range(min = 1, max = MOST_ACTIVE))]
    active_streams: Option<u64>,
}

/// A budget to set, whose selector is still to be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The selector, as it was given.
    pub selector: String,
    /// How many series may be active.
    pub active_series: Option<u64>,
    /// How many streams may be active.
    pub active_streams: Option<u64>,
}

impl SetBudget {
    /// The project, if one is named, and the budget.
    pub fn checked(self) -> Result<(Option<ProjectId>, Wanted), Refusal> {
        let Self { project_id, selector, active_series, active_streams } = self;
        let selector = required("selector", selector.filter(|selector| !selector.is_empty()))?;
        for (argument, limit) in [("active_series", active_series), ("active_streams", active_streams)] {
            if limit.is_some_and(|limit| !(1..=MOST_ACTIVE).contains(&limit)) {
                let help = format!("must be between 1 and {MOST_ACTIVE}");
                return Err(invalid(argument, InvalidReason::Constraint, help));
            }
        }
        if active_series.is_none() && active_streams.is_none() {
            let help = "is required, unless active_streams is there";
            return Err(invalid("active_series", InvalidReason::Required, help));
        }
        Ok((project(project_id.as_deref())?, Wanted { selector, active_series, active_streams }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;

    fn read(json: &str) -> Result<(Option<ProjectId>, Wanted), Refusal> {
        body::<SetBudget>(json.as_bytes())?.checked()
    }

    #[test]
    fn a_budget_is_a_selector_and_at_least_one_limit() {
        let (_, wanted) = read(r#"{"selector":"{a=\"b\"}","active_series":50000.0}"#).unwrap();
        let selector = r#"{a="b"}"#.to_owned();
        assert_eq!(wanted, Wanted { selector, active_series: Some(50_000), active_streams: None });
        for (json, want) in [
            ("{}", "selector: is required"),
            (r#"{"selector":"","active_series":1}"#, "selector: is required"),
            (r#"{"selector":"{a=\"b\"}"}"#, "active_series: is required"),
            (r#"{"selector":"x","active_series":0}"#, "active_series: must be between"),
            (r#"{"selector":"x","active_streams":4000001}"#, "active_streams: must be between"),
            (r#"{"selector":"x","active_streams":-1}"#, "no whole number"),
        ] {
            let text = read(json).unwrap_err().to_string();
            assert!(text.contains(want), "{json}: {text}");
        }
    }
}
