//! A stand-in for Grafana: just enough to be found healthy.

use crate::{
    reply::{Reply, json, not_found},
    server::{Asked, Service},
};
use http::StatusCode;
use serde_json::json;

/// The stand-in.
#[derive(Default)]
pub(crate) struct Grafana;

impl Service for Grafana {
    fn needs_tenant(&self, _: &str) -> bool {
        false
    }

    fn answer(&mut self, asked: &Asked) -> Reply {
        match asked.path.as_str() {
            "/api/health" => json(StatusCode::OK, &json!({"database": "ok", "version": "sandbox"})),
            _ => not_found(),
        }
    }
}
