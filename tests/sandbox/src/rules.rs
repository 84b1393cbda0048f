//! Rule groups as text, for the ruler APIs of Mimir and Loki.

use crate::{
    reply::{Reply, json, not_found, text},
    server::Asked,
};
use http::{Method, StatusCode};
use serde_json::json;
use std::{collections::BTreeMap, fmt::Write};

/// Groups by tenant and namespace: name and text.
#[derive(Default)]
pub(crate) struct Rules(BTreeMap<(String, String), BTreeMap<String, String>>);

impl Rules {
    /// Answers a request below the ruler's path; `none` is the answer of a list of nothing.
    pub(crate) fn answer(&mut self, rest: &str, asked: &Asked, none: impl Fn() -> Reply) -> Reply {
        let segments: Vec<_> = rest.split('/').skip(1).map(decoded).collect();
        let list = |yaml: Option<String>| yaml.map_or_else(none, |yaml| text(StatusCode::OK, &yaml));
        match (&asked.method, segments.as_slice()) {
            (&Method::GET, []) => list(self.list(&asked.tenant, None)),
            (&Method::GET, [namespace]) => list(self.list(&asked.tenant, Some(namespace))),
            (&Method::POST, [namespace]) => self.set(namespace, asked),
            (&Method::GET, [namespace, group]) => match self.namespace(namespace, asked).get(group) {
                Some(yaml) => text(StatusCode::OK, yaml),
                None => text(StatusCode::NOT_FOUND, "group does not exist\n"),
            },
            (&Method::DELETE, [namespace, group]) => {
                self.namespace(namespace, asked).remove(group);
                accepted()
            }
            (&Method::DELETE, [namespace]) => {
                self.0.remove(&(asked.tenant.clone(), namespace.clone()));
                accepted()
            }
            _ => not_found(),
        }
    }

    fn namespace(&mut self, name: &str, asked: &Asked) -> &mut BTreeMap<String, String> {
        self.0.entry((asked.tenant.clone(), name.to_owned())).or_default()
    }

    fn set(&mut self, namespace: &str, asked: &Asked) -> Reply {
        let yaml = String::from_utf8_lossy(&asked.body).into_owned();
        let Some(name) = yaml.lines().find_map(|line| line.strip_prefix("name:")) else {
            return text(StatusCode::BAD_REQUEST, "unable to decode rule group\n");
        };
        self.namespace(namespace, asked).insert(name.trim().to_owned(), yaml.clone());
        accepted()
    }

    fn list(&self, tenant: &str, only: Option<&String>) -> Option<String> {
        let mut yaml = String::new();
        let wanted = |namespace: &String| only.is_none_or(|only| only == namespace);
        for ((owner, namespace), groups) in &self.0 {
            if owner != tenant || !wanted(namespace) || groups.is_empty() {
                continue;
            }
            let _ = writeln!(yaml, "{namespace:?}:");
            for group in groups.values() {
                let mut lines = group.lines();
                let _ = writeln!(yaml, "    - {}", lines.next().unwrap_or_default());
                lines.for_each(|line| {
                    let _ = writeln!(yaml, "      {line}");
                });
            }
        }
        (!yaml.is_empty()).then_some(yaml)
    }
}

fn accepted() -> Reply {
    json(StatusCode::ACCEPTED, &json!({"status": "success", "data": null, "errorType": "", "error": ""}))
}

/// A segment of a path as it was meant.
fn decoded(raw: &str) -> String {
    let pair = format!("x={}", raw.replace('+', "%2B"));
    form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}
