use super::*;

fn document() -> Value {
    openapi("http://gateway:3000/")
}

/// Every `$ref` in a part of the document.
fn references(part: &Value) -> Vec<String> {
    match part {
        Value::Object(fields) => {
            let own = fields.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned);
            own.into_iter().chain(fields.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => vec![],
    }
}

#[test]
fn every_row_and_method_is_described_once_under_its_own_name() {
    let document = document();
    let mut names = Vec::new();
    for route in ROUTES {
        for (path, method) in
            route.paths().iter().flat_map(|path| route.methods.iter().map(move |method| (path, method)))
        {
            let operation = &document["paths"][templated(path)][method.as_str().to_lowercase()];
            // The document cannot tell hosts apart: what some hosts only serve is described as all others serve it.
            let other = ROUTES.iter().any(|other| other.host().is_empty() && other.paths().contains(path));
            assert!(operation["operationId"].is_string() || !other && !route.host().is_empty(), "{path} {method}");
            if route.host().is_empty() {
                assert_eq!(operation["tags"][0], route.function, "{path} {method}");
                names.push(operation["operationId"].as_str().unwrap().to_owned());
            }
        }
    }
    let described: usize =
        document["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len()).sum();
    assert_eq!(described, names.len());
    names.sort();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let all = references(&document);
    assert!(all.len() > 50);
    for reference in all {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

#[test]
fn what_is_always_sent_is_required_of_answers_and_not_of_callers() {
    let schemas = &document()["components"]["schemas"];
    let required = |name: &str| schemas[name]["required"].as_array().map_or(0, Vec::len);
    assert_eq!(required("Token"), schemas["Token"]["properties"].as_object().unwrap().len());
    assert_eq!(required("CreateToken"), 1, "the name");
}

#[test]
fn every_field_is_explained() {
    for (name, schema) in document()["components"]["schemas"].as_object().unwrap() {
        for (field, about) in schema["properties"].as_object().into_iter().flatten() {
            let explained = about.get("description").is_some() || about.get("const").is_some();
            assert!(explained, "{name}.{field} has no documentation");
        }
    }
}
