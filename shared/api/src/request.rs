//! Requests of the management API: bodies and query strings.
//!
//! Bodies may be missing, and unknown fields are ignored; what is wrong is named with its place.

use crate::page::{Order, Page};
use cockpit_core::{ProjectId, Refusal, Scope, Scopes, refusal::InvalidReason};
use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// The longest name, in characters.
const MAX_NAME: usize = 255;

/// A body that names a project.
#[derive(Debug, JsonSchema, Deserialize)]
pub struct ProjectBody {
    /// The project's UUID.
    #[schemars(required, extend("format" = "uuid"))]
    project_id: Option<String>,
}

impl ProjectBody {
    /// The project.
    pub fn project(&self) -> Result<ProjectId, Refusal> {
        project(self.project_id.as_deref())
    }
}

/// A query that names a project.
#[derive(Debug)]
pub struct ProjectQuery {
    /// The project.
    pub project: ProjectId,
}

impl ProjectQuery {
    /// Reads the query string.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        Ok(Self { project: project(query(text).get("project_id").map(String::as_str))? })
    }
}

/// The body of a token's creation.
#[derive(Debug, JsonSchema, Deserialize)]
pub struct CreateToken {
    /// The project's UUID.
    #[schemars(required, extend("format" = "uuid"))]
    project_id: Option<String>,
    /// What it is called; need not be unique.
    #[schemars(required, length(min = 1, max = 255), regex(pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"))]
    name: Option<String>,
    /// What it may do; scopes left out are not held.
    scopes: Option<BTreeMap<String, Option<bool>>>,
}

impl CreateToken {
    /// The project, the name and the scopes; a token for which none were asked holds none.
    pub fn checked(self) -> Result<(ProjectId, String, Scopes), Refusal> {
        let project = project(self.project_id.as_deref())?;
        let asked = self.scopes.unwrap_or_default();
        let held = |scope: &Scope| asked.get(scope.name()).copied().flatten().unwrap_or(false);
        Ok((project, name(self.name)?, Scope::ALL.into_iter().filter(held).collect()))
    }
}

/// The query of a list of tokens.
#[derive(Debug)]
pub struct ListTokens {
    /// The project.
    pub project: ProjectId,
    /// The page.
    pub page: Page,
    /// The order.
    pub order: Order,
}

impl ListTokens {
    /// Reads the query string.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let query = query(text);
        let value = |name: &str| query.get(name).map(String::as_str);
        Ok(Self {
            project: project(value("project_id"))?,
            page: Page::parse(value("page"), value("page_size"))?,
            order: Order::parse(value("order_by"))?,
        })
    }
}

/// Reads a JSON body; none at all counts as `{}`.
pub fn body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let bytes = if bytes.trim_ascii().is_empty() { b"{}" } else { bytes };
    // serde would also take the fields as an array, in an order that nobody promised.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(Refusal::Malformed("the body must be a JSON object".into()));
    }
    serde_json::from_slice(bytes)
        .map_err(|cause| Refusal::Malformed(format!("the body is not the JSON object expected: {cause}").into()))
}

/// The parameters of a query string; of a repeated one, the last.
pub fn query(text: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn project(id: Option<&str>) -> Result<ProjectId, Refusal> {
    let id =
        id.filter(|id| !id.is_empty()).ok_or_else(|| invalid("project_id", InvalidReason::Required, "is required"))?;
    ProjectId::parse(id).ok_or_else(|| invalid("project_id", InvalidReason::Format, "must be a UUID"))
}

fn name(name: Option<String>) -> Result<String, Refusal> {
    let name = name.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| invalid("name", InvalidReason::Required, "is required"))?;
    if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        let help = "must have at most 255 characters and no control characters";
        return Err(invalid("name", InvalidReason::Constraint, help));
    }
    Ok(name)
}

fn invalid(argument: &'static str, reason: InvalidReason, help: &'static str) -> Refusal {
    Refusal::Invalid { argument, reason, help: help.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

    fn create(json: &str) -> Result<(ProjectId, String, Scopes), Refusal> {
        body::<CreateToken>(json.as_bytes())?.checked()
    }

    #[test]
    fn a_creation_is_read_with_its_scopes() {
        let json = format!(
            r#"{{"project_id":"{ID}","name":"agent","scopes":{{"write_logs":true,"query_logs":false,"query_metrics":null,"later":true}},"x":1}}"#
        );
        let (project, name, scopes) = create(&json).unwrap();
        assert_eq!((project.to_string().as_str(), name.as_str()), (ID, "agent"));
        assert_eq!(scopes, [Scope::WriteLogs].into_iter().collect());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, want) in [
            ("", "project_id: is required"),
            ("{}", "project_id: is required"),
            (r#"{"project_id":""}"#, "project_id: is required"),
            (r#"{"project_id":"x"}"#, "project_id: must be a UUID"),
            (&format!(r#"{{"project_id":"{ID}"}}"#), "name: is required"),
            (&format!(r#"{{"project_id":"{ID}","name":"a\nb"}}"#), "name: must have"),
            ("[1]", "must be a JSON object"),
            ("{", "line 1 column 1"),
        ] {
            let text = create(json).unwrap_err().to_string();
            assert!(text.contains(want), "{json}: {text}");
        }
    }

    #[test]
    fn a_list_is_read_from_its_query() {
        let list = ListTokens::parse(&format!("project_id={ID}&page=2&page_size=10&order_by=name_desc")).unwrap();
        assert_eq!(list.order, Order::NameDescending);
        assert!(ListTokens::parse("").is_err());
        assert!(ListTokens::parse(&format!("project_id={ID}&order_by=size")).is_err());
    }
}
