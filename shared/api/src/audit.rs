//! The audit trail, as the API shows it.

use crate::time::rfc3339;
use cockpit_state::audit::Entry;
use schemars::JsonSchema;
use serde::Serialize;

/// Something that was done to a project.
#[derive(Debug, JsonSchema, Serialize)]
pub struct AuditEvent {
    /// When, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// Who: an access key, or `admin` for the operator's own key.
    pub actor: String,
    /// What: the operation's name in this description.
    pub action: String,
    /// On what: an id or a name; empty if it is the Cockpit itself, or something that has no id yet.
    pub resource_id: String,
    /// From where: the caller's address; empty if the host does not tell.
    pub origin: String,
}

impl From<Entry> for AuditEvent {
    fn from(entry: Entry) -> Self {
        let at = rfc3339(entry.at());
        Self { at, actor: entry.actor, action: entry.action, resource_id: entry.resource, origin: entry.origin }
    }
}

/// One page of a project's audit trail, newest first.
#[derive(Debug, JsonSchema, Serialize)]
pub struct AuditEventList {
    /// How many there are on all pages; the oldest are dropped.
    pub total_count: usize,
    /// Those of this page; none past the end.
    pub events: Vec<AuditEvent>,
}
