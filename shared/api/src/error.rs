//! Errors of the management API. The SDKs choose their exception by `type`; a body without one still has to
//! be a JSON object.

use cockpit_core::{Refusal, refusal::InvalidReason};
use schemars::JsonSchema;
use serde::Serialize;

/// The body of an error.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ApiError {
    /// 400: an argument is missing or wrong.
    InvalidArguments {
        /// Always the same sentence.
        message: &'static str,
        /// What is wrong with which argument.
        details: [Detail; 1],
    },
    /// 401: the key is missing or wrong.
    DeniedAuthentication {
        /// Always the same sentence.
        message: &'static str,
        /// Always `api_key`.
        method: &'static str,
        /// `expired`, or `not_found`: in which other way it is wrong is nobody's business.
        reason: &'static str,
    },
    /// 403: the key is good and may not do this.
    PermissionsDenied {
        /// Always the same sentence.
        message: &'static str,
        /// What it may not do.
        details: [Permission; 1],
    },
    /// 403: the project has as many as it may.
    QuotasExceeded {
        /// Always the same sentence.
        message: &'static str,
        /// Of what, and how many.
        details: [Quota; 1],
    },
    /// 412: something else has to be done first.
    PreconditionFailed {
        /// Always the same sentence.
        message: &'static str,
        /// What is not met.
        precondition: &'static str,
        /// What to do.
        help_message: &'static str,
    },
    /// 404: there is no such thing, or it is somebody else's.
    NotFound {
        /// Always the same sentence.
        message: &'static str,
        /// What was looked for.
        resource: &'static str,
        /// Its id, as the caller gave it.
        resource_id: String,
    },
    /// 409: it is already there.
    AlreadyExists {
        /// Always the same sentence.
        message: &'static str,
        /// What is.
        resource: &'static str,
        /// Empty, as recorded.
        resource_id: &'static str,
        /// How to go on.
        help_message: &'static str,
    },
    /// 409: it is on its way to another state.
    TransientState {
        /// Always the same sentence.
        message: &'static str,
        /// What is.
        resource: &'static str,
        /// Its id.
        resource_id: String,
        /// The state it is in.
        current_state: &'static str,
    },
    /// Any other status.
    #[serde(untagged)]
    Other {
        /// What went wrong, and what to do.
        message: String,
    },
}

/// What is wrong with an argument.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Detail {
    /// Which argument.
    argument_name: &'static str,
    /// `required`, `format` or `constraint`.
    reason: &'static str,
    /// What it must be.
    help_message: String,
}

/// A missing right.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Permission {
    /// What was tried.
    action: &'static str,
    /// On what.
    resource: &'static str,
}

/// A quota that is used up.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Quota {
    /// Of what.
    resource: &'static str,
    /// How many there may be.
    quota: usize,
    /// How many there are.
    current: usize,
    /// Whose; left out if they belong to the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<String>,
}

impl From<&Refusal> for ApiError {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Malformed(what) => invalid("body", "format", what),
            Refusal::Invalid { argument, reason, help } => invalid(argument, reason_name(*reason), help),
            Refusal::Unauthenticated => denied("not_found"),
            Refusal::Expired => denied("expired"),
            Refusal::Unpermitted { action, resource } => unpermitted(action, resource),
            Refusal::MissingScope(scope) => unpermitted(scope.name(), "cockpit"),
            Refusal::QuotaExceeded { resource, quota, current, project } => {
                let (quota, current, project_id) = (*quota, *current, project.map(|project| project.to_string()));
                let details = [Quota { resource, quota, current, project_id }];
                Self::QuotasExceeded { message: "quota(s) exceeded for this resource", details }
            }
            Refusal::Precondition { precondition, help } => {
                Self::PreconditionFailed { message: "precondition is not respected", precondition, help_message: help }
            }
            Refusal::NotFound { resource, id } => {
                Self::NotFound { message: "resource is not found", resource, resource_id: id.clone() }
            }
            Refusal::AlreadyExists { resource, help } => Self::AlreadyExists {
                message: "resource already exists",
                resource,
                resource_id: "",
                help_message: help,
            },
            Refusal::Transient { resource, id, state } => Self::TransientState {
                message: "resource is in a transient state",
                resource,
                resource_id: id.clone(),
                current_state: state,
            },
            Refusal::Restricted(_)
            | Refusal::UnknownPath
            | Refusal::WrongMethod(_)
            | Refusal::TooLarge(_)
            | Refusal::UnsupportedMedia(_)
            | Refusal::Unsupported(_)
            | Refusal::Forbidden(_)
            | Refusal::Throttled(_)
            | Refusal::Cut(..)
            | Refusal::Unavailable(_)
            | Refusal::Interrupted
            | Refusal::Late(_)
            | Refusal::BadUpstream(_) => Self::Other { message: refusal.to_string() },
        }
    }
}

fn denied(reason: &'static str) -> ApiError {
    ApiError::DeniedAuthentication { message: "authentication is denied", method: "api_key", reason }
}

fn unpermitted(action: &'static str, resource: &'static str) -> ApiError {
    let details = [Permission { action, resource }];
    ApiError::PermissionsDenied { message: "insufficient permissions", details }
}

fn invalid(argument_name: &'static str, reason: &'static str, help: &str) -> ApiError {
    let details = [Detail { argument_name, reason, help_message: help.to_owned() }];
    ApiError::InvalidArguments { message: "invalid argument(s)", details }
}

const fn reason_name(reason: InvalidReason) -> &'static str {
    match reason {
        InvalidReason::Required => "required",
        InvalidReason::Format => "format",
        InvalidReason::Constraint => "constraint",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(refusal: Refusal) -> String {
        serde_json::to_string(&ApiError::from(&refusal)).unwrap()
    }

    #[test]
    fn errors_read_as_recorded_from_the_original() {
        let missing = Refusal::NotFound { resource: "token", id: "x".into() };
        assert_eq!(
            json(missing),
            r#"{"type":"not_found","message":"resource is not found","resource":"token","resource_id":"x"}"#
        );
        let exists = Refusal::AlreadyExists { resource: "cockpit", help: "h" };
        assert_eq!(
            json(exists),
            r#"{"type":"already_exists","message":"resource already exists","resource":"cockpit","resource_id":"","help_message":"h"}"#
        );
        let invalid =
            Refusal::Invalid { argument: "name", reason: InvalidReason::Required, help: "is required".into() };
        assert_eq!(
            json(invalid),
            r#"{"type":"invalid_arguments","message":"invalid argument(s)","details":[{"argument_name":"name","reason":"required","help_message":"is required"}]}"#
        );
    }

    #[test]
    fn a_fault_shows_its_public_sentence_only() {
        let fault = cockpit_core::Fault::new("try again later", "disk on fire");
        assert_eq!(json(Refusal::Unavailable(fault)), r#"{"message":"try again later"}"#);
    }
}
