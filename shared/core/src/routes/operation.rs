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
    /// Say whether this instance can serve: its store and its configuration are usable.
    Ready,
    /// Say that this instance runs.
    Healthy,
    /// Show the version.
    BuildInfo,
    /// Describe every operation: OpenAPI.
    DescribeApi,
}
