//! The API key object, its list, and the body that makes one.

use crate::{
    request::{UUID, chosen, future, invalid, line, required},
    time::rfc3339,
};
use cockpit_core::{ProjectId, Refusal, Timestamp, refusal::InvalidReason};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most projects of an API key.
const MOST_PROJECTS: usize = 100;

/// An API key.
#[derive(Debug, JsonSchema, Serialize)]
pub struct ApiKey {
    /// Its public name, `SCW` and 17 letters or digits.
    pub access_key: String,
    /// The secret, a UUID, in the answer to its creation only; null afterwards.
    pub secret_key: Option<String>,
    /// What it is for.
    pub description: String,
    /// When it was created, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub created_at: Option<String>,
    /// The same: API keys never change.
    #[schemars(extend("format" = "date-time"))]
    pub updated_at: Option<String>,
    /// When it stops working; null if never.
    #[schemars(extend("format" = "date-time"))]
    pub expires_at: Option<String>,
    /// The project meant where a call names none.
    #[schemars(extend("format" = "uuid"))]
    pub default_project_id: String,
    /// The projects it manages.
    pub project_ids: Vec<String>,
    /// `full`, or `read_only`.
    pub access: &'static str,
    /// Always false: an API key is replaced, not changed.
    pub editable: bool,
    /// Always true.
    pub deletable: bool,
    /// Always false: whoever holds the operator's key issued it.
    pub managed: bool,
}

impl ApiKey {
    /// The object of a stored API key; `secret` only when it was just created.
    pub fn new(stored: &cockpit_state::ApiKey, secret: Option<&str>) -> Self {
        let created_at = rfc3339(stored.created_at());
        Self {
            access_key: stored.access_key.clone(),
            secret_key: secret.map(ToOwned::to_owned),
            description: stored.description.clone(),
            created_at: Some(created_at.clone()),
            updated_at: Some(created_at),
            expires_at: stored.expires_at().map(rfc3339),
            default_project_id: stored.default_project().to_string(),
            project_ids: stored.projects().map(|project| project.to_string()).collect(),
            access: if stored.writes { "full" } else { "read_only" },
            editable: false,
            deletable: true,
            managed: false,
        }
    }
}

/// One page of the API keys.
#[derive(Debug, JsonSchema, Serialize)]
pub struct ApiKeyList {
    /// How many there are on all pages.
    pub total_count: usize,
    /// Those of this page; none past the end.
    pub api_keys: Vec<ApiKey>,
}

/// The body of an API key's creation.
#[derive(Debug, JsonSchema, Deserialize)]
pub struct CreateApiKey {
    /// The projects it manages; the default one alone if they are left out.
    #[schemars(extend("items" = {"type": "string", "format": "uuid"}, "maxItems" = 100))]
    project_ids: Option<Vec<String>>,
    /// The project meant where a call names none; the first of the projects if it is left out.
    #[schemars(regex(pattern = UUID), extend("format" = "uuid"))]
    default_project_id: Option<String>,
    /// What it is for.
    #[schemars(length(max = 255), regex(pattern = r"^[^\x00-\x1f\x7f-\x9f]*$"))]
    description: Option<String>,
    /// `full`, which is the default, or `read_only`.
    #[schemars(extend("enum" = ["full", "read_only", null]))]
    access: Option<String>,
    /// When it stops working; never if it is left out.
    #[schemars(extend("format" = "date-time"))]
    expires_at: Option<String>,
}

/// An API key's creation whose fields are as they must be.
#[derive(Debug)]
pub struct ApiKeyRequest {
    /// The projects it manages.
    pub projects: Vec<ProjectId>,
    /// The project meant where a call names none; one of them.
    pub default: ProjectId,
    /// What it is for.
    pub description: String,
    /// Whether it may change anything.
    pub writes: bool,
    /// When it stops working, if ever.
    pub expires_at: Option<Timestamp>,
}

impl CreateApiKey {
    /// Checks the fields.
    pub fn checked(self, now: Timestamp) -> Result<ApiKeyRequest, Refusal> {
        let named = self.default_project_id.map(|id| project("default_project_id", &id)).transpose()?;
        let listed = self.project_ids.unwrap_or_default();
        let mut projects: Vec<_> = listed.iter().map(|id| project("project_ids", id)).collect::<Result<_, _>>()?;
        projects.extend(named.filter(|named| !projects.contains(named)));
        if projects.len() > MOST_PROJECTS {
            let help = format!("must be at most {MOST_PROJECTS} projects");
            return Err(invalid("project_ids", InvalidReason::Constraint, help));
        }
        let default = required("project_ids", named.or(projects.first().copied()))?;
        let access = self.access.as_deref().unwrap_or("full");
        Ok(ApiKeyRequest {
            projects,
            default,
            description: line("description", self.description.unwrap_or_default())?,
            writes: chosen("access", access, &[("full", true), ("read_only", false)])?,
            expires_at: self.expires_at.map(|end| future("expires_at", &end, now)).transpose()?,
        })
    }
}

fn project(argument: &'static str, id: &str) -> Result<ProjectId, Refusal> {
    ProjectId::parse(id).ok_or_else(|| invalid(argument, InvalidReason::Format, "must be a UUID"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;

    const A: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
    const B: &str = "2b4e28ba-2fa1-11d2-883f-0016d3cca427";

    fn create(json: &str) -> Result<ApiKeyRequest, Refusal> {
        body::<CreateApiKey>(json.as_bytes())?.checked(Timestamp::from_micros(0))
    }

    #[test]
    fn an_api_key_has_projects_and_one_of_them_is_its_own() {
        for (json, default, count) in [
            (format!(r#"{{"project_ids":["{A}","{B}"]}}"#), A, 2),
            (format!(r#"{{"project_ids":["{A}","{B}"],"default_project_id":"{B}"}}"#), B, 2),
            (format!(r#"{{"project_ids":["{A}"],"default_project_id":"{B}"}}"#), B, 2),
            (format!(r#"{{"default_project_id":"{B}"}}"#), B, 1),
        ] {
            let request = create(&json).unwrap();
            assert_eq!((request.default.to_string().as_str(), request.projects.len()), (default, count), "{json}");
            assert!(request.writes);
        }
        assert!(!create(&format!(r#"{{"project_ids":["{A}"],"access":"read_only"}}"#)).unwrap().writes);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, want) in [
            ("{}".to_owned(), "project_ids: is required"),
            (r#"{"project_ids":["x"]}"#.to_owned(), "project_ids: must be a UUID"),
            (format!(r#"{{"project_ids":["{A}"],"access":"all"}}"#), "access: must be one of full, read_only"),
            (format!(r#"{{"project_ids":["{A}"],"expires_at":"1969-01-01T00:00:00Z"}}"#), "in the future"),
        ] {
            let text = create(&json).unwrap_err().to_string();
            assert!(text.contains(want), "{json}: {text}");
        }
    }
}
