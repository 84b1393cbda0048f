//! Who called, as far as authentication could tell.

use crate::{project::ProjectId, scope::Scopes};

/// Who called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Nobody in particular.
    Anonymous,
    /// The holder of the operator's management key.
    Admin,
    /// The holder of an API key.
    Key(Key),
    /// The holder of a live token.
    Token(TokenGrant),
}

/// What an API key manages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its public name, `SCW…`.
    pub access_key: String,
    /// The projects it is bound to.
    pub projects: Vec<ProjectId>,
    /// The project meant where a call names none.
    pub default: ProjectId,
    /// Whether it may change anything.
    pub writes: bool,
}

/// What a live token carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenGrant {
    /// Its id, as it is stored.
    pub id: [u8; 16],
    /// The project it belongs to.
    pub project: ProjectId,
    /// The number of the activation it belongs to.
    pub epoch: u64,
    /// What it may do.
    pub scopes: Scopes,
    /// The selector that the backend must hold its queries to.
    pub policy: Option<String>,
    /// What may be pushed with it, where that is less than its Cockpit may send.
    pub rates: TokenRates,
}

/// A token's own limits on pushes; `None` where it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenRates {
    /// Samples of metrics a second.
    pub samples: Option<u64>,
    /// Pushes of metrics a second.
    pub metrics_pushes: Option<u64>,
    /// Bytes of logs a second.
    pub log_bytes: Option<u64>,
    /// Pushes of logs a second.
    pub log_pushes: Option<u64>,
}

impl TokenGrant {
    /// A token without limits of its own.
    pub fn new(project: ProjectId, scopes: Scopes) -> Self {
        Self { id: [0; 16], project, epoch: 0, scopes, policy: None, rates: TokenRates::default() }
    }
}
