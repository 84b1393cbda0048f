//! The parameters of query strings, as the document lists them.

use crate::page::MAX_SIZE;
use serde_json::{Value, json};

/// A parameter of a query string.
pub(super) struct Parameter {
    name: &'static str,
    about: &'static str,
    required: bool,
    schema: fn() -> Value,
}

const PROJECT_ID: Parameter = Parameter {
    name: "project_id",
    about: "The project's UUID.",
    required: true,
    schema: || json!({"type": "string", "format": "uuid"}),
};

/// Which project.
pub(super) const PROJECT: &[Parameter] = &[PROJECT_ID];

/// Which part of a project's list, and in which order.
pub(super) const LIST: &[Parameter] = &[
    PROJECT_ID,
    Parameter {
        name: "page",
        about: "Which page, from 1.",
        required: false,
        schema: || json!({"type": "integer", "minimum": 1, "default": 1}),
    },
    Parameter {
        name: "page_size",
        about: "How many a page.",
        required: false,
        schema: || json!({"type": "integer", "minimum": 1, "maximum": MAX_SIZE}),
    },
    Parameter {
        name: "order_by",
        about: "How they are sorted.",
        required: false,
        schema: || json!({"type": "string", "enum": ["created_at_asc", "created_at_desc", "name_asc", "name_desc"]}),
    },
];

/// Whether to say what would be refused, and forward nothing.
pub(super) const EXPLAIN: &[Parameter] = &[Parameter {
    name: "explain",
    about: "Answer what would be refused and why, and forward nothing.",
    required: false,
    schema: || json!({"type": "boolean"}),
}];

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
