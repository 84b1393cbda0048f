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
    /// Show what a project ingested.
    GetCockpitMetrics,
    /// Bring Grafana back to where it was at activation: without users.
    ResetGrafana,
    /// Create a datasource.
    CreateDatasource,
    /// List a project's datasources.
    ListDatasources,
    /// Remove a datasource.
    DeleteDatasource,
    /// Create a token; the only time its secret is shown.
    CreateToken,
    /// List a project's tokens.
    ListTokens,
    /// Show a token, without its secret.
    GetToken,
    /// Revoke a token.
    DeleteToken,
    /// Give a token another secret; those before work on for a while.
    RotateToken,
    /// Add somebody whom alerts are sent to.
    CreateContactPoint,
    /// List those whom alerts are sent to.
    ListContactPoints,
    /// Remove somebody whom alerts are sent to.
    DeleteContactPoint,
    /// Turn the managed alerts on.
    EnableManagedAlerts,
    /// Turn the managed alerts off.
    DisableManagedAlerts,
    /// Raise an alert that only shows that alerts arrive.
    TriggerTestAlert,
    /// Create a Grafana user; the only time the password is shown.
    CreateGrafanaUser,
    /// List a project's Grafana users.
    ListGrafanaUsers,
    /// Remove a Grafana user.
    DeleteGrafanaUser,
    /// Give a Grafana user another password.
    ResetGrafanaUserPassword,
    /// List the plans.
    ListPlans,
    /// Choose a project's plan.
    SelectPlan,
    /// List a project's budgets.
    ListBudgets,
    /// Set a budget.
    SetBudget,
    /// Remove a budget.
    DeleteBudget,
    /// List the operator's dashboards.
    ListGrafanaProductDashboards,
    /// Show one of the operator's dashboards.
    GetGrafanaProductDashboard,
    /// List what was done to a project.
    ListAuditEvents,
    /// Create an API key; the only time its secret is shown.
    CreateApiKey,
    /// List the API keys.
    ListApiKeys,
    /// Show an API key, without its secret.
    GetApiKey,
    /// Revoke an API key.
    DeleteApiKey,
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
    /// Show usage as Prometheus's metrics.
    ShowUsage,
    /// Describe every operation: OpenAPI.
    DescribeApi,
    /// Show people how to connect an agent.
    ShowConsole,
    /// Show people what a project uses.
    ShowUsagePage,
    /// Show people the description of every operation.
    ShowReference,
}

impl Operation {
    /// Whether it is a query, to which a backend can apply a token's label policy.
    pub const fn honours_policies(self) -> bool {
        matches!(self, Self::QueryMetrics | Self::ReadMetrics | Self::QueryLogs | Self::TailLogs)
    }
}
