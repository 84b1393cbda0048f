//! Every request the gateway answers, in one table.
//!
//! A row names the function (a Spin component) that serves it, what the caller must hold, how big the
//! body may be and in which words it is refused. `spin.toml` lists the same paths; a test compares them.

mod lookup;
mod operation;

pub use lookup::{Lookup, Match, Params, lookup};
pub use operation::Operation;

use crate::{
    dialect::Dialect::{self, Management, Otlp, Plain, Prometheus, Push},
    limits::{BODILESS, LOGS, Limits, MANAGEMENT, QUERY, REMOTE_WRITE},
    scope::Scope::{self, QueryMetrics, WriteLogs, WriteMetrics},
};
use Access::{Admin, AnyToken, Holder, Manager, Public};
use Right::{Read, Write};
use http::Method;

/// One row: a path, the methods it takes there, and the rules for them.
#[derive(Debug)]
pub struct Route {
    /// The Spin component that serves it; also the name of its crate and folder.
    pub function: &'static str,
    /// The methods this row answers; other methods on the path may have rows of their own.
    pub methods: &'static [Method],
    /// The path in Spin's own syntax: literal segments and `:parameters`.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// How big its body may be.
    pub limits: &'static Limits,
    /// The protocol its errors are written in.
    pub dialect: Dialect,
    /// What it does; the function matches on this.
    pub operation: Operation,
}

/// Who may call a row. There is no default: the unsafe case must be typed out, with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A token that holds this scope.
    Holder(Scope),
    /// Any valid token.
    AnyToken,
    /// In `X-Auth-Token`: the operator's management key, or an API key with this right, for its projects.
    Manager(Right),
    /// The operator's management key alone.
    Admin,
    /// Anybody, because of the reason given.
    Public(&'static str),
}

/// What an API key must be good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// To see.
    Read,
    /// To change.
    Write,
}

/// The function that answers whatever no row lists, so that even a mistyped URL gets a clear error.
pub const FALLBACK: &str = "status";

const GET: &[Method] = &[Method::GET];
const POST: &[Method] = &[Method::POST];
const DELETE: &[Method] = &[Method::DELETE];
const FORM: &[Method] = &[Method::GET, Method::POST];

const PROBE: Access = Public("probes of load balancers and orchestrators hold no credentials");
const BUILD: Access = Public("it shows the version only, which operators ask for before they have a key");
const PAGES: Access = Public("they say how to connect, which people need before they have a token");
const MANUAL: Access = Public("it says what this page says, which callers need before they have a key");

