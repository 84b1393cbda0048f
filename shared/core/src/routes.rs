//! Every request the gateway answers, in one table.
//!
//! A row names the function (a Spin component) that serves it, what the caller must hold, how big the
//! body may be and in which words it is refused. `spin.toml` lists the same paths; a test compares them.

mod lookup;
mod operation;
mod pattern;

pub use lookup::{Lookup, Match, Params, lookup};
pub use operation::Operation;

use crate::{
    dialect::Dialect::{self, Alertmanager, Management, Otlp, Plain, Prometheus, Push},
    limits::{BODILESS, LOGS, Limits, MANAGEMENT, QUERY, REMOTE_WRITE, UPLOAD},
    scope::Scope::{
        self, QueryLogs, QueryMetrics, SetupAlerts, SetupLogsRules, SetupMetricsRules, WriteLogs, WriteMetrics,
    },
};
use Access::{Admin, AnyToken, Holder, Manager, Observer, Public};
use Right::{Read, Write};
use http::Method;

/// One row: a path, the methods it takes there, and the rules for them.
#[derive(Debug)]
pub struct Route {
    /// The Spin component that serves it; also the name of its crate and folder.
    pub function: &'static str,
    /// The methods this row answers; other methods on the path may have rows of their own.
    pub methods: &'static [Method],
    /// Where it is served, as the table has it; [`paths`](Self::paths) are the paths in Spin's own syntax.
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
    /// A token that holds this scope, for its own project; or, in `X-Auth-Token` or as a bearer, an API key for its
    /// projects and the operator's management key for all.
    Observer(Scope),
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
const PUT: &[Method] = &[Method::PUT];
const DELETE: &[Method] = &[Method::DELETE];
const FORM: &[Method] = &[Method::GET, Method::POST];
const ANY: &[Method] = &[Method::GET, Method::POST, Method::DELETE];

const PROBE: Access = Public("probes of load balancers and orchestrators hold no credentials");
const BUILD: Access = Public("it shows the version only, which operators ask for before they have a key");
const PAGES: Access = Public("they say how to connect, which people need before they have a token");
const DELEGATE: Access = Public("whoever may make the request that it is asked about may ask");
const MANUAL: Access = Public("it says what this page says, which callers need before they have a key");

/// Every request the gateway answers. What is not listed is a 404.
///
/// `(/metrics)/x` is served at `/metrics/x` and at `/x`, `[/logs]/x` at `/logs/x` only; backends see `/x`. `logs./x` is
/// `/x` of a host whose name begins with `logs.`, and stands before the row that has `/x` of all others. A `:parameter`
/// is one segment; a slash may be encoded in a `::parameter`. `/...` is the rest of the path.
#[rustfmt::skip]
pub static ROUTES: &[Route] = &[
    //  function               methods path                                                         access                     limits         dialect       operation
    row("cockpit",             POST,   "/cockpit/v1beta1/activate",                                 Manager(Write),            &MANAGEMENT,   Management,   Operation::ActivateCockpit),
    row("cockpit",             POST,   "/cockpit/v1beta1/deactivate",                               Manager(Write),            &MANAGEMENT,   Management,   Operation::DeactivateCockpit),
    row("cockpit",             GET,    "/cockpit/v1beta1/cockpit",                                  Manager(Read),             &BODILESS,     Management,   Operation::GetCockpit),
    row("cockpit",             GET,    "/cockpit/v1beta1/cockpit/metrics",                          Manager(Read),             &BODILESS,     Management,   Operation::GetCockpitMetrics),
    row("cockpit",             POST,   "/cockpit/v1beta1/reset-grafana",                            Manager(Write),            &MANAGEMENT,   Management,   Operation::ResetGrafana),

    row("tokens",              POST,   "/cockpit/v1beta1/tokens",                                   Manager(Write),            &MANAGEMENT,   Management,   Operation::CreateToken),
    row("tokens",              GET,    "/cockpit/v1beta1/tokens",                                   Manager(Read),             &BODILESS,     Management,   Operation::ListTokens),
    row("tokens",              GET,    "/cockpit/v1beta1/tokens/:token_id",                         Manager(Read),             &BODILESS,     Management,   Operation::GetToken),
    row("tokens",              DELETE, "/cockpit/v1beta1/tokens/:token_id",                         Manager(Write),            &BODILESS,     Management,   Operation::DeleteToken),
    row("tokens",              POST,   "/cockpit/v1beta1/tokens/:token_id/rotate",                  Manager(Write),            &MANAGEMENT,   Management,   Operation::RotateToken),

    row("datasources",         POST,   "/cockpit/v1beta1/datasources",                              Manager(Write),            &MANAGEMENT,   Management,   Operation::CreateDatasource),
    row("datasources",         GET,    "/cockpit/v1beta1/datasources",                              Manager(Read),             &BODILESS,     Management,   Operation::ListDatasources),
    row("datasources",         DELETE, "/cockpit/v1beta1/datasources/:datasource_id",               Manager(Write),            &BODILESS,     Management,   Operation::DeleteDatasource),

    row("contact-points",      POST,   "/cockpit/v1beta1/contact-points",                           Manager(Write),            &MANAGEMENT,   Management,   Operation::CreateContactPoint),
    row("contact-points",      GET,    "/cockpit/v1beta1/contact-points",                           Manager(Read),             &BODILESS,     Management,   Operation::ListContactPoints),
    row("contact-points",      POST,   "/cockpit/v1beta1/delete-contact-point",                     Manager(Write),            &MANAGEMENT,   Management,   Operation::DeleteContactPoint),

    row("managed-alerts",      POST,   "/cockpit/v1beta1/enable-managed-alerts",                    Manager(Write),            &MANAGEMENT,   Management,   Operation::EnableManagedAlerts),
    row("managed-alerts",      POST,   "/cockpit/v1beta1/disable-managed-alerts",                   Manager(Write),            &MANAGEMENT,   Management,   Operation::DisableManagedAlerts),
    row("managed-alerts",      POST,   "/cockpit/v1beta1/trigger-test-alert",                       Manager(Write),            &MANAGEMENT,   Management,   Operation::TriggerTestAlert),

    row("grafana-users",       POST,   "/cockpit/v1beta1/grafana-users",                            Manager(Write),            &MANAGEMENT,   Management,   Operation::CreateGrafanaUser),
    row("grafana-users",       GET,    "/cockpit/v1beta1/grafana-users",                            Manager(Read),             &BODILESS,     Management,   Operation::ListGrafanaUsers),
    row("grafana-users",       POST,   "/cockpit/v1beta1/grafana-users/:number/delete",             Manager(Write),            &MANAGEMENT,   Management,   Operation::DeleteGrafanaUser),
    row("grafana-users",       POST,   "/cockpit/v1beta1/grafana-users/:number/reset-password",     Manager(Write),            &MANAGEMENT,   Management,   Operation::ResetGrafanaUserPassword),

    row("grafana-dashboards",  GET,    "/cockpit/v1beta1/grafana-product-dashboards",               Manager(Read),             &BODILESS,     Management,   Operation::ListGrafanaProductDashboards),
    row("grafana-dashboards",  GET,    "/cockpit/v1beta1/grafana-product-dashboards/:dashboard_name", Manager(Read),             &BODILESS,     Management,   Operation::GetGrafanaProductDashboard),

    row("plans",               GET,    "/cockpit/v1beta1/plans",                                    Manager(Read),             &BODILESS,     Management,   Operation::ListPlans),
    row("plans",               POST,   "/cockpit/v1beta1/select-plan",                              Manager(Write),            &MANAGEMENT,   Management,   Operation::SelectPlan),

    row("budgets",             GET,    "/cockpit/v1beta1/budgets",                                  Manager(Read),             &BODILESS,     Management,   Operation::ListBudgets),
    row("budgets",             PUT,    "/cockpit/v1beta1/budgets",                                  Manager(Write),            &MANAGEMENT,   Management,   Operation::SetBudget),
    row("budgets",             DELETE, "/cockpit/v1beta1/budgets",                                  Manager(Write),            &BODILESS,     Management,   Operation::DeleteBudget),

    row("audit",               GET,    "/cockpit/v1beta1/audit-events",                             Manager(Read),             &BODILESS,     Management,   Operation::ListAuditEvents),

    row("api-keys",            POST,   "/iam/v1alpha1/api-keys",                                    Admin,                     &MANAGEMENT,   Management,   Operation::CreateApiKey),
    row("api-keys",            GET,    "/iam/v1alpha1/api-keys",                                    Admin,                     &BODILESS,     Management,   Operation::ListApiKeys),
    row("api-keys",            GET,    "/iam/v1alpha1/api-keys/:access_key",                        Admin,                     &BODILESS,     Management,   Operation::GetApiKey),
    row("api-keys",            DELETE, "/iam/v1alpha1/api-keys/:access_key",                        Admin,                     &BODILESS,     Management,   Operation::DeleteApiKey),

    row("metrics-push",        POST,   "(/metrics)/api/v1/push",                                    Holder(WriteMetrics),      &REMOTE_WRITE, Push,         Operation::PushMetrics),
    row("metrics-push",        POST,   "(/metrics)/otlp/v1/metrics",                                Holder(WriteMetrics),      &REMOTE_WRITE, Otlp,         Operation::PushOtlpMetrics),

    row("metrics-query",       FORM,   "(/metrics)/prometheus/api/v1/query",                        Holder(QueryMetrics),      &QUERY,        Prometheus,   Operation::QueryMetrics),
    row("metrics-query",       FORM,   "(/metrics)/prometheus/api/v1/query_range",                  Holder(QueryMetrics),      &QUERY,        Prometheus,   Operation::QueryMetrics),
    row("metrics-query",       FORM,   "(/metrics)/prometheus/api/v1/query_exemplars",              Holder(QueryMetrics),      &QUERY,        Prometheus,   Operation::QueryMetrics),
    row("metrics-query",       FORM,   "(/metrics)/prometheus/api/v1/series",                       Holder(QueryMetrics),      &QUERY,        Prometheus,   Operation::QueryMetrics),
    row("metrics-query",       FORM,   "(/metrics)/prometheus/api/v1/labels",                       Holder(QueryMetrics),      &QUERY,        Prometheus,   Operation::QueryMetrics),
    row("metrics-query",       GET,    "(/metrics)/prometheus/api/v1/label/:name/values",           Holder(QueryMetrics),      &QUERY,        Prometheus,   Operation::QueryMetrics),
    row("metrics-query",       GET,    "(/metrics)/prometheus/api/v1/metadata",                     Holder(QueryMetrics),      &QUERY,        Prometheus,   Operation::QueryMetrics),
    row("metrics-query",       POST,   "(/metrics)/prometheus/api/v1/read",                         Holder(QueryMetrics),      &QUERY,        Prometheus,   Operation::ReadMetrics),
    row("metrics-query",       GET,    "(/metrics)/prometheus/api/v1/status/buildinfo",             AnyToken,                  &QUERY,        Prometheus,   Operation::QueryMetrics),
    row("metrics-query",       GET,    "(/metrics)/federate",                                       Holder(QueryMetrics),      &QUERY,        Plain,        Operation::QueryMetrics),

    row("metrics-rules",       GET,    "logs./prometheus/api/v1/rules",                             Holder(QueryLogs),         &QUERY,        Prometheus,   Operation::ReadLogsRules),
    row("metrics-rules",       GET,    "logs./prometheus/api/v1/alerts",                            Holder(QueryLogs),         &QUERY,        Prometheus,   Operation::ReadLogsRules),
    row("metrics-rules",       GET,    "(/metrics)/prometheus/api/v1/rules",                        Holder(QueryMetrics),      &QUERY,        Prometheus,   Operation::ReadMetricsRules),
    row("metrics-rules",       GET,    "(/metrics)/prometheus/api/v1/alerts",                       Holder(QueryMetrics),      &QUERY,        Prometheus,   Operation::ReadMetricsRules),
    row("metrics-rules",       GET,    "(/metrics)/prometheus/config/v1/rules",                     Holder(QueryMetrics),      &QUERY,        Plain,        Operation::ReadMetricsRules),
    row("metrics-rules",       GET,    "(/metrics)/prometheus/config/v1/rules/::namespace",         Holder(QueryMetrics),      &QUERY,        Plain,        Operation::ReadMetricsRules),
    row("metrics-rules",       POST,   "(/metrics)/prometheus/config/v1/rules/::namespace",         Holder(SetupMetricsRules), &UPLOAD,       Plain,        Operation::SetMetricsRules),
    row("metrics-rules",       DELETE, "(/metrics)/prometheus/config/v1/rules/::namespace",         Holder(SetupMetricsRules), &QUERY,        Plain,        Operation::DeleteMetricsRules),
    row("metrics-rules",       GET,    "(/metrics)/prometheus/config/v1/rules/::namespace/::group", Holder(QueryMetrics),      &QUERY,        Plain,        Operation::ReadMetricsRules),
    row("metrics-rules",       DELETE, "(/metrics)/prometheus/config/v1/rules/::namespace/::group", Holder(SetupMetricsRules), &QUERY,        Plain,        Operation::DeleteMetricsRules),

    row("logs-push",           POST,   "(/logs)/loki/api/v1/push",                                  Holder(WriteLogs),         &LOGS,         Push,         Operation::PushLogs),
    row("logs-push",           POST,   "(/logs)/otlp/v1/logs",                                      Holder(WriteLogs),         &LOGS,         Otlp,         Operation::PushOtlpLogs),

    row("logs-query",          FORM,   "(/logs)/loki/api/v1/query",                                 Holder(QueryLogs),         &QUERY,        Plain,        Operation::QueryLogs),
    row("logs-query",          FORM,   "(/logs)/loki/api/v1/query_range",                           Holder(QueryLogs),         &QUERY,        Plain,        Operation::QueryLogs),
    row("logs-query",          FORM,   "(/logs)/loki/api/v1/labels",                                Holder(QueryLogs),         &QUERY,        Plain,        Operation::QueryLogs),
    row("logs-query",          FORM,   "(/logs)/loki/api/v1/label",                                 Holder(QueryLogs),         &QUERY,        Plain,        Operation::QueryLogs),
    row("logs-query",          FORM,   "(/logs)/loki/api/v1/label/:name/values",                    Holder(QueryLogs),         &QUERY,        Plain,        Operation::QueryLogs),
    row("logs-query",          FORM,   "(/logs)/loki/api/v1/series",                                Holder(QueryLogs),         &QUERY,        Plain,        Operation::QueryLogs),
    row("logs-query",          FORM,   "(/logs)/loki/api/v1/index/stats",                           Holder(QueryLogs),         &QUERY,        Plain,        Operation::QueryLogs),
    row("logs-query",          FORM,   "(/logs)/loki/api/v1/index/volume",                          Holder(QueryLogs),         &QUERY,        Plain,        Operation::QueryLogs),
    row("logs-query",          FORM,   "(/logs)/loki/api/v1/index/volume_range",                    Holder(QueryLogs),         &QUERY,        Plain,        Operation::QueryLogs),
    row("logs-query",          FORM,   "(/logs)/loki/api/v1/patterns",                              Holder(QueryLogs),         &QUERY,        Plain,        Operation::QueryLogs),
    row("logs-query",          FORM,   "(/logs)/loki/api/v1/detected_labels",                       Holder(QueryLogs),         &QUERY,        Plain,        Operation::QueryLogs),
    row("logs-query",          FORM,   "(/logs)/loki/api/v1/detected_fields",                       Holder(QueryLogs),         &QUERY,        Plain,        Operation::QueryLogs),
    row("logs-query",          FORM,   "(/logs)/loki/api/v1/detected_field/:name/values",           Holder(QueryLogs),         &QUERY,        Plain,        Operation::QueryLogs),
    row("logs-query",          GET,    "(/logs)/loki/api/v1/status/buildinfo",                      AnyToken,                  &QUERY,        Plain,        Operation::QueryLogs),

    row("logs-tail",           GET,    "(/logs)/loki/api/v1/tail",                                  Holder(QueryLogs),         &QUERY,        Plain,        Operation::TailLogs),

    row("logs-rules",          GET,    "[/logs]/prometheus/api/v1/rules",                           Holder(QueryLogs),         &QUERY,        Prometheus,   Operation::ReadLogsRules),
    row("logs-rules",          GET,    "[/logs]/prometheus/api/v1/alerts",                          Holder(QueryLogs),         &QUERY,        Prometheus,   Operation::ReadLogsRules),
    row("logs-rules",          GET,    "(/logs)/loki/api/v1/rules",                                 Holder(QueryLogs),         &QUERY,        Plain,        Operation::ReadLogsRules),
    row("logs-rules",          GET,    "(/logs)/loki/api/v1/rules/:namespace",                      Holder(QueryLogs),         &QUERY,        Plain,        Operation::ReadLogsRules),
    row("logs-rules",          POST,   "(/logs)/loki/api/v1/rules/:namespace",                      Holder(SetupLogsRules),    &UPLOAD,       Plain,        Operation::SetLogsRules),
    row("logs-rules",          DELETE, "(/logs)/loki/api/v1/rules/:namespace",                      Holder(SetupLogsRules),    &QUERY,        Plain,        Operation::DeleteLogsRules),
    row("logs-rules",          GET,    "(/logs)/loki/api/v1/rules/:namespace/:group",               Holder(QueryLogs),         &QUERY,        Plain,        Operation::ReadLogsRules),
    row("logs-rules",          DELETE, "(/logs)/loki/api/v1/rules/:namespace/:group",               Holder(SetupLogsRules),    &QUERY,        Plain,        Operation::DeleteLogsRules),
    row("logs-rules",          GET,    "(/logs)/api/prom/rules",                                    Holder(QueryLogs),         &QUERY,        Plain,        Operation::ReadLogsRules),
    row("logs-rules",          GET,    "(/logs)/api/prom/rules/:namespace",                         Holder(QueryLogs),         &QUERY,        Plain,        Operation::ReadLogsRules),
    row("logs-rules",          POST,   "(/logs)/api/prom/rules/:namespace",                         Holder(SetupLogsRules),    &UPLOAD,       Plain,        Operation::SetLogsRules),
    row("logs-rules",          DELETE, "(/logs)/api/prom/rules/:namespace",                         Holder(SetupLogsRules),    &QUERY,        Plain,        Operation::DeleteLogsRules),
    row("logs-rules",          GET,    "(/logs)/api/prom/rules/:namespace/:group",                  Holder(QueryLogs),         &QUERY,        Plain,        Operation::ReadLogsRules),
    row("logs-rules",          DELETE, "(/logs)/api/prom/rules/:namespace/:group",                  Holder(SetupLogsRules),    &QUERY,        Plain,        Operation::DeleteLogsRules),

    row("alertmanager",        GET,    "(/alerts)/alertmanager/api/v2/status",                      Holder(SetupAlerts),       &QUERY,        Alertmanager, Operation::UseAlertmanager),
    row("alertmanager",        GET,    "(/alerts)/alertmanager/api/v2/receivers",                   Holder(SetupAlerts),       &QUERY,        Alertmanager, Operation::UseAlertmanager),
    row("alertmanager",        FORM,   "(/alerts)/alertmanager/api/v2/alerts",                      Holder(SetupAlerts),       &UPLOAD,       Alertmanager, Operation::UseAlertmanager),
    row("alertmanager",        GET,    "(/alerts)/alertmanager/api/v2/alerts/groups",               Holder(SetupAlerts),       &QUERY,        Alertmanager, Operation::UseAlertmanager),
    row("alertmanager",        FORM,   "(/alerts)/alertmanager/api/v2/silences",                    Holder(SetupAlerts),       &UPLOAD,       Alertmanager, Operation::UseAlertmanager),
    row("alertmanager",        GET,    "(/alerts)/alertmanager/api/v2/silence/:silence_id",         Holder(SetupAlerts),       &QUERY,        Alertmanager, Operation::UseAlertmanager),
    row("alertmanager",        DELETE, "(/alerts)/alertmanager/api/v2/silence/:silence_id",         Holder(SetupAlerts),       &QUERY,        Alertmanager, Operation::UseAlertmanager),
    row("alertmanager",        GET,    "(/alerts)/alertmanager/",                                   Holder(SetupAlerts),       &QUERY,        Plain,        Operation::UseAlertmanager),
    row("alertmanager",        GET,    "(/alerts)/alertmanager/favicon.ico",                        Holder(SetupAlerts),       &QUERY,        Plain,        Operation::UseAlertmanager),
    row("alertmanager",        GET,    "(/alerts)/alertmanager/script.js",                          Holder(SetupAlerts),       &QUERY,        Plain,        Operation::UseAlertmanager),
    row("alertmanager",        GET,    "(/alerts)/alertmanager/lib/:library/:folder/:file",         Holder(SetupAlerts),       &QUERY,        Plain,        Operation::UseAlertmanager),
    row("alertmanager",        GET,    "(/alerts)/alertmanager/assets/:file",                       Holder(SetupAlerts),       &QUERY,        Plain,        Operation::UseAlertmanager),

    row("alertmanager-config", GET,    "(/alerts)/api/v1/alerts",                                   Holder(SetupAlerts),       &QUERY,        Plain,        Operation::GetAlertmanagerConfig),
    row("alertmanager-config", POST,   "(/alerts)/api/v1/alerts",                                   Holder(SetupAlerts),       &UPLOAD,       Plain,        Operation::SetAlertmanagerConfig),
    row("alertmanager-config", DELETE, "(/alerts)/api/v1/alerts",                                   Holder(SetupAlerts),       &QUERY,        Plain,        Operation::DeleteAlertmanagerConfig),

    row("authorize",           ANY,    "/-/authorize",                                              DELEGATE,                  &BODILESS,     Plain,        Operation::Authorize),
    row("authorize",           ANY,    "/-/authorize/...",                                          DELEGATE,                  &BODILESS,     Plain,        Operation::Authorize),

    row("status",              GET,    "(/logs)/ready",                                             PROBE,                     &BODILESS,     Plain,        Operation::Healthy),
    row("status",              GET,    "/-/ready",                                                  PROBE,                     &BODILESS,     Plain,        Operation::Ready),
    row("status",              GET,    "/-/healthy",                                                PROBE,                     &BODILESS,     Plain,        Operation::Healthy),
    row("status",              GET,    "/-/buildinfo",                                              BUILD,                     &BODILESS,     Plain,        Operation::BuildInfo),

    row("self-metrics",        GET,    "/-/metrics",                                                Observer(QueryMetrics),    &BODILESS,     Plain,        Operation::ShowUsage),

    row("openapi",             GET,    "/openapi.json",                                             MANUAL,                    &BODILESS,     Plain,        Operation::DescribeApi),

    row("console",             GET,    "/console",                                                  PAGES,                     &BODILESS,     Plain,        Operation::ShowConsole),
    row("console",             GET,    "/console/docs",                                             PAGES,                     &BODILESS,     Plain,        Operation::ShowReference),
    row("console",             GET,    "/console/usage",                                            Observer(QueryMetrics),    &BODILESS,     Plain,        Operation::ShowUsagePage),
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
