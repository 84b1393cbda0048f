//! How each family of clients is refused, as responses of the document.

use super::Schemas;
use crate::ApiError;
use cockpit_core::{Dialect, Operation, Route, routes::Access};
use serde_json::{Map, Value, json};

/// The name of a dialect's refusals among the document's responses.
const fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Management => "ManagementError",
        Dialect::Prometheus => "PrometheusError",
        Dialect::Otlp => "OtlpError",
        Dialect::Alertmanager => "AlertmanagerError",
        Dialect::Push | Dialect::Plain => "TextError",
    }
}

/// Where a dialect's refusals stand in the document.
pub(super) fn reference(dialect: Dialect) -> String {
    format!("#/components/responses/{}", name(dialect))
}

/// The statuses that the gateway itself may refuse a row's requests with.
pub(super) fn statuses(route: &Route) -> Vec<u16> {
    let guarded: &[u16] = match route.access {
        Access::Public(_) => &[],
        Access::AnyToken => &[401],
        Access::Holder(_) | Access::Manager(_) | Access::Admin => &[401, 403],
        // They may name a project that is not theirs.
        Access::Observer(_) => &[401, 403, 404],
    };
    let kind: &[u16] = match route.dialect {
        // The only one of these that asks a backend.
        Dialect::Management if route.operation == Operation::TriggerTestAlert => &[404, 409, 413, 502],
        Dialect::Management => &[404, 409, 412, 413],
        // Loki's senders would repeat a 415.
        Dialect::Push if route.operation == Operation::PushLogs => &[429, 502],
        Dialect::Push => &[415, 429, 502],
        Dialect::Otlp => &[413, 415, 429, 502],
        Dialect::Prometheus | Dialect::Alertmanager => &[413, 502],
        Dialect::Plain => &[413],
    };
    [&[400], guarded, kind, &[503]].concat()
}

/// The refusals of every dialect.
pub(super) fn responses(schemas: &mut Schemas) -> Value {
    let message = json!({"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]});
    let query = json!({
        "type": "object",
        "properties": {"status": {"const": "error"}, "errorType": {"type": "string"}, "error": {"type": "string"}},
        "required": ["status", "errorType", "error"],
    });
    let coded = json!({
        "type": "object",
        "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
        "required": ["code", "message"],
    });
    let content = |media: &str, schema: Value| json!({(media): {"schema": schema}});
    let management = schemas.given.subschema_for::<ApiError>().to_value();
    let otlp = json!({"application/json": {"schema": message}, "application/x-protobuf": {}});
    let all = [
        (Dialect::Management, "Refused; `type` says why.", content("application/json", management)),
        (Dialect::Prometheus, "Refused, as Prometheus does.", content("application/json", query)),
        (Dialect::Alertmanager, "Refused, as Alertmanager does.", content("application/json", coded)),
        (Dialect::Otlp, "Refused, with a `google.rpc.Status` in the request's encoding.", otlp),
        (Dialect::Plain, "Refused, in one line.", content("text/plain; charset=utf-8", json!({"type": "string"}))),
    ];
    let named = all.map(|(dialect, description, content)| {
        let headers = json!({"X-Request-Id": {"schema": {"type": "string", "format": "uuid"}, "required": true}});
        (name(dialect).to_owned(), json!({"description": description, "headers": headers, "content": content}))
    });
    Map::from_iter(named).into()
}
