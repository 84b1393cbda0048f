//! The Token object, its list, and the bodies that make one.

use crate::{
    request::{UUID, future, invalid, name, project, whole},
    selector,
    time::rfc3339,
};
use cockpit_core::{ProjectId, Refusal, Scope, Scopes, Timestamp, network::network, refusal::InvalidReason};
use cockpit_state::tokens::{Bounds, Rotation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most networks a token may be bound to.
const MOST_NETWORKS: usize = 32;

/// What a token may do whose creation does not say: what agents need.
const USUAL: [Scope; 2] = [Scope::WriteMetrics, Scope::WriteLogs];

/// The highest limit a token may have; no plan lets more pass.
const HIGHEST_LIMIT: u64 = 10_000_000_000;

/// How long an earlier secret works on after a rotation, unless the call says otherwise: a day, in seconds.
const GRACE: u64 = 24 * 60 * 60;

/// The longest that it may: 31 days.
const LONGEST_GRACE: u64 = 31 * 24 * 60 * 60;

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
    /// When it got its present secret.
    #[schemars(extend("format" = "date-time"))]
    pub updated_at: Option<String>,
    /// Each of the nine scopes, and whether it is held.
    pub scopes: BTreeMap<&'static str, bool>,
    /// The secret, in the answer to its creation or rotation only; null afterwards.
    pub secret_key: Option<String>,
    /// When it stops working; null if never.
    #[schemars(extend("format" = "date-time"))]
    pub expires_at: Option<String>,
    /// When it was last used, give or take five minutes; null if never.
    #[schemars(extend("format" = "date-time"))]
    pub last_used_at: Option<String>,
    /// When the secrets before the present one stop working; null if there is none.
    #[schemars(extend("format" = "date-time"))]
    pub retired_secrets_expire_at: Option<String>,
    /// The selector that its queries are held to; null if they are not.
    pub label_policy: Option<String>,
    /// The networks it may be used from, as CIDR; anywhere if there is none.
    pub allowed_networks: Vec<String>,
    /// What may be pushed with it, where that is less than its Cockpit may send.
    pub limits: TokenLimits,
}

/// A token's own limits on pushes; null where it has none.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default)]
pub struct TokenLimits {
    /// Samples of metrics a second.
    #[schemars(range(min = 1, max = 10_000_000_000_u64))]
    #[serde(deserialize_with = "whole")]
    pub samples_per_second: Option<u64>,
    /// Pushes of metrics a second.
    #[schemars(range(min = 1, max = 10_000_000_000_u64))]
    #[serde(deserialize_with = "whole")]
    pub metrics_requests_per_second: Option<u64>,
    /// Bytes of logs a second.
    #[schemars(range(min = 1, max = 10_000_000_000_u64))]
    #[serde(deserialize_with = "whole")]
    pub log_bytes_per_second: Option<u64>,
    /// Pushes of logs a second.
    #[schemars(range(min = 1, max = 10_000_000_000_u64))]
    #[serde(deserialize_with = "whole")]
    pub logs_requests_per_second: Option<u64>,
}

/// What is known of a token besides its record.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen<'s> {
    /// Its secret, if it was just made.
    pub secret: Option<&'s str>,
    /// When it was last used.
    pub used: Option<Timestamp>,
    /// Its last rotation.
    pub rotation: Option<Rotation>,
}

impl Token {
    /// The object of a stored token.
    pub fn new(stored: &cockpit_state::Token, seen: Seen<'_>, now: Timestamp) -> Self {
        let updated_at = seen.rotation.map_or(stored.created_at(), |rotation| rotation.at());
        let retired = seen.rotation.map(|rotation| rotation.until()).filter(|until| *until > now);
        let Bounds { policy, networks, samples, metrics_pushes, log_bytes, log_pushes } = stored.bounds.clone();
        Self {
            id: stored.id().to_string(),
            project_id: stored.project().to_string(),
            name: stored.name.clone(),
            created_at: Some(rfc3339(stored.created_at())),
            updated_at: Some(rfc3339(updated_at)),
            scopes: names(stored.scopes()),
            secret_key: seen.secret.map(ToOwned::to_owned),
            expires_at: stored.expires_at().map(rfc3339),
            last_used_at: seen.used.map(rfc3339),
            retired_secrets_expire_at: retired.map(rfc3339),
            label_policy: policy,
            allowed_networks: networks,
            limits: TokenLimits {
                samples_per_second: samples,
                metrics_requests_per_second: metrics_pushes,
                log_bytes_per_second: log_bytes,
                logs_requests_per_second: log_pushes,
            },
        }
    }
}

