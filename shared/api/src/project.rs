//! Requests that name a project and nothing else.

use crate::request::{UUID, project};
use cockpit_core::{ProjectId, Refusal};
use schemars::JsonSchema;
use serde::Deserialize;

/// A body that names a project.
#[derive(Debug, JsonSchema, Deserialize)]
pub struct ProjectBody {
    /// The project's UUID; the API key's own if it is left out.
    #[schemars(regex(pattern = UUID), extend("format" = "uuid"))]
    project_id: Option<String>,
}

impl ProjectBody {
    /// The project, if one is named.
    pub fn project(&self) -> Result<Option<ProjectId>, Refusal> {
        project(self.project_id.as_deref())
    }
}
