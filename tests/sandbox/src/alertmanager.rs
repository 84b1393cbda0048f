//! A stand-in for Mimir's Alertmanager: alerts and silences in memory, the configurations of tenants as text.

use crate::{
    reply::{Reply, bytes, json, not_found, text},
    server::{Asked, Service},
};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The stand-in.
#[derive(Default)]
pub(crate) struct Alertmanager(BTreeMap<String, Tenant>);

#[derive(Default)]
struct Tenant {
    alerts: Vec<Value>,
    silences: BTreeMap<String, Value>,
    configuration: Option<String>,
}

impl Service for Alertmanager {
    fn needs_tenant(&self, _: &str) -> bool {
        true
    }

    fn answer(&mut self, asked: &Asked) -> Reply {
        let tenant = self.0.entry(asked.tenant.clone()).or_default();
        if asked.path == "/api/v1/alerts" {
            return tenant.configuration(asked);
        }
        let Some(api) = asked.path.strip_prefix("/alertmanager/api/v2/") else { return not_found() };
        match (&asked.method, api) {
            (&Method::GET, "status") => {
                json(StatusCode::OK, &json!({"cluster": {"status": "ready"}, "config": {"original": ""}}))
            }
            (&Method::GET, "receivers") => json(StatusCode::OK, &json!([{"name": "default"}])),
            (&Method::GET, "alerts/groups") => json(StatusCode::OK, &json!([])),
            (&Method::GET, "alerts") => json(StatusCode::OK, &tenant.alerts),
            (&Method::GET, "silences") => json(StatusCode::OK, &tenant.silences.values().collect::<Vec<_>>()),
            (&Method::POST, "alerts" | "silences") => match serde_json::from_slice(&asked.body) {
                Ok(body) => tenant.add(api, body),
                Err(error) => json(StatusCode::BAD_REQUEST, &json!({"code": 400, "message": error.to_string()})),
            },
            (method, api) => api.strip_prefix("silence/").map_or_else(not_found, |id| tenant.silence(method, id)),
        }
    }
}

impl Tenant {
    fn configuration(&mut self, asked: &Asked) -> Reply {
        match (&asked.method, &self.configuration) {
            (&Method::GET, Some(yaml)) => bytes(StatusCode::OK, "application/yaml", yaml.clone()),
            (&Method::GET, None) => text(StatusCode::NOT_FOUND, "alertmanager storage object not found\n"),
            (&Method::POST, _) => {
                self.configuration = Some(String::from_utf8_lossy(&asked.body).into_owned());
                text(StatusCode::CREATED, "")
            }
            (&Method::DELETE, _) => {
                self.configuration = None;
                text(StatusCode::OK, "")
            }
            _ => text(StatusCode::METHOD_NOT_ALLOWED, ""),
        }
    }

    fn add(&mut self, kind: &str, body: Value) -> Reply {
        if kind == "alerts" {
            self.alerts = body.as_array().cloned().unwrap_or_default();
            return text(StatusCode::OK, "");
        }
        let id = format!("00000000-0000-4000-8000-{:012}", self.silences.len() + 1);
        self.silences.insert(id.clone(), body);
        json(StatusCode::OK, &json!({"silenceID": id}))
    }

    fn silence(&mut self, method: &Method, id: &str) -> Reply {
        match (method, self.silences.get(id)) {
            (_, None) => text(StatusCode::NOT_FOUND, ""),
            (&Method::DELETE, Some(_)) => {
                self.silences.remove(id);
                text(StatusCode::OK, "")
            }
            (_, Some(silence)) => json(StatusCode::OK, silence),
        }
    }
}
