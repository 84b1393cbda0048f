//! The ContactPoint object, its list, and the body that names one.

use crate::request::{UUID, invalid, project, required};
use cockpit_core::{ProjectId, Refusal, refusal::InvalidReason};
use email_address::{EmailAddress, Options};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody to send alerts to.
#[derive(Debug, JsonSchema, Serialize)]
pub struct ContactPoint {
    /// The e-mail address; there is no other kind.
    pub email: Email,
}

/// An e-mail address.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Email {
    /// The address.
    pub to: String,
}

impl From<cockpit_state::ContactPoint> for ContactPoint {
    fn from(stored: cockpit_state::ContactPoint) -> Self {
        Self { email: Email { to: stored.email } }
    }
}

/// One page of a project's contact points.
#[derive(Debug, JsonSchema, Serialize)]
pub struct ContactPointList {
    /// How many there are on all pages.
    pub total_count: usize,
    /// Those of this page; none past the end.
    pub contact_points: Vec<ContactPoint>,
    /// Whether Alertmanager has receivers that are not among these.
    pub has_additional_receivers: bool,
    /// Whether those receivers send to anybody else.
    pub has_additional_contact_points: bool,
}

/// A body that names a contact point.
#[derive(Debug, JsonSchema, Deserialize)]
pub struct ContactPointBody {
    /// The project's UUID; the API key's own if it is left out.
    #[schemars(regex(pattern = UUID), extend("format" = "uuid"))]
    project_id: Option<String>,
    /// The contact point.
    #[schemars(required)]
    contact_point: Option<GivenContactPoint>,
}

/// A contact point as callers give it.
#[derive(Debug, JsonSchema, Deserialize)]
pub(crate) struct GivenContactPoint {
    /// The e-mail address; there is no other kind.
    #[schemars(required)]
    email: Option<GivenEmail>,
}

/// An e-mail address as callers give it.
#[derive(Debug, JsonSchema, Deserialize)]
pub(crate) struct GivenEmail {
    /// The address.
    #[schemars(required, extend("format" = "email"))]
    to: Option<String>,
}

impl ContactPointBody {
    /// The project, if one is named, and the address.
    pub fn checked(self) -> Result<(Option<ProjectId>, String), Refusal> {
        let email = required("contact_point", self.contact_point)?.email;
        let to = required("contact_point.email", email)?.to;
        let to = required("contact_point.email.to", to.filter(|to| !to.is_empty()))?;
        if EmailAddress::parse_with_options(&to, Options::default().without_display_text()).is_err() {
            return Err(invalid("contact_point.email.to", InvalidReason::Format, "must be an e-mail address"));
        }
        Ok((project(self.project_id.as_deref())?, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;

    #[test]
    fn a_contact_point_is_an_address() {
        let read = |json: &str| body::<ContactPointBody>(json.as_bytes()).unwrap().checked();
        let (project, to) = read(r#"{"contact_point":{"email":{"to":"a@b.example"}}}"#).unwrap();
        assert_eq!((project, to.as_str()), (None, "a@b.example"));
        for (json, want) in [
            ("{}", "contact_point: is required"),
            (r#"{"contact_point":{}}"#, "contact_point.email: is required"),
            (r#"{"contact_point":{"email":{"to":""}}}"#, "contact_point.email.to: is required"),
            (r#"{"contact_point":{"email":{"to":"nobody"}}}"#, "contact_point.email.to: must be an e-mail"),
            (r#"{"contact_point":{"email":{"to":"Ada <a@b.example>"}}}"#, "contact_point.email.to: must be an e-mail"),
            (r#"{"contact_point":{"email":{"to":"a@b\nBcc: c@d"}}}"#, "contact_point.email.to: must be an e-mail"),
        ] {
            let text = read(json).unwrap_err().to_string();
            assert!(text.contains(want), "{json}: {text}");
        }
    }
}
