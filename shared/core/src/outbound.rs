//! A request to a backend. It can only be made from a [`Permit`], so the tenant is never the caller's word.

use crate::{body::Body, permit::Permit, refusal::Refusal};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request,
    header::{ACCEPT_ENCODING, CONTENT_LENGTH},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::time::Duration;

/// The tenant header of Mimir, Loki and Alertmanager.
pub const TENANT: HeaderName = HeaderName::from_static("x-scope-orgid");

/// The header in which Loki, Grafana Enterprise Metrics and gateways like them are told to hold a query to a selector.
pub const POLICY: HeaderName = HeaderName::from_static("x-prom-label-policy");

/// Where a backend is, as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// Scheme, host and port, without a path: `http://mimir:9009`.
    pub origin: String,
    /// How long it may take until the head of its answer, and between two pieces of its body.
    pub timeout: Duration,
    /// Whether it holds queries to the label policy that it is told.
    pub enforces_policies: bool,
}

/// A request to a backend, complete but for the sending.
#[derive(Debug)]
pub struct Outbound {
    request: Request<Body>,
    timeout: Duration,
}

/// Caller's headers that may reach a backend. Everything else stays here: credentials, tenants, label
/// policies, hop-by-hop headers, `spin-*`, and the switches of Mimir and Loki that change what they accept.
const FORWARDED: &[&str] = &[
    "accept",
    "accept-encoding",
    "cache-control",
    "content-encoding",
    "content-type",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "retry-attempt",
    "traceparent",
    "tracestate",
    "user-agent",
    "x-dashboard-uid",
    "x-loki-response-encoding-flags",
    "x-panel-id",
    "x-prometheus-remote-read-version",
    "x-prometheus-remote-write-version",
    "x-query-tags",
    "x-read-consistency",
];

impl Outbound {
    /// A request on behalf of the permit's tenant. `path_and_query` is sent byte for byte.
    pub fn new(
        permit: &Permit,
        backend: &Backend,
        method: Method,
        path_and_query: &str,
        caller: &HeaderMap,
        body: Body,
    ) -> Result<Self, Refusal> {
        let tenant = permit.tenant().ok_or_else(|| Refusal::bug("a backend request without a tenant"))?;
        let tenant =
            HeaderValue::try_from(tenant.to_string()).map_err(|_| Refusal::bug("a tenant that is no header value"))?;
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path_and_query}", backend.origin))
            .body(body)
            .map_err(|_| Refusal::bug("a backend URL that cannot be parsed"))?;
        *request.headers_mut() = forwarded(caller);
        if let Some(length) = content_length(request.body(), caller) {
            request.headers_mut().insert(CONTENT_LENGTH, length);
        }
        request.headers_mut().insert(TENANT, tenant);
        if let Some(policy) = policy(permit, backend.enforces_policies)? {
            request.headers_mut().insert(POLICY, policy);
        }
        Ok(Self { request, timeout: backend.timeout })
    }

    /// Asks for an answer that is not compressed, because it will be looked at here.
    pub fn take_plain_answers(&mut self) {
        self.request.headers_mut().remove(ACCEPT_ENCODING);
    }

    /// The request and its timeout, for whoever sends it.
    pub fn into_parts(self) -> (Request<Body>, Duration) {
        (self.request, self.timeout)
    }
}

/// The header of a permit with a label policy: `<tenant>:<URL-encoded selector>`. A backend that would not look at it
/// must not be asked.
pub fn policy(permit: &Permit, is_enforced: bool) -> Result<Option<HeaderValue>, Refusal> {
    let Some((selector, tenant)) = permit.policy().zip(permit.tenant()) else { return Ok(None) };
    if !is_enforced {
        return Err(Refusal::Restricted("the token has a label policy, which the backend does not enforce"));
    }
    let value = format!("{tenant}:{}", utf8_percent_encode(selector, NON_ALPHANUMERIC));
    HeaderValue::try_from(value).map(Some).map_err(|_| Refusal::bug("a policy that is no header value"))
}

fn forwarded(caller: &HeaderMap) -> HeaderMap {
    let listed = |name: &HeaderName| FORWARDED.contains(&name.as_str());
    caller.iter().filter(|(name, _)| listed(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Backends buffer a request whose length they do not know, and one old Loki panicked on it.
fn content_length(body: &Body, caller: &HeaderMap) -> Option<HeaderValue> {
    match body {
        Body::Empty => None,
        Body::Full(bytes) => Some(HeaderValue::from(Bytes::len(bytes))),
        Body::Stream(_) => caller.get(CONTENT_LENGTH).cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{principal::Principal, principal::TokenGrant, project::ProjectId, routes::ROUTES, scope::Scope};

    fn permit(policy: Option<&str>) -> Permit {
        let route = ROUTES.iter().find(|route| route.operation.honours_policies()).unwrap();
        let token = TokenGrant::new(ProjectId::from_bytes([7; 16]), Scope::ALL.into_iter().collect());
        Permit::grant(Principal::Token(TokenGrant { policy: policy.map(Into::into), ..token }), route).unwrap()
    }

    fn backend(enforces_policies: bool) -> Backend {
        Backend { origin: "http://mimir:9009".into(), timeout: Duration::from_secs(1), enforces_policies }
    }

    fn send(caller: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in caller {
            headers.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        let body = Body::from_bytes("abc");
        let outbound = Outbound::new(&permit(None), &backend(true), Method::POST, "/p?q=%2F", &headers, body).unwrap();
        assert_eq!(outbound.request.uri(), "http://mimir:9009/p?q=%2F");
        outbound.request.headers().clone()
    }

    #[test]
    fn the_tenant_is_the_permits_whatever_the_caller_says() {
        let sent = send(&[("x-scope-orgid", "victim"), ("X-Scope-OrgID", "other")]);
        let tenants: Vec<_> = sent.get_all(TENANT).iter().collect();
        assert_eq!(tenants, ["07070707-0707-0707-0707-070707070707"]);
    }

    #[test]
    fn a_label_policy_is_sent_to_a_backend_that_enforces_it_and_to_no_other() {
        let permit = permit(Some(r#"{team="a"}"#));
        let send = |enforces| {
            let headers = HeaderMap::from_iter([(POLICY, HeaderValue::from_static("victim:%7B%7D"))]);
            Outbound::new(&permit, &backend(enforces), Method::GET, "/", &headers, Body::Empty)
        };
        assert!(matches!(send(false), Err(Refusal::Restricted(_))));
        let sent = send(true).unwrap();
        let policies: Vec<_> = sent.request.headers().get_all(POLICY).iter().collect();
        assert_eq!(policies, ["07070707-0707-0707-0707-070707070707:%7Bteam%3D%22a%22%7D"]);
    }

    #[test]
    fn only_listed_headers_reach_a_backend() {
        let secret = [
            "authorization",
            "cookie",
            "x-token",
            "x-auth-token",
            "x-prom-label-policy",
            "x-scope-userid",
            "x-loki-backfill-shard",
            "x-mimir-skiplabelnamevalidation",
            "connection",
            "te",
            "transfer-encoding",
            "spin-client-addr",
            "host",
            "x-forwarded-for",
        ];
        let headers: Vec<_> = secret.iter().map(|name| (*name, "v")).chain([("accept", "a/b")]).collect();
        let mut sent: Vec<_> = send(&headers).keys().map(ToString::to_string).collect();
        sent.sort_unstable();
        assert_eq!(sent, ["accept", "content-length", "x-scope-orgid"]);
    }
}
