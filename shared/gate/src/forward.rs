//! Requests that go to a backend as they came: path and query byte for byte, below the backend's own prefix.

use crate::{
    body::read_whole,
    call::Call,
    relay::{Relay, backend, enforces_policies, strip},
};
use bytes::Bytes;
use cockpit_core::{
    Backend, Body, Fault, Outbound, Permit, Ports, Refusal,
    ports::{Config, Upstream},
};
use http::{HeaderMap, HeaderValue, Method, Response, header::CONTENT_TYPE};

/// Which backend serves a group of paths, and below which prefix of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The variable that holds its origin.
    url: &'static str,
    /// What precedes its API in our paths.
    ours: &'static str,
    /// The variable that holds what precedes it there; without one, it is the same.
    theirs: Option<&'static str>,
    /// The variable that says whether it enforces label policies; without one, it does not.
    policies: Option<&'static str>,
}

/// Mimir, or what takes its place.
pub const MIMIR: Source = Source {
    url: "mimir_url",
    ours: "/prometheus",
    theirs: Some("mimir_query_prefix"),
    policies: Some("mimir_enforces_policies"),
};

/// Loki.
pub const LOKI: Source = Source { url: "loki_url", ours: "", theirs: None, policies: Some("loki_enforces_policies") };

/// Alertmanager: Mimir's own, or one that stands alone.
pub const ALERTMANAGER: Source =
    Source { url: "alertmanager_url", ours: "/alertmanager", theirs: Some("alertmanager_prefix"), policies: None };

/// Where Mimir's Alertmanager keeps the configuration of each tenant.
pub const CONFIGURATION: Source = Source { url: "alertmanager_url", ours: "", theirs: None, policies: None };

impl Source {
    /// Where the backend is.
    pub async fn backend(&self, config: &impl Config) -> Result<Backend, Refusal> {
        let backend = backend(config, self.url, "query_timeout").await?;
        let enforces_policies = match self.policies {
            Some(variable) => enforces_policies(config, variable).await?,
            None => false,
        };
        Ok(Backend { enforces_policies, ..backend })
    }

    /// Where the backend has what is at one of our paths.
    pub async fn target(&self, config: &impl Config, path: &str, query: &str) -> Result<String, Refusal> {
        let prefix = match self.theirs {
            Some(variable) => config.variable(variable).await?.unwrap_or_default(),
            None => self.ours.to_owned(),
        };
        let separator = if query.is_empty() { "" } else { "?" };
        let rest = path.strip_prefix(self.ours).unwrap_or(path);
        Ok(format!("{}{rest}{separator}{query}", prefix.trim_end_matches('/')))
    }
}

impl<P: Ports> Call<'_, P> {
    /// Forwards the call as it is, with its body if it is a POST.
    pub async fn forward(mut self, source: &Source) -> Result<Response<Body>, Refusal> {
        let body = if *self.method() == Method::POST { self.forwardable().await? } else { Body::Empty };
        self.forward_body(source, body).await
    }

    /// Forwards the call with a body that the handler has looked at.
    pub async fn forward_body(self, source: &Source, body: Body) -> Result<Response<Body>, Refusal> {
        let headers = self.headers();
        self.forward_as(source, headers, body).await
    }

    /// Forwards the call with a body of YAML, whatever the caller says it is: curl says that it is a form, and Loki
    /// would take it for one.
    pub async fn forward_yaml(self, source: &Source, body: Body) -> Result<Response<Body>, Refusal> {
        let mut headers = self.headers().clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/yaml"));
        self.forward_as(source, &headers, body).await
    }

    async fn forward_as(self, source: &Source, headers: &HeaderMap, body: Body) -> Result<Response<Body>, Refusal> {
        let target = source.target(self.ports, self.path, self.query()).await?;
        let backend = source.backend(self.ports).await?;
        self.relay(Relay::Read, &backend, &target, headers, body).await
    }
}

/// Asks a backend something for the gateway's own use, on behalf of the permit's tenant. What it answers is read whole,
/// up to `limit` bytes; more is refused as [`Refusal::TooLarge`].
pub async fn ask(
    upstream: &impl Upstream,
    permit: &Permit,
    backend: &Backend,
    path_and_query: &str,
    headers: &HeaderMap,
    limit: usize,
) -> Result<Response<Bytes>, Refusal> {
    let outbound = Outbound::new(permit, backend, Method::GET, path_and_query, headers, Body::Empty)?;
    let (mut head, body) = upstream.send(outbound).await?.into_parts();
    head.status = Relay::Read.status(head.status)?;
    strip(&mut head.headers);
    let broken = |cause| Refusal::Unavailable(Fault::new("the backend's answer broke off, try again later", cause));
    Ok(Response::from_parts(head, read_whole(body, limit, broken).await?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cockpit_fake::{Fake, run};

    #[test]
    fn the_path_below_the_prefix_and_the_query_survive_byte_for_byte() {
        let fake = Fake::new(&[("mimir_query_prefix", "/mimir/"), ("alertmanager_prefix", "")]);
        for (source, path, query, want) in [
            (MIMIR, "/prometheus/api/v1/query", "query=up%7B%7D&a=+", "/mimir/api/v1/query?query=up%7B%7D&a=+"),
            (MIMIR, "/prometheus/config/v1/rules/a%2Fb/c%2f", "", "/mimir/config/v1/rules/a%2Fb/c%2f"),
            (MIMIR, "/federate", "match[]=up&match%5B%5D=x", "/mimir/federate?match[]=up&match%5B%5D=x"),
            (LOKI, "/loki/api/v1/label/a%20b/values", "", "/loki/api/v1/label/a%20b/values"),
            (LOKI, "/prometheus/api/v1/rules", "", "/prometheus/api/v1/rules"),
            (ALERTMANAGER, "/alertmanager/", "", "/"),
            (CONFIGURATION, "/api/v1/alerts", "", "/api/v1/alerts"),
        ] {
            assert_eq!(run(source.target(&fake, path, query)).unwrap(), want);
        }
    }
}