/// Every request the gateway answers. What is not listed is a 404.
#[rustfmt::skip]
pub static ROUTES: &[Route] = &[
    //  function              methods path                                                         access                limits         dialect     operation
    row("cockpit",            POST,   "/cockpit/v1beta1/activate",                                 Manager(Write),       &MANAGEMENT,   Management, Operation::ActivateCockpit),
    row("cockpit",            POST,   "/cockpit/v1beta1/deactivate",                               Manager(Write),       &MANAGEMENT,   Management, Operation::DeactivateCockpit),
    row("cockpit",            GET,    "/cockpit/v1beta1/cockpit",                                  Manager(Read),        &BODILESS,     Management, Operation::GetCockpit),
    row("cockpit",            GET,    "/cockpit/v1beta1/cockpit/metrics",                          Manager(Read),        &BODILESS,     Management, Operation::GetCockpitMetrics),
    row("cockpit",            POST,   "/cockpit/v1beta1/reset-grafana",                            Manager(Write),       &MANAGEMENT,   Management, Operation::ResetGrafana),

    row("tokens",             POST,   "/cockpit/v1beta1/tokens",                                   Manager(Write),       &MANAGEMENT,   Management, Operation::CreateToken),
    row("tokens",             GET,    "/cockpit/v1beta1/tokens",                                   Manager(Read),        &BODILESS,     Management, Operation::ListTokens),
    row("tokens",             GET,    "/cockpit/v1beta1/tokens/:token_id",                         Manager(Read),        &BODILESS,     Management, Operation::GetToken),
    row("tokens",             DELETE, "/cockpit/v1beta1/tokens/:token_id",                         Manager(Write),       &BODILESS,     Management, Operation::DeleteToken),
    row("tokens",             POST,   "/cockpit/v1beta1/tokens/:token_id/rotate",                  Manager(Write),       &MANAGEMENT,   Management, Operation::RotateToken),

    row("datasources",        POST,   "/cockpit/v1beta1/datasources",                              Manager(Write),       &MANAGEMENT,   Management, Operation::CreateDatasource),
    row("datasources",        GET,    "/cockpit/v1beta1/datasources",                              Manager(Read),        &BODILESS,     Management, Operation::ListDatasources),
    row("datasources",        DELETE, "/cockpit/v1beta1/datasources/:datasource_id",               Manager(Write),       &BODILESS,     Management, Operation::DeleteDatasource),

    row("contact-points",     POST,   "/cockpit/v1beta1/contact-points",                           Manager(Write),       &MANAGEMENT,   Management, Operation::CreateContactPoint),
    row("contact-points",     GET,    "/cockpit/v1beta1/contact-points",                           Manager(Read),        &BODILESS,     Management, Operation::ListContactPoints),
    row("contact-points",     POST,   "/cockpit/v1beta1/delete-contact-point",                     Manager(Write),       &MANAGEMENT,   Management, Operation::DeleteContactPoint),

    row("managed-alerts",     POST,   "/cockpit/v1beta1/enable-managed-alerts",                    Manager(Write),       &MANAGEMENT,   Management, Operation::EnableManagedAlerts),
    row("managed-alerts",     POST,   "/cockpit/v1beta1/disable-managed-alerts",                   Manager(Write),       &MANAGEMENT,   Management, Operation::DisableManagedAlerts),
    row("managed-alerts",     POST,   "/cockpit/v1beta1/trigger-test-alert",                       Manager(Write),       &MANAGEMENT,   Management, Operation::TriggerTestAlert),

    row("grafana-users",      POST,   "/cockpit/v1beta1/grafana-users",                            Manager(Write),       &MANAGEMENT,   Management, Operation::CreateGrafanaUser),
    row("grafana-users",      GET,    "/cockpit/v1beta1/grafana-users",                            Manager(Read),        &BODILESS,     Management, Operation::ListGrafanaUsers),
    row("grafana-users",      POST,   "/cockpit/v1beta1/grafana-users/:number/delete",             Manager(Write),       &MANAGEMENT,   Management, Operation::DeleteGrafanaUser),
    row("grafana-users",      POST,   "/cockpit/v1beta1/grafana-users/:number/reset-password",     Manager(Write),       &MANAGEMENT,   Management, Operation::ResetGrafanaUserPassword),

    row("grafana-dashboards", GET,    "/cockpit/v1beta1/grafana-product-dashboards",               Manager(Read),        &BODILESS,     Management, Operation::ListGrafanaProductDashboards),
    row("grafana-dashboards", GET,    "/cockpit/v1beta1/grafana-product-dashboards/:dashboard_name", Manager(Read),        &BODILESS,     Management, Operation::GetGrafanaProductDashboard),

    row("plans",              GET,    "/cockpit/v1beta1/plans",                                    Manager(Read),        &BODILESS,     Management, Operation::ListPlans),
    row("plans",              POST,   "/cockpit/v1beta1/select-plan",                              Manager(Write),       &MANAGEMENT,   Management, Operation::SelectPlan),

    row("audit",              GET,    "/cockpit/v1beta1/audit-events",                             Manager(Read),        &BODILESS,     Management, Operation::ListAuditEvents),

    row("api-keys",           POST,   "/iam/v1alpha1/api-keys",                                    Admin,                &MANAGEMENT,   Management, Operation::CreateApiKey),
    row("api-keys",           GET,    "/iam/v1alpha1/api-keys",                                    Admin,                &BODILESS,     Management, Operation::ListApiKeys),
    row("api-keys",           GET,    "/iam/v1alpha1/api-keys/:access_key",                        Admin,                &BODILESS,     Management, Operation::GetApiKey),
    row("api-keys",           DELETE, "/iam/v1alpha1/api-keys/:access_key",                        Admin,                &BODILESS,     Management, Operation::DeleteApiKey),

    row("metrics-push",       POST,   "/metrics/api/v1/push",                                      Holder(WriteMetrics), &REMOTE_WRITE, Push,       Operation::PushMetrics),
    row("metrics-push",       POST,   "/api/v1/push",                                              Holder(WriteMetrics), &REMOTE_WRITE, Push,       Operation::PushMetrics),
    row("metrics-push",       POST,   "/metrics/otlp/v1/metrics",                                  Holder(WriteMetrics), &REMOTE_WRITE, Otlp,       Operation::PushOtlpMetrics),
    row("metrics-push",       POST,   "/otlp/v1/metrics",                                          Holder(WriteMetrics), &REMOTE_WRITE, Otlp,       Operation::PushOtlpMetrics),

    row("metrics-query",      FORM,   "/metrics/prometheus/api/v1/query",                          Holder(QueryMetrics), &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      FORM,   "/metrics/prometheus/api/v1/query_range",                    Holder(QueryMetrics), &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      FORM,   "/metrics/prometheus/api/v1/query_exemplars",                Holder(QueryMetrics), &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      FORM,   "/metrics/prometheus/api/v1/series",                         Holder(QueryMetrics), &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      FORM,   "/metrics/prometheus/api/v1/labels",                         Holder(QueryMetrics), &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      GET,    "/metrics/prometheus/api/v1/label/:name/values",             Holder(QueryMetrics), &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      GET,    "/metrics/prometheus/api/v1/metadata",                       Holder(QueryMetrics), &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      POST,   "/metrics/prometheus/api/v1/read",                           Holder(QueryMetrics), &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      GET,    "/metrics/prometheus/api/v1/status/buildinfo",               AnyToken,             &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      FORM,   "/prometheus/api/v1/query",                                  Holder(QueryMetrics), &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      FORM,   "/prometheus/api/v1/query_range",                            Holder(QueryMetrics), &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      FORM,   "/prometheus/api/v1/query_exemplars",                        Holder(QueryMetrics), &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      FORM,   "/prometheus/api/v1/series",                                 Holder(QueryMetrics), &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      FORM,   "/prometheus/api/v1/labels",                                 Holder(QueryMetrics), &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      GET,    "/prometheus/api/v1/label/:name/values",                     Holder(QueryMetrics), &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      GET,    "/prometheus/api/v1/metadata",                               Holder(QueryMetrics), &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      POST,   "/prometheus/api/v1/read",                                   Holder(QueryMetrics), &QUERY,        Prometheus, Operation::QueryMetrics),
    row("metrics-query",      GET,    "/prometheus/api/v1/status/buildinfo",                       AnyToken,             &QUERY,        Prometheus, Operation::QueryMetrics),

    row("logs-push",          POST,   "/logs/loki/api/v1/push",                                    Holder(WriteLogs),    &LOGS,         Push,       Operation::PushLogs),
    row("logs-push",          POST,   "/loki/api/v1/push",                                         Holder(WriteLogs),    &LOGS,         Push,       Operation::PushLogs),
    row("logs-push",          POST,   "/logs/otlp/v1/logs",                                        Holder(WriteLogs),    &LOGS,         Otlp,       Operation::PushOtlpLogs),
    row("logs-push",          POST,   "/otlp/v1/logs",                                             Holder(WriteLogs),    &LOGS,         Otlp,       Operation::PushOtlpLogs),

    row("status",             GET,    "/logs/ready",                                               PROBE,                &BODILESS,     Plain,      Operation::Healthy),
    row("status",             GET,    "/ready",                                                    PROBE,                &BODILESS,     Plain,      Operation::Healthy),
    row("status",             GET,    "/-/ready",                                                  PROBE,                &BODILESS,     Plain,      Operation::Ready),
    row("status",             GET,    "/-/healthy",                                                PROBE,                &BODILESS,     Plain,      Operation::Healthy),
    row("status",             GET,    "/-/buildinfo",                                              BUILD,                &BODILESS,     Plain,      Operation::BuildInfo),

    row("openapi",            GET,    "/openapi.json",                                             MANUAL,               &BODILESS,     Plain,      Operation::DescribeApi),

    row("console",            GET,    "/console",                                                  PAGES,                &BODILESS,     Plain,      Operation::ShowConsole),
    row("console",            GET,    "/console/docs",                                             PAGES,                &BODILESS,     Plain,      Operation::ShowReference),
];

const fn row(
    function: &'static str,
    methods: &'static [Method],
    path: &'static str,
    access: Access,
    limits: &'static Limits,
    dialect: Dialect,
    operation: Operation,
) -> Route {
    Route { function, methods, path, access, limits, dialect, operation }
}