fn held(asked: BTreeMap<String, Option<bool>>) -> Scopes {
    let held = |scope: &Scope| asked.get(scope.name()).copied().flatten().unwrap_or(false);
    Scope::ALL.into_iter().filter(held).collect()
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

/// The body of a token's creation.
#[derive(Debug, JsonSchema, Deserialize)]
pub struct CreateToken {
    /// The project's UUID; the API key's own if it is left out.
    #[schemars(regex(pattern = UUID), extend("format" = "uuid"))]
    project_id: Option<String>,
    /// What it is called; need not be unique.
    #[schemars(required, length(min = 1, max = 255), regex(pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"))]
    name: Option<String>,
    /// What it may do; scopes left out are not held. Without any of this, what agents need: write_metrics and
    /// write_logs.
    scopes: Option<BTreeMap<String, Option<bool>>>,
    /// When it stops working; never if it is left out.
    #[schemars(extend("format" = "date-time"))]
    expires_at: Option<String>,
    /// A Prometheus selector that its queries are held to, such as `{team="a"}`. Such a token can hold no scope but
    /// those of queries, and the backend must enforce policies.
    label_policy: Option<String>,
    /// The networks it may be used from, as CIDR; anywhere if there is none.
    allowed_networks: Option<Vec<String>>,
    /// What may be pushed with it, where that is less than its Cockpit may send.
    limits: Option<TokenLimits>,
}

/// A token's creation whose fields are as they must be.
#[derive(Debug)]
pub struct TokenRequest {
    /// The project, if one is named.
    pub project: Option<ProjectId>,
    /// The name.
    pub name: String,
    /// The scopes.
    pub scopes: Scopes,
    /// When it stops working, if ever.
    pub expires_at: Option<Timestamp>,
    /// What it is restricted to.
    pub bounds: Bounds,
}

impl CreateToken {
    /// Checks the fields.
    pub fn checked(self, now: Timestamp) -> Result<TokenRequest, Refusal> {
        let scopes = self.scopes.map_or_else(|| USUAL.into_iter().collect(), held);
        let limits = self.limits.unwrap_or_default();
        limits.check()?;
        Ok(TokenRequest {
            project: project(self.project_id.as_deref())?,
            name: name("name", self.name)?,
            scopes,
            expires_at: self.expires_at.map(|end| future("expires_at", &end, now)).transpose()?,
            bounds: Bounds {
                policy: self.label_policy.map(|policy| policy_of(policy, scopes)).transpose()?,
                networks: networks(self.allowed_networks.unwrap_or_default())?,
                samples: limits.samples_per_second,
                metrics_pushes: limits.metrics_requests_per_second,
                log_bytes: limits.log_bytes_per_second,
                log_pushes: limits.logs_requests_per_second,
            },
        })
    }
}

impl TokenLimits {
    fn check(&self) -> Result<(), Refusal> {
        let all = [
            self.samples_per_second,
            self.metrics_requests_per_second,
            self.log_bytes_per_second,
            self.logs_requests_per_second,
        ];
        if all.into_iter().flatten().all(|limit| (1..=HIGHEST_LIMIT).contains(&limit)) {
            return Ok(());
        }
        let help = format!("each must be between 1 and {HIGHEST_LIMIT}");
        Err(invalid("limits", InvalidReason::Constraint, help))
    }
}

/// A label policy that its token can be held to: pushes, rules and alerts know none.
fn policy_of(policy: String, scopes: Scopes) -> Result<String, Refusal> {
    selector::check(&policy).map_err(|fault| invalid("label_policy", InvalidReason::Format, fault))?;
    let queries = [Scope::QueryMetrics, Scope::QueryLogs, Scope::QueryTraces];
    if Scope::ALL.into_iter().any(|scope| scopes.contains(scope) && !queries.contains(&scope)) {
        let help = "is enforced on queries only: its scopes must be among query_metrics, query_logs and query_traces";
        return Err(invalid("label_policy", InvalidReason::Constraint, help));
    }
    Ok(policy)
}

fn networks(given: Vec<String>) -> Result<Vec<String>, Refusal> {
    if given.len() > MOST_NETWORKS {
        let help = format!("must be at most {MOST_NETWORKS} networks");
        return Err(invalid("allowed_networks", InvalidReason::Constraint, help));
    }
    let wrong = || invalid("allowed_networks", InvalidReason::Format, "must be networks such as 192.0.2.0/24");
    given.iter().map(|text| Ok(network(text).ok_or_else(wrong)?.to_string())).collect()
}

/// The body of a rotation.
#[derive(Debug, JsonSchema, Deserialize)]
pub struct RotateToken {
    /// Seconds that the secrets before the new one work on; a day if it is left out.
    #[schemars(range(min = 0, max = 2_678_400))]
    #[serde(default, deserialize_with = "whole")]
    grace_period_seconds: Option<u64>,
}

impl RotateToken {
    /// Until when the secrets before the new one work on.
    pub fn until(&self, now: Timestamp) -> Result<Timestamp, Refusal> {
        let grace = self.grace_period_seconds.unwrap_or(GRACE);
        let micros = i64::try_from(grace).ok().filter(|_| grace <= LONGEST_GRACE).map(|grace| grace * 1_000_000);
        let micros = micros.ok_or_else(|| {
            let help = format!("must be at most {LONGEST_GRACE}");
            invalid("grace_period_seconds", InvalidReason::Constraint, help)
        })?;
        Ok(Timestamp::from_micros(now.micros().saturating_add(micros)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;

    const ID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
    const NOW: Timestamp = Timestamp::from_micros(1_699_565_000_000_000);

    fn create(json: &str) -> Result<TokenRequest, Refusal> {
        body::<CreateToken>(json.as_bytes())?.checked(NOW)
    }

    #[test]
    fn a_creation_is_read_with_its_scopes() {
        let json = format!(
            r#"{{"project_id":"{ID}","name":"agent","scopes":{{"write_logs":true,"query_logs":false,"query_metrics":null,"later":true}},"x":1}}"#
        );
        let request = create(&json).unwrap();
        assert_eq!((request.project.unwrap().to_string().as_str(), request.name.as_str()), (ID, "agent"));
        assert_eq!(request.scopes, [Scope::WriteLogs].into_iter().collect());
        assert_eq!((request.expires_at, request.bounds), (None, Bounds::default()));
    }

    #[test]
    fn a_token_is_for_agents_unless_its_scopes_are_given() {
        let scopes = |json: &str| create(json).unwrap().scopes;
        assert_eq!(scopes(r#"{"name":"a"}"#), USUAL.into_iter().collect());
        assert_eq!(scopes(r#"{"name":"a","scopes":null}"#), USUAL.into_iter().collect());
        assert_eq!(scopes(r#"{"name":"a","scopes":{}}"#), Scopes::default());
    }

    #[test]
    fn a_creation_is_read_with_what_it_is_restricted_to() {
        let json = r#"{"name":"a","scopes":{"query_logs":true},"expires_at":"2030-01-01T00:00:00Z",
            "label_policy":"{a=\"b\"}","allowed_networks":["192.0.2.7/24"],"limits":{"samples_per_second":5}}"#;
        let request = create(json).unwrap();
        assert_eq!(request.expires_at, Some(Timestamp::from_micros(1_893_456_000_000_000)));
        assert_eq!(request.bounds.policy.as_deref(), Some(r#"{a="b"}"#));
        assert_eq!(request.bounds.networks, ["192.0.2.0/24"]);
        assert_eq!((request.bounds.samples, request.bounds.log_bytes), (Some(5), None));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, want) in [
            (r#"{"project_id":"x"}"#, "project_id: must be a UUID"),
            (r#"{"project_id":""}"#, "project_id: must be a UUID"),
            ("{}", "name: is required"),
            (r#"{"name":""}"#, "name: is required"),
            (r#"{"name":"a\nb"}"#, "name: must have"),
            (r#"{"name":"a","expires_at":"tomorrow"}"#, "expires_at: must be a date"),
            (r#"{"name":"a","expires_at":"2023-01-01T00:00:00Z"}"#, "expires_at: must be in the future"),
            (r#"{"name":"a","label_policy":"{}"}"#, "label_policy: must have at least one matcher"),
            (r#"{"name":"a","label_policy":"{a=\"b\"}","scopes":{"write_logs":true}}"#, "label_policy: is enforced"),
            (r#"{"name":"a","allowed_networks":["here"]}"#, "allowed_networks: must be networks"),
            (r#"{"name":"a","limits":{"samples_per_second":0}}"#, "limits: each must be"),
        ] {
            let text = create(json).unwrap_err().to_string();
            assert!(text.contains(want), "{json}: {text}");
        }
    }

    #[test]
    fn a_rotation_has_a_grace_period() {
        let until = |json: &str| body::<RotateToken>(json.as_bytes()).unwrap().until(NOW);
        assert_eq!(until("").unwrap().micros() - NOW.micros(), 86_400_000_000);
        assert_eq!(until(r#"{"grace_period_seconds":0}"#).unwrap(), NOW);
        assert_eq!(until(r#"{"grace_period_seconds":5.0}"#).unwrap().micros() - NOW.micros(), 5_000_000);
        assert!(until(r#"{"grace_period_seconds":2678401}"#).is_err());
        for wrong in ["-1", "0.5", "1e400", "\"1\""] {
            assert!(body::<RotateToken>(format!(r#"{{"grace_period_seconds":{wrong}}}"#).as_bytes()).is_err());
        }
    }
}
