//! What each operation takes and gives. An operation that is not described does not compile.

use super::Schemas;
use super::parameters::{self, EXPLAIN, Parameter, TAIL};
use crate::{
    ApiKey, ApiKeyList, AuditEventList, Budget, BudgetList, Cockpit, ContactPoint, ContactPointBody, ContactPointList,
    CreateApiKey, CreateDatasource, CreateGrafanaUser, CreateToken, Dashboard, DashboardList, Datasource,
    DatasourceList, GrafanaUser, GrafanaUserList, Metrics, Nothing, PlanList, ProjectBody, RotateToken, SelectPlan,
    SetBudget, Token, TokenList,
};
use cockpit_core::Operation;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

/// The schema of a type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What an operation takes and gives.
pub(super) struct Described {
    pub(super) summary: &'static str,
    pub(super) query: &'static [Parameter],
    pub(super) request: Request,
    pub(super) answer: Answer,
}

/// The body of a request.
pub(super) enum Request {
    /// None.
    Nothing,
    /// JSON of this shape, which may be left out if it has no field that must be there.
    Json { schema: SchemaOf, required: fn() -> bool },
    /// Bytes of one of these media types.
    Bytes(&'static [&'static str]),
}

/// What an operation answers when all is well.
pub(super) enum Answer {
    /// 204.
    Nothing,
    /// JSON of this shape.
    Json(SchemaOf),
    /// Any JSON.
    AnyJson,
    /// A page for people.
    Page,
    /// A stream of frames.
    Stream,
    /// The headers that make a request the tenant's, or 401 or 403.
    Tenant,
    /// Plain text.
    Text,
    /// What the backend answers.
    Backend,
}

const PROTOBUF: &[&str] = &["application/x-protobuf"];
const PROTOBUF_OR_JSON: &[&str] = &["application/x-protobuf", "application/json"];
const JSON: &[&str] = &["application/json"];
const YAML: &[&str] = &["application/yaml"];
const FORM: &[&str] = &["application/x-www-form-urlencoded"];

/// Describes an operation.
#[rustfmt::skip]
pub(super) fn describe(operation: Operation) -> Described {
    use Operation as O;
    match operation {
        O::ActivateCockpit => does("Activate the Cockpit of a project").takes::<ProjectBody>().gives::<Cockpit>(),
        O::DeactivateCockpit => does("Deactivate it: revoke its tokens and forget it").takes::<ProjectBody>().gives::<Cockpit>(),
        O::GetCockpit => does("Show it").asks(parameters::PROJECT).gives::<Cockpit>(),
        O::GetCockpitMetrics => does("Show what a project ingested").asks(parameters::METRICS).gives::<Metrics>(),
        O::ResetGrafana => does("Bring Grafana back to where it was at activation: without users").takes::<ProjectBody>().gives::<Cockpit>(),
        O::ListPlans => does("List the plans").asks(parameters::PLANS).gives::<PlanList>(),
        O::SelectPlan => does("Choose a project's plan").takes::<SelectPlan>().gives::<Nothing>(),
        O::ListBudgets => does("List a project's budgets").asks(parameters::PAGES).gives::<BudgetList>(),
        O::SetBudget => does("Set a budget, in place of one with the same selector").takes::<SetBudget>().gives::<Budget>(),
        O::DeleteBudget => does("Remove a budget").asks(parameters::BUDGET),
        O::ListAuditEvents => does("List what was done to a project, newest first").asks(parameters::PAGES).gives::<AuditEventList>(),

        O::CreateToken => does("Create a token; the only time its secret is shown").takes::<CreateToken>().gives::<Token>(),
        O::ListTokens => does("List a project's tokens").asks(parameters::LIST).gives::<TokenList>(),
        O::GetToken => does("Show a token, without its secret").gives::<Token>(),
        O::DeleteToken => does("Revoke a token"),
        O::RotateToken => does("Give a token another secret; those before work on for a while").takes::<RotateToken>().gives::<Token>(),
        O::CreateApiKey => does("Create an API key; the only time its secret is shown").takes::<CreateApiKey>().gives::<ApiKey>(),
        O::ListApiKeys => does("List the API keys").asks(parameters::API_KEYS).gives::<ApiKeyList>(),
        O::GetApiKey => does("Show an API key, without its secret").gives::<ApiKey>(),
        O::DeleteApiKey => does("Revoke an API key"),

        O::CreateDatasource => does("Create a datasource").takes::<CreateDatasource>().gives::<Datasource>(),
        O::ListDatasources => does("List a project's datasources").asks(parameters::DATASOURCES).gives::<DatasourceList>(),
        O::DeleteDatasource => does("Remove a datasource"),
        O::CreateContactPoint => does("Add somebody whom alerts are sent to").takes::<ContactPointBody>().gives::<ContactPoint>(),
        O::ListContactPoints => does("List those whom alerts are sent to").asks(parameters::PAGES).gives::<ContactPointList>(),
        O::DeleteContactPoint => does("Remove somebody whom alerts are sent to").takes::<ContactPointBody>(),
        O::EnableManagedAlerts => does("Turn the managed alerts on").takes::<ProjectBody>(),
        O::DisableManagedAlerts => does("Turn the managed alerts off").takes::<ProjectBody>(),
        O::TriggerTestAlert => does("Raise an alert that only shows that alerts arrive").takes::<ProjectBody>(),
        O::CreateGrafanaUser => does("Create a Grafana user; the only time the password is shown").takes::<CreateGrafanaUser>().gives::<GrafanaUser>(),
        O::ListGrafanaUsers => does("List a project's Grafana users").asks(parameters::GRAFANA_USERS).gives::<GrafanaUserList>(),
        O::DeleteGrafanaUser => does("Remove a Grafana user").takes::<ProjectBody>(),
        O::ResetGrafanaUserPassword => does("Give a Grafana user another password").takes::<ProjectBody>().gives::<GrafanaUser>(),
        O::ListGrafanaProductDashboards => does("List the operator's dashboards").asks(parameters::DASHBOARDS).gives::<DashboardList>(),
        O::GetGrafanaProductDashboard => does("Show one of the operator's dashboards").asks(parameters::PROJECT).gives::<Dashboard>(),

        O::PushMetrics => does("Push metrics: Prometheus remote write 1.0 or 2.0").asks(EXPLAIN).bytes(PROTOBUF).relays(),
        O::PushOtlpMetrics => does("Push metrics as OpenTelemetry's exporters do").bytes(PROTOBUF_OR_JSON).relays(),
        O::PushLogs => does("Push logs as Loki's clients do").asks(EXPLAIN).bytes(PROTOBUF_OR_JSON).relays(),
        O::PushOtlpLogs => does("Push logs as OpenTelemetry's exporters do").bytes(PROTOBUF_OR_JSON).relays(),
        O::QueryMetrics => does("Read metrics: Prometheus's HTTP API").bytes(FORM).relays(),
        O::ReadMetrics => does("Read samples: Prometheus's remote read").bytes(PROTOBUF).relays(),
        O::ReadMetricsRules => does("Show rules over metrics and their alerts; of a host logs.*, over logs").relays(),
        O::SetMetricsRules => does("Store a group of rules over metrics").bytes(YAML).relays(),
        O::DeleteMetricsRules => does("Delete rules over metrics").relays(),
        O::QueryLogs => does("Read logs: Loki's HTTP API").bytes(FORM).relays(),
        O::TailLogs => does("Follow logs as they arrive").asks(TAIL).streams(),
        O::ReadLogsRules => does("Show rules over logs and their alerts").relays(),
        O::SetLogsRules => does("Store a group of rules over logs").bytes(YAML).relays(),
        O::DeleteLogsRules => does("Delete rules over logs").relays(),
        O::UseAlertmanager => does("Alertmanager: its API v2 and its pages").bytes(JSON).relays(),
        O::GetAlertmanagerConfig => does("Show the project's Alertmanager configuration").relays(),
        O::SetAlertmanagerConfig => does("Replace it").bytes(YAML).relays(),
        O::DeleteAlertmanagerConfig => does("Delete it").relays(),
        O::Authorize => does("Say whether a proxy may send a request itself, and as which tenant").permits(),

        O::Ready => does("Say whether this instance can serve").gives_json(),
        O::Healthy => does("Say that this instance runs").gives_json(),
        O::BuildInfo => does("Show the version").gives_json(),
        O::ShowUsage => does("Show usage as Prometheus's metrics").asks(parameters::USAGE).gives_text(),
        O::DescribeApi => does("Show this document").gives_json(),
        O::ShowConsole => does("Show people how to connect an agent").gives_page(),
        O::ShowUsagePage => does("Show people what a project uses").asks(parameters::PROJECT_USAGE).gives_page(),
        O::ShowReference => does("Show people this document").gives_page(),
    }
}

