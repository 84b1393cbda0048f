//! The Cockpit object.

use crate::{plan::Plan, time::rfc3339};
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
    /// Where agents push metrics: Prometheus remote write 1.0 and 2.0.
    pub metrics_push_url: String,
    /// Where metrics are queried: the URL of a Prometheus datasource.
    pub metrics_query_url: String,
    /// Where agents push logs: Loki's push API.
    pub logs_push_url: String,
    /// The base URL of OpenTelemetry's exporters, of metrics and of logs.
    pub otlp_url: String,
}

impl Endpoints {
    /// The endpoints of a gateway that is reached at `public_url`.
    pub fn new(public_url: &str, grafana_url: &str) -> Self {
        let public_url = public_url.trim_end_matches('/');
        Self {
            metrics_push_url: format!("{public_url}/metrics/api/v1/push"),
            metrics_query_url: format!("{public_url}/metrics/prometheus"),
            logs_push_url: format!("{public_url}/logs/loki/api/v1/push"),
            otlp_url: format!("{public_url}/otlp"),
            metrics_url: format!("{public_url}/metrics"),
            logs_url: format!("{public_url}/logs"),
            traces_url: format!("{public_url}/traces"),
            alertmanager_url: format!("{public_url}/alerts"),
            grafana_url: grafana_url.trim_end_matches('/').to_owned(),
        }
    }
}

impl Cockpit {
    /// The object of a stored Cockpit.
    pub fn new(
        project: ProjectId,
        stored: &cockpit_state::Cockpit,
        endpoints: Endpoints,
        managed_alerts_enabled: bool,
        plan: &cockpit_quota::Plan,
    ) -> Self {
        Self {
            project_id: project.to_string(),
            created_at: Some(rfc3339(stored.created_at())),
            updated_at: Some(rfc3339(stored.updated_at())),
            endpoints,
            status: match stored.status {
                Status::Ready => "ready",
                Status::Deleting => "deleting",
            },
            managed_alerts_enabled,
            plan: plan.into(),
        }
    }
}
