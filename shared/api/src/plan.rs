//! The Plan object and its list.

use crate::request::{UUID, project, required};
use cockpit_core::{ProjectId, Refusal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A pricing plan: how long data is kept, and what it costs.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct Plan {
    /// Its id; the same as its name.
    pub id: &'static str,
    /// `free`, `premium` or `custom`.
    pub name: &'static str,
    /// How long metrics are kept, in seconds with an `s`.
    pub retention_metrics_interval: String,
    /// How long logs are kept.
    pub retention_logs_interval: String,
    /// How long traces are kept.
    pub retention_traces_interval: String,
    /// Euro cents per million samples.
    pub sample_ingestion_price: u32,
    /// Euro cents per GB of logs.
    pub logs_ingestion_price: u32,
    /// Euro cents per GB of traces.
    pub traces_ingestion_price: u32,
    /// Euros per month.
    pub retention_price: u32,
}

impl From<&cockpit_quota::Plan> for Plan {
    fn from(plan: &cockpit_quota::Plan) -> Self {
        let seconds = |seconds: u64| format!("{seconds}s");
        Self {
            id: plan.name,
            name: plan.name,
            retention_metrics_interval: seconds(plan.metrics_retention),
            retention_logs_interval: seconds(plan.logs_retention),
            retention_traces_interval: seconds(plan.traces_retention),
            sample_ingestion_price: plan.sample_price,
            logs_ingestion_price: plan.logs_price,
            traces_ingestion_price: plan.traces_price,
            retention_price: plan.monthly_price,
        }
    }
}

/// One page of the plans.
#[derive(Debug, JsonSchema, Serialize)]
pub struct PlanList {
    /// How many there are on all pages.
    pub total_count: usize,
    /// Those of this page; none past the end.
    pub plans: Vec<Plan>,
}

/// The body that chooses a plan.
#[derive(Debug, JsonSchema, Deserialize)]
pub struct SelectPlan {
    /// The project's UUID; the API key's own if it is left out.
    #[schemars(regex(pattern = UUID), extend("format" = "uuid"))]
    project_id: Option<String>,
    /// The plan's id.
    #[schemars(required, length(min = 1))]
    plan_id: Option<String>,
}

impl SelectPlan {
    /// The project, if one is named, and the id of the plan.
    pub fn checked(self) -> Result<(Option<ProjectId>, String), Refusal> {
        let plan = required("plan_id", self.plan_id.filter(|plan| !plan.is_empty()))?;
        Ok((project(self.project_id.as_deref())?, plan))
    }
}

/// Nothing: the answer of a call that has none, but whose clients read JSON.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Nothing {}
