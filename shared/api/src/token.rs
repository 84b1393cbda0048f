//! The Token object and its list.

use crate::time::rfc3339;
use cockpit_core::{Scope, Scopes};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A token.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Token {
    /// Its UUID.
    #[schemars(extend("format" = "uuid"))]
    pub id: String,
    /// The UUID of its project.
    #[schemars(extend("format" = "uuid"))]
    pub project_id: String,
    /// Its name.
    pub name: String,
    /// When it was created, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub created_at: Option<String>,
    /// The same: tokens never change.
    #[schemars(extend("format" = "date-time"))]
    pub updated_at: Option<String>,
    /// Each of the nine scopes, and whether it is held.
    pub scopes: BTreeMap<&'static str, bool>,
    /// The secret, in the answer to its creation only; null afterwards.
    pub secret_key: Option<String>,
}

impl Token {
    /// The object of a stored token; `secret` only when it was just created.
    pub fn new(stored: &cockpit_state::Token, secret: Option<&str>) -> Self {
        let created_at = rfc3339(stored.created_at());
        Self {
            id: stored.id().to_string(),
            project_id: stored.project().to_string(),
            name: stored.name.clone(),
            created_at: Some(created_at.clone()),
            updated_at: Some(created_at),
            scopes: names(stored.scopes()),
            secret_key: secret.map(ToOwned::to_owned),
        }
    }
}

fn names(held: Scopes) -> BTreeMap<&'static str, bool> {
    Scope::ALL.into_iter().map(|scope| (scope.name(), held.contains(scope))).collect()
}

/// One page of a project's tokens.
#[derive(Debug, JsonSchema, Serialize)]
pub struct TokenList {
    /// How many there are on all pages.
    pub total_count: usize,
    /// Those of this page; none past the end.
    pub tokens: Vec<Token>,
}
