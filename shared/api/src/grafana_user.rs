//! The GrafanaUser object, its list, and the body that makes one.

use crate::request::{UUID, chosen, invalid, project, required};
use cockpit_core::{ProjectId, Refusal, refusal::InvalidReason};
use cockpit_state::grafana_users::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The roles, by the names they have in the API.
const ROLES: &[(&str, Role)] = &[("editor", Role::Editor), ("viewer", Role::Viewer)];

/// The login of Grafana's own administrator, which nobody else can have.
const RESERVED: &str = "admin";

/// A Grafana user.
#[derive(Debug, JsonSchema, Serialize)]
pub struct GrafanaUser {
    /// Its number in the project.
    pub id: u32,
    /// What it signs in with.
    pub login: String,
    /// `editor` or `viewer`.
    pub role: &'static str,
    /// The password, in the answer to its creation or reset only; empty afterwards.
    pub password: String,
}

impl GrafanaUser {
    /// The object of a stored user; `password` only when it was just made.
    pub fn new(stored: &cockpit_state::GrafanaUser, password: &str) -> Self {
        let role = match stored.role {
            Role::Editor => "editor",
            Role::Viewer => "viewer",
        };
        Self { id: stored.number, login: stored.login.clone(), role, password: password.to_owned() }
    }
}

/// One page of a project's Grafana users.
#[derive(Debug, JsonSchema, Serialize)]
pub struct GrafanaUserList {
    /// How many there are on all pages.
    pub total_count: usize,
    /// Those of this page; none past the end.
    pub grafana_users: Vec<GrafanaUser>,
}

/// The body of a Grafana user's creation.
#[derive(Debug, JsonSchema, Deserialize)]
pub struct CreateGrafanaUser {
    /// The project's UUID; the API key's own if it is left out.
    #[schemars(regex(pattern = UUID), extend("format" = "uuid"))]
    project_id: Option<String>,
    /// What it signs in with.
    #[schemars(required, regex(pattern = r"^[a-zA-Z0-9_-]{2,24}$"))]
    login: Option<String>,
    /// `editor` or `viewer`.
    #[schemars(required, extend("enum" = ["editor", "viewer"]))]
    role: Option<String>,
}

impl CreateGrafanaUser {
    /// The project, if one is named, the login and the role.
    pub fn checked(self) -> Result<(Option<ProjectId>, String, Role), Refusal> {
        let login = required("login", self.login.filter(|login| !login.is_empty()))?;
        let plain = login.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if !plain || !(2..=24).contains(&login.len()) || login == RESERVED {
            let help = "must be 2 to 24 letters, digits, - or _, and not admin";
            return Err(invalid("login", InvalidReason::Constraint, help));
        }
        let role = chosen("role", &required("role", self.role)?, ROLES)?;
        Ok((project(self.project_id.as_deref())?, login, role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;

    #[test]
    fn a_user_needs_a_login_and_a_role() {
        let create = |json: &str| body::<CreateGrafanaUser>(json.as_bytes()).unwrap().checked();
        let (project, login, role) = create(r#"{"login":"a-b_1","role":"viewer"}"#).unwrap();
        assert_eq!((project, login.as_str(), role), (None, "a-b_1", Role::Viewer));
        for (json, want) in [
            (r#"{"role":"viewer"}"#, "login: is required"),
            (r#"{"login":"a","role":"viewer"}"#, "login: must be 2 to 24"),
            (r#"{"login":"a b","role":"viewer"}"#, "login: must be 2 to 24"),
            (r#"{"login":"admin","role":"viewer"}"#, "login: must be 2 to 24"),
            (r#"{"login":"ab"}"#, "role: is required"),
            (r#"{"login":"ab","role":"unknown_role"}"#, "role: must be one of editor, viewer"),
        ] {
            let text = create(json).unwrap_err().to_string();
            assert!(text.contains(want), "{json}: {text}");
        }
    }
}
