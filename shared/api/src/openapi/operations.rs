//! What each operation takes and gives. An operation that is not described does not compile.

use super::Schemas;
use super::parameters::{EXPLAIN, LIST, PROJECT, Parameter, TAIL};
use crate::{Cockpit, CreateToken, ProjectBody, Token, TokenList};
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
    /// JSON of this shape.
    Json(SchemaOf),
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
    /// A stream of frames.
    Stream,
    /// The headers that make a request the tenant's, or 401 or 403.
    Tenant,
    /// What the backend answers.
    Backend,
}

const PROTOBUF: &[&str] = &["application/x-protobuf"];
const PROTOBUF_OR_JSON: &[&str] = &["application/x-protobuf", "application/json"];
const JSON: &[&str] = &["application/json"];
const YAML: &[&str] = &["application/yaml"];
const FORM: &[&str] = &["application/x-www-form-urlencoded"];

/// Describes an operation.
pub(super) fn describe(operation: Operation) -> Described {
    match operation {
        Operation::ActivateCockpit => {
            does("Activate the Cockpit of a project").takes::<ProjectBody>().gives::<Cockpit>()
        }
        Operation::DeactivateCockpit => {
            does("Deactivate it: revoke its tokens and forget it").takes::<ProjectBody>().gives::<Cockpit>()
        }
        Operation::GetCockpit => does("Show it").asks(PROJECT).gives::<Cockpit>(),
        Operation::CreateToken => {
            does("Create a token; the only time its secret is shown").takes::<CreateToken>().gives::<Token>()
        }
        Operation::ListTokens => does("List a project's tokens").asks(LIST).gives::<TokenList>(),
        Operation::GetToken => does("Show a token, without its secret").gives::<Token>(),
        Operation::DeleteToken => does("Revoke a token"),
        Operation::PushMetrics => {
            does("Push metrics: Prometheus remote write 1.0 or 2.0").asks(EXPLAIN).bytes(PROTOBUF).relays()
        }
        Operation::PushOtlpMetrics => {
            does("Push metrics as OpenTelemetry's exporters do").bytes(PROTOBUF_OR_JSON).relays()
        }
        Operation::PushLogs => does("Push logs as Loki's clients do").asks(EXPLAIN).bytes(PROTOBUF_OR_JSON).relays(),
        Operation::PushOtlpLogs => does("Push logs as OpenTelemetry's exporters do").bytes(PROTOBUF_OR_JSON).relays(),
        Operation::QueryMetrics => does("Read metrics: Prometheus's HTTP API").bytes(FORM).relays(),
        Operation::ReadMetrics => does("Read samples: Prometheus's remote read").bytes(PROTOBUF).relays(),
        Operation::ReadMetricsRules => {
            does("Show rules over metrics and their alerts; of a host logs.*, over logs").relays()
        }
        Operation::SetMetricsRules => does("Store a group of rules over metrics").bytes(YAML).relays(),
        Operation::DeleteMetricsRules => does("Delete rules over metrics").relays(),
        Operation::QueryLogs => does("Read logs: Loki's HTTP API").bytes(FORM).relays(),
        Operation::TailLogs => does("Follow logs as they arrive").asks(TAIL).streams(),
        Operation::ReadLogsRules => does("Show rules over logs and their alerts").relays(),
        Operation::SetLogsRules => does("Store a group of rules over logs").bytes(YAML).relays(),
        Operation::DeleteLogsRules => does("Delete rules over logs").relays(),
        Operation::UseAlertmanager => does("Alertmanager: its API v2 and its pages").bytes(JSON).relays(),
        Operation::GetAlertmanagerConfig => does("Show the project's Alertmanager configuration").relays(),
        Operation::SetAlertmanagerConfig => does("Replace it").bytes(YAML).relays(),
        Operation::DeleteAlertmanagerConfig => does("Delete it").relays(),
        Operation::Authorize => does("Say whether a proxy may send a request itself, and as which tenant").permits(),
        Operation::Ready => does("Say whether this instance can serve").gives_json(),
        Operation::Healthy => does("Say that this instance runs").gives_json(),
        Operation::BuildInfo => does("Show the version").gives_json(),
        Operation::DescribeApi => does("Show this document").gives_json(),
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
        Self { request: Request::Json(|schemas| schemas.subschema_for::<T>()), ..self }
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

    fn streams(self) -> Self {
        Self { answer: Answer::Stream, ..self }
    }

    fn permits(self) -> Self {
        Self { answer: Answer::Tenant, ..self }
    }

    fn relays(self) -> Self {
        Self { answer: Answer::Backend, ..self }
    }

    /// The body, by media type, if there may be one.
    pub(super) fn body(&self, schemas: &mut Schemas) -> Option<Value> {
        let bytes = |media: &&str| ((*media).to_owned(), json!({"schema": {}}));
        let content = match self.request {
            Request::Nothing => return None,
            Request::Json(schema) => json!({"application/json": {"schema": schema(&mut schemas.taken)}}),
            Request::Bytes(media) => media.iter().map(bytes).collect(),
        };
        // A form may be in the query instead.
        let required = !matches!(self.request, Request::Bytes(FORM));
        Some(json!({"content": content, "required": required}))
    }
}
