//! The Cockpit object.

use crate::time::rfc3339;
use cockpit_core::ProjectId;
use cockpit_state::Status;
use schemars::JsonSchema;
use serde::Serialize;

/// A project's Cockpit.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Cockpit {
    /// The project's UUID.
    #[schemars(extend("format" = "uuid"))]
    pub project_id: String,
    /// When it was activated, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub created_at: Option<String>,
    /// When it last changed, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub updated_at: Option<String>,
    /// Where its data plane is.
    pub endpoints: Endpoints,
    /// `ready` or `deleting`.
    pub status: &'static str,
    /// Whether the managed alerts are on.
    pub managed_alerts_enabled: bool,
    /// The plan it is on.
    pub plan: Plan,
}

/// Base URLs of the data plane. None ends in a slash: clients append paths by concatenation.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Endpoints {
    /// Metrics; push to `{metrics_url}/api/v1/push`, query `{metrics_url}/prometheus`.
    pub metrics_url: String,
    /// Logs; push to `{logs_url}/loki/api/v1/push`.
    pub logs_url: String,
    /// Traces.
    pub traces_url: String,
    /// Alertmanager, under `{alertmanager_url}/alertmanager`.
    pub alertmanager_url: String,
    /// Grafana.
    pub grafana_url: String,
}

impl Endpoints {
    /// The endpoints of a gateway that is reached at `public_url`.
    pub fn new(public_url: &str, grafana_url: &str) -> Self {
        let public_url = public_url.trim_end_matches('/');
        Self {
            metrics_url: format!("{public_url}/metrics"),
            logs_url: format!("{public_url}/logs"),
            traces_url: format!("{public_url}/traces"),
            alertmanager_url: format!("{public_url}/alerts"),
            grafana_url: grafana_url.trim_end_matches('/').to_owned(),
        }
    }
}

/// A pricing plan: how long data is kept, and what it costs.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct Plan {
    /// Its id; today the same as its name.
    pub id: &'static str,
    /// `free`, `premium` or `custom`.
    pub name: &'static str,
    /// How long metrics are kept, in seconds with an `s`.
    pub retention_metrics_interval: &'static str,
    /// How long logs are kept.
    pub retention_logs_interval: &'static str,
    /// How long traces are kept.
    pub retention_traces_interval: &'static str,
    /// Euro cents per million samples.
    pub sample_ingestion_price: u32,
    /// Euro cents per GB of logs.
    pub logs_ingestion_price: u32,
    /// Euro cents per GB of traces.
    pub traces_ingestion_price: u32,
    /// Euros per month.
    pub retention_price: u32,
}

impl Plan {
    /// The plan a new Cockpit starts on.
    pub const FREE: Self = Self {
        id: "free",
        name: "free",
        retention_metrics_interval: "2678400s",
        retention_logs_interval: "604800s",
        retention_traces_interval: "604800s",
        sample_ingestion_price: 15,
        logs_ingestion_price: 35,
        traces_ingestion_price: 35,
        retention_price: 0,
    };
}

impl Cockpit {
    /// The object of a stored Cockpit.
    pub fn new(project: ProjectId, stored: &cockpit_state::Cockpit, endpoints: Endpoints) -> Self {
        Self {
            project_id: project.to_string(),
            created_at: Some(rfc3339(stored.created_at())),
            updated_at: Some(rfc3339(stored.updated_at())),
            endpoints,
            status: match stored.status {
                Status::Ready => "ready",
                Status::Deleting => "deleting",
            },
            managed_alerts_enabled: false,
            plan: Plan::FREE,
        }
    }
}
