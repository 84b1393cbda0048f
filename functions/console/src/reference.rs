//! The reference of the API: the gateway's own description, for people.

use crate::page::layout;
use maud::{Markup, html};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// An operation of the description.
struct Operation<'d> {
    method: String,
    path: &'d str,
    about: &'d Value,
}

/// The page of a description.
pub(crate) fn page(document: &Value) -> Markup {
    let mut groups: BTreeMap<&str, Vec<Operation<'_>>> = BTreeMap::new();
    for (path, methods) in fields(&document["paths"]) {
        for (method, about) in fields(methods) {
            let group = text(at(about, "/tags/0"));
            groups.entry(group).or_default().push(Operation { method: method.to_uppercase(), path, about });
        }
    }
    layout(
        "API reference",
        &html! {
            p {
                "Management calls carry a key in " code { "X-Auth-Token" } "; everything else a token. Made from "
                a href="/openapi.json" { "the description" } " that clients can be generated from."
            }
            p { @for group in groups.keys() { a href={ "#" (group) } { (group) } " " } }
            @for (group, operations) in &groups {
                h2 id=(group) { (group) }
                @for operation in operations { (shown(document, operation)) }
            }
            h2 id="types" { "Types" }
            @for (name, about) in fields(at(document, "/components/schemas")) {
                details id={ "type-" (name) } {
                    summary { code { (name) } " " span.quiet { (text(&about["description"])) } }
                    (schema(document, about))
                }
            }
        },
    )
}

fn shown(document: &Value, operation: &Operation<'_>) -> Markup {
    let about = operation.about;
    html! {
        details id=(text(&about["operationId"])) {
            summary {
                span.method { (operation.method) } code { (operation.path) } " " span.quiet { (text(&about["summary"])) }
            }
            @if !about["description"].is_null() { p { (text(&about["description"])) } }
            p.quiet { (access(&about["security"])) }
            (parameters(&about["parameters"]))
            (bodies("Takes", document, at(about, "/requestBody/content")))
            @for (status, answer) in fields(&about["responses"]).filter(|(status, _)| status.starts_with('2')) {
                p { "Answers " strong { (status) } ": " (text(&answer["description"])) }
                (bodies("Gives", document, &answer["content"]))
            }
            p.quiet { "Refuses with " (refusals(&about["responses"])) "." }
        }
    }
}

/// Who may call, in words.
fn access(security: &Value) -> String {
    let Some(first) = security.as_array().and_then(|ways| ways.first()) else { return "Open to anybody.".into() };
    if first.get("key").is_some() {
        return "With a management key.".into();
    }
    match at(first, "/token/0").as_str() {
        Some(scope) => format!("With a token that holds {scope}."),
        None => "With any token.".into(),
    }
}

fn parameters(parameters: &Value) -> Markup {
    let all = parameters.as_array().map(Vec::as_slice).unwrap_or_default();
    html! {
        @if !all.is_empty() {
            table {
                tr { th { "Parameter" } th { "Type" } th { "" } }
                @for each in all {
                    tr {
                        td { code { (text(&each["name"])) } " " span.quiet { "in " (text(&each["in"])) } }
                        td { (kind(&each["schema"])) }
                        td { (text(&each["description"])) }
                    }
                }
            }
        }
    }
}

/// A body, by media type: its fields where they are known.
fn bodies(verb: &str, document: &Value, content: &Value) -> Markup {
    html! {
        @for (media, body) in fields(content) {
            p { (verb) " " code { (media) } }
            (schema(document, &body["schema"]))
        }
    }
}

fn schema(document: &Value, schema: &Value) -> Markup {
    let schema = resolved(document, schema);
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let known = fields(&schema["properties"]).next().is_some();
    html! {
        @if known {
            table {
                tr { th { "Field" } th { "Type" } th { "" } }
                @for (name, field) in fields(&schema["properties"]) {
                    tr {
                        td { code { (name) } @if required.iter().any(|each| each == name) { " *" } }
                        td { (kind(field)) }
                        td { (text(&field["description"])) }
                    }
                }
            }
        }
    }
}

/// The schema itself, where only a reference to it is given.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    let place = schema["$ref"].as_str().and_then(|place| place.strip_prefix('#'));
    place.and_then(|place| document.pointer(place)).unwrap_or(schema)
}

/// A type in a few words, with a link where there is more to say.
fn kind(schema: &Value) -> Markup {
    if let Some(name) = schema["$ref"].as_str().and_then(|place| place.rsplit('/').next()) {
        return html! { a href={ "#type-" (name) } { (name) } };
    }
    if let Some(any) = schema["anyOf"].as_array() {
        return html! { @for (place, each) in any.iter().enumerate() { @if place > 0 { " or " } (kind(each)) } };
    }
    let name = match &schema["type"] {
        Value::Array(names) => names.iter().map(text).collect::<Vec<_>>().join(" or "),
        name => text(name).to_owned(),
    };
    let format = schema["format"].as_str().map(|format| format!(", {format}")).unwrap_or_default();
    let choices = schema["enum"].as_array().map(|all| all.iter().map(text).collect::<Vec<_>>().join(", "));
    let choices = choices.map(|choices| format!(": {choices}")).unwrap_or_default();
    html! { (name) (format) @if schema["items"].is_object() { " of " (kind(&schema["items"])) } (choices) }
}

fn refusals(responses: &Value) -> String {
    let statuses = fields(responses).map(|(status, _)| status).filter(|status| !status.starts_with('2'));
    statuses.collect::<Vec<_>>().join(", ")
}

fn fields(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

/// What stands at a place of a value; null where there is nothing.
fn at<'v>(value: &'v Value, place: &str) -> &'v Value {
    value.pointer(place).unwrap_or(&Value::Null)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_and_the_fields_of_its_bodies_are_on_the_page() {
        let document = cockpit_api::openapi("http://gateway:3000");
        let page = page(&document).0;
        for (path, _) in fields(&document["paths"]) {
            assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
        }
        for field in ["label_policy", "retention_metrics_interval", "grace_period_seconds", "has_additional_receivers"]
        {
            assert!(page.contains(&format!("<code>{field}</code>")), "{field}");
        }
        assert!(page.contains("With a token that holds write_metrics.") && page.contains("With a management key."));
    }
}
