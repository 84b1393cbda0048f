//! The API described by itself: OpenAPI 3.1, made from the route table and the types of this crate.
//!
//! What each operation takes and gives stands in `operations`; paths, methods, access and limits are the table's.

mod errors;
mod operations;
mod parameters;

use cockpit_core::{
    Route,
    routes::{Access, ROUTES},
};
use http::Method;
use operations::{Answer, Described, describe};
use parameters::Parameter;
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The document of a gateway that is reached at `public_url`.
pub fn openapi(public_url: &str) -> Value {
    let mut schemas = Schemas::new();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for (route, path) in described() {
        let operations = paths.entry(templated(&path)).or_default();
        for method in route.methods {
            let operation = operation(route, &path, method, &mut schemas);
            operations.insert(method.as_str().to_lowercase(), operation);
        }
    }
    let responses = errors::responses(&mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Cockpit Edge",
            "summary": "Cockpit's API, and the data plane behind it",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public_url.trim_end_matches('/')}],
        "paths": paths,
        "components": {"schemas": schemas.definitions(), "responses": responses, "securitySchemes": credentials()},
    })
}

/// Every row at every path, but for those of some hosts only, which the document cannot tell from the others.
fn described() -> impl Iterator<Item = (&'static Route, String)> {
    let rows = ROUTES.iter().filter(|route| route.host().is_empty());
    rows.flat_map(|route| route.paths().into_iter().map(move |path| (route, path)))
}

/// Schemas of what is taken and of what is given: a field that is always sent may still be left out by a caller.
struct Schemas {
    taken: SchemaGenerator,
    given: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        let given = settings.clone().for_serialize().into_generator();
        Self { taken: settings.for_deserialize().into_generator(), given }
    }

    fn definitions(mut self) -> Map<String, Value> {
        let mut all = self.taken.take_definitions(true);
        all.extend(self.given.take_definitions(true));
        all
    }
}

/// The path in OpenAPI's syntax.
fn templated(path: &str) -> String {
    let segment = |part: &str| match part.strip_prefix(':') {
        Some(name) => format!("{{{name}}}"),
        None => part.replace("...", "{path}"),
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// The operation's name, and where it is served at several places, which of them.
fn operation_id(route: &Route, path: &str, method: &str) -> String {
    let same = described().filter(|(other, _)| other.operation == route.operation);
    if same.map(|(route, _)| route.methods.len()).sum::<usize>() == 1 {
        return format!("{:?}", route.operation);
    }
    let slug = path.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    format!("{:?}_{}{slug}", route.operation, method.to_lowercase())
}

fn operation(route: &Route, path: &str, method: &Method, schemas: &mut Schemas) -> Value {
    let described = describe(route.operation);
    let mut operation = Map::from_iter([
        ("operationId".to_owned(), operation_id(route, path, method.as_str()).into()),
        ("tags".to_owned(), json!([route.function])),
        ("summary".to_owned(), described.summary.into()),
        ("parameters".to_owned(), parameters(path, &described).into()),
        ("responses".to_owned(), responses(route, &described, schemas)),
        ("security".to_owned(), security(route.access)),
    ]);
    if let Access::Public(reason) = route.access {
        operation.insert("description".into(), format!("Open to anybody: {reason}.").into());
    }
    if method != Method::GET {
        operation.extend(described.body(schemas).map(|body| ("requestBody".to_owned(), body)));
    }
    operation.into()
}

fn parameters(path: &str, described: &Described) -> Vec<Value> {
    let segments = path.split('/').filter_map(|part| match part.strip_prefix(':') {
        Some(name) => Some(name),
        None => (part == "...").then_some("path"),
    });
    let in_path =
        segments.map(|name| json!({"name": name, "in": "path", "required": true, "schema": parameters::in_path(name)}));
    in_path.chain(described.query.iter().map(Parameter::json)).collect()
}

fn responses(route: &Route, described: &Described, schemas: &mut Schemas) -> Value {
    let mut all = Map::new();
    let (status, answer) = match &described.answer {
        Answer::Nothing => ("204", json!({"description": "Done."})),
        Answer::Json(schema) => {
            let content = json!({"application/json": {"schema": schema(&mut schemas.given)}});
            ("200", json!({"description": described.summary, "content": content, "links": links(route)}))
        }
        Answer::AnyJson => ("200", json!({"description": described.summary, "content": {"application/json": {}}})),
        Answer::Page => {
            let content = json!({"text/html; charset=utf-8": {"schema": {"type": "string"}}});
            ("200", json!({"description": described.summary, "content": content}))
        }
        Answer::Stream => {
            let content = json!({"text/event-stream": {}, "application/x-ndjson": {}});
            ("200", json!({"description": "A frame for each piece of news.", "content": content}))
        }
        Answer::Tenant => {
            let headers = json!({"X-Scope-OrgID": {"schema": {"type": "string"}, "required": true}});
            ("200", json!({"description": "It may, with these headers.", "headers": headers}))
        }
        Answer::Text => ("200", json!({"description": described.summary, "content": {"text/plain": {}}})),
        Answer::Backend => ("2XX", json!({"description": "The backend's own answer."})),
    };
    all.insert(status.into(), answer);
    for status in errors::statuses(route) {
        all.insert(status.to_string(), json!({"$ref": errors::reference(route.dialect)}));
    }
    if matches!(described.answer, Answer::Tenant) {
        all.extend(["401", "403"].map(|status| (status.into(), json!({"$ref": errors::reference(route.dialect)}))));
    }
    if matches!(described.answer, Answer::Backend | Answer::Stream) {
        all.insert("default".into(), json!({"description": "The backend's own refusal, with its status and text."}));
    }
    all.into()
}

/// What can be done with what was created: every row below the one that creates takes its id.
fn links(route: &Route) -> Value {
    let takes_id = |other: &&Route| {
        let below = other.path.strip_prefix(route.path).and_then(|rest| rest.strip_prefix("/:"));
        route.methods.contains(&Method::POST) && below.is_some()
    };
    let link = |other: &Route| {
        let parameter = other.path.split("/:").nth(1)?.split('/').next()?;
        let id = operation_id(other, other.path, other.methods.first()?.as_str());
        let parameters = json!({(parameter): "$response.body#/id"});
        Some((id.clone(), json!({"operationId": id, "parameters": parameters})))
    };
    ROUTES.iter().filter(takes_id).filter_map(link).collect()
}

fn security(access: Access) -> Value {
    match access {
        Access::Public(_) => json!([]),
        Access::Admin | Access::Manager(_) => json!([{"key": []}]),
        Access::AnyToken => json!([{"token": []}, {"bearer": []}, {"basic": []}]),
        Access::Observer(scope) => json!([{"key": []}, {"token": [scope.name()]}, {"bearer": [scope.name()]}]),
        Access::Holder(scope) => {
            let scopes = [scope.name()];
            json!([{"token": scopes}, {"bearer": scopes}, {"basic": scopes}])
        }
    }
}

fn credentials() -> Value {
    json!({
        "key": {"type": "apiKey", "in": "header", "name": "X-Auth-Token", "description": "A management key: an API key's secret, or the operator's own; a UUID."},
        "token": {"type": "apiKey", "in": "header", "name": "X-Token", "description": "A token's secret, `ckp_…`."},
        "bearer": {"type": "http", "scheme": "bearer", "description": "A token's secret."},
        "basic": {"type": "http", "scheme": "basic", "description": "Any user, a token's secret as the password."},
    })
}

#[cfg(test)]
mod tests;
