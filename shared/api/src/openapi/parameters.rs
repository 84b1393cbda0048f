//! The parameters of query strings, as the document lists them.

use crate::page::{self, MAX_SIZE, Order};
use serde_json::{Value, json};

/// A parameter of a query string.
pub(super) struct Parameter {
    name: &'static str,
    about: &'static str,
    required: bool,
    schema: fn() -> Value,
}

const fn optional(name: &'static str, about: &'static str, schema: fn() -> Value) -> Parameter {
    Parameter { name, about, required: false, schema }
}

const PROJECT_ID: Parameter = optional(
    "project_id",
    "The project's UUID; the API key's own if it is left out.",
    || json!({"type": "string", "format": "uuid"}),
);

const PAGE: Parameter =
    optional("page", "Which page, from 1.", || json!({"type": "integer", "minimum": 1, "default": 1}));

const PAGE_SIZE: Parameter =
    optional("page_size", "How many a page.", || json!({"type": "integer", "minimum": 1, "maximum": MAX_SIZE}));

const BY_DATE_OR_NAME: Parameter = optional("order_by", "How they are sorted.", || order(page::BY_DATE_OR_NAME));

/// Which project.
pub(super) const PROJECT: &[Parameter] = &[PROJECT_ID];

/// Which budget.
pub(super) const BUDGET: &[Parameter] = &[
    PROJECT_ID,
    Parameter {
        name: "selector",
        about: "Its selector, with its labels in any order.",
        required: true,
        schema: || json!({"type": "string"}),
    },
];

/// Whose usage, of one project.
pub(super) const PROJECT_USAGE: &[Parameter] = &[optional(
    "project_id",
    "The project's UUID; if it is left out, a token's or an API key's own.",
    || json!({"type": "string", "format": "uuid"}),
)];

/// Whose usage.
pub(super) const USAGE: &[Parameter] = &[
    optional(
        "project_id",
        "The project's UUID; if it is left out, a token's or an API key's own, or a page of all for the operator.",
        || json!({"type": "string", "format": "uuid"}),
    ),
    PAGE,
    PAGE_SIZE,
];

/// Which part of a project's list.
pub(super) const PAGES: &[Parameter] = &[PROJECT_ID, PAGE, PAGE_SIZE];

/// Which part of a project's list, and in which order.
pub(super) const LIST: &[Parameter] = &[PROJECT_ID, PAGE, PAGE_SIZE, BY_DATE_OR_NAME];

/// The same of what belongs to no project.
pub(super) const API_KEYS: &[Parameter] =
    &[PAGE, PAGE_SIZE, optional("order_by", "How they are sorted.", || order(page::BY_ACCESS_KEY))];

/// Which plans.
pub(super) const PLANS: &[Parameter] =
    &[PAGE, PAGE_SIZE, optional("order_by", "How they are sorted.", || order(page::BY_NAME))];

/// Which Grafana users.
pub(super) const GRAFANA_USERS: &[Parameter] =
    &[PROJECT_ID, PAGE, PAGE_SIZE, optional("order_by", "How they are sorted.", || order(page::BY_LOGIN))];

/// Which dashboards.
pub(super) const DASHBOARDS: &[Parameter] =
    &[PROJECT_ID, PAGE, PAGE_SIZE, optional("tags", "Tags that they all must have.", || strings(json!({})))];

/// Which datasources.
pub(super) const DATASOURCES: &[Parameter] = &[
    PROJECT_ID,
    PAGE,
    PAGE_SIZE,
    BY_DATE_OR_NAME,
    optional("types", "Types of which they may be.", || {
        strings(json!({"enum": ["metrics", "logs", "traces", "alerts", "unknown_datasource_type"]}))
    }),
    optional("is_managed_by_scaleway", "Whether they are; none is.", || json!({"type": "boolean"})),
];

/// Which part of the usage.
pub(super) const METRICS: &[Parameter] = &[
    PROJECT_ID,
    optional("start_date", "From when, RFC 3339.", moment),
    optional("end_date", "Until when, RFC 3339.", moment),
    optional("metric_name", "Which metric; all if it is left out.", || json!({"type": "string"})),
];

fn order(choices: &[(&str, Order)]) -> Value {
    let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
    json!({"type": "string", "enum": names})
}

fn strings(limits: Value) -> Value {
    let mut item = json!({"type": "string"});
    item.as_object_mut().into_iter().for_each(|item| item.extend(limits.as_object().cloned().unwrap_or_default()));
    json!({"type": "array", "items": item})
}

fn moment() -> Value {
    json!({"type": "string", "format": "date-time"})
}

/// The schema of a parameter of a path.
pub(super) fn in_path(name: &str) -> Value {
    match name {
        "access_key" => json!({"type": "string", "pattern": "^SCW[A-Z0-9]{17}$"}),
        "dashboard_name" => json!({"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}),
        "number" => json!({"type": "integer", "minimum": 2}),
        _ if name.ends_with("_id") => json!({"type": "string", "format": "uuid"}),
        _ => json!({"type": "string"}),
    }
}

/// Whether to say what would be refused, and forward nothing.
pub(super) const EXPLAIN: &[Parameter] =
    &[optional("explain", "Answer what would be refused and why, and forward nothing.", || json!({"type": "boolean"}))];

/// What to follow.
pub(super) const TAIL: &[Parameter] = &[
    Parameter { name: "query", about: "A LogQL query of logs.", required: true, schema: || json!({"type": "string"}) },
    Parameter {
        name: "start",
        about: "From when, in nanoseconds or seconds since 1970; without it, the newest lines of the last hour come first.",
        required: false,
        schema: || json!({"type": "string"}),
    },
    Parameter {
        name: "limit",
        about: "How many lines of the past, the newest.",
        required: false,
        schema: || json!({"type": "integer", "minimum": 1}),
    },
    Parameter {
        name: "delay_for",
        about: "Seconds to lag behind, so that slow writers can catch up.",
        required: false,
        schema: || json!({"type": "integer", "minimum": 0, "maximum": 5}),
    },
];

impl Parameter {
    /// As OpenAPI has it.
    pub(super) fn json(&self) -> Value {
        json!({
            "name": self.name,
            "in": "query",
            "required": self.required,
            "description": self.about,
            "schema": (self.schema)(),
        })
    }
}
