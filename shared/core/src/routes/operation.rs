//! What a row does. A function matches on this instead of comparing paths a second time.

/// An operation, named as in the API's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Activate the Cockpit of a project.
    ActivateCockpit,
    /// Deactivate it: revoke its tokens and forget it.
    DeactivateCockpit,
    /// Show it.
    GetCockpit,
    /// Create a token; the only time its secret is shown.
    CreateToken,
    /// List a project's tokens.
    ListTokens,
    /// Show a token, without its secret.
    GetToken,
    /// Revoke a token.
    DeleteToken,
    /// Accept a Prometheus remote-write request.
    PushMetrics,
    /// Accept metrics from OpenTelemetry.
    PushOtlpMetrics,
    /// Accept a push in one of Loki's forms.
    PushLogs,
    /// Accept logs from OpenTelemetry.
    PushOtlpLogs,
    /// Proxy a read of Prometheus's HTTP API.
    QueryMetrics,
    /// Proxy a remote read.
    ReadMetrics,
    /// Show rules over metrics, or their alerts.
    ReadMetricsRules,
    /// Store a group of rules over metrics.
    SetMetricsRules,
    /// Delete a group or a namespace of rules over metrics.
    DeleteMetricsRules,
    /// Proxy a read of Loki's HTTP API.
    QueryLogs,
    /// Follow logs as they arrive.
    TailLogs,
    /// Show rules over logs, or their alerts.
    ReadLogsRules,
    /// Store a group of rules over logs.
    SetLogsRules,
    /// Delete a group or a namespace of rules over logs.
    DeleteLogsRules,
    /// Proxy Alertmanager's API and its pages.
    UseAlertmanager,
    /// Show the Alertmanager configuration of a project.
    GetAlertmanagerConfig,
    /// Replace it.
    SetAlertmanagerConfig,
    /// Delete it.
    DeleteAlertmanagerConfig,
    /// Say whether a proxy may send another request to a backend, and as which tenant.
    Authorize,
    /// Say whether this instance can serve: its store and its configuration are usable.
    Ready,
    /// Say that this instance runs.
    Healthy,
    /// Show the version.
    BuildInfo,
    /// Describe every operation: OpenAPI.
    DescribeApi,
}