/// An operation without parameters, body or answer.
const fn does(summary: &'static str) -> Described {
    Described { summary, query: &[], request: Request::Nothing, answer: Answer::Nothing }
}

impl Described {
    fn asks(self, query: &'static [Parameter]) -> Self {
        Self { query, ..self }
    }

    fn takes<T: JsonSchema>(self) -> Self {
        let required = || T::json_schema(&mut SchemaGenerator::default()).get("required").is_some();
        Self { request: Request::Json { schema: |schemas| schemas.subschema_for::<T>(), required }, ..self }
    }

    fn bytes(self, media: &'static [&'static str]) -> Self {
        Self { request: Request::Bytes(media), ..self }
    }

    fn gives<T: JsonSchema>(self) -> Self {
        Self { answer: Answer::Json(|schemas| schemas.subschema_for::<T>()), ..self }
    }

    fn gives_json(self) -> Self {
        Self { answer: Answer::AnyJson, ..self }
    }

    fn gives_page(self) -> Self {
        Self { answer: Answer::Page, ..self }
    }

    fn streams(self) -> Self {
        Self { answer: Answer::Stream, ..self }
    }

    fn permits(self) -> Self {
        Self { answer: Answer::Tenant, ..self }
    }

    fn gives_text(self) -> Self {
        Self { answer: Answer::Text, ..self }
    }

    fn relays(self) -> Self {
        Self { answer: Answer::Backend, ..self }
    }

    /// The body, by media type, if there may be one.
    pub(super) fn body(&self, schemas: &mut Schemas) -> Option<Value> {
        let bytes = |media: &&str| ((*media).to_owned(), json!({"schema": {}}));
        let content = match self.request {
            Request::Nothing => return None,
            Request::Json { schema, .. } => json!({"application/json": {"schema": schema(&mut schemas.taken)}}),
            Request::Bytes(media) => media.iter().map(bytes).collect(),
        };
        let required = match self.request {
            Request::Json { required, .. } => required(),
            // A form may be in the query instead.
            Request::Bytes(media) => media != FORM,
            Request::Nothing => false,
        };
        Some(json!({"content": content, "required": required}))
    }
}
