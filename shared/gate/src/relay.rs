//! To a backend and back: what the backend says reaches the caller unless it is about us.

use crate::{call::Call, pace::Pace, verdict, within::timeout};
use cockpit_core::{
    Backend, Body, Dialect, Fault, Outbound, Refusal,
    outbound::TENANT,
    ports::{Config, ConfigError, Random, Timer, Upstream},
};
use http::{
    HeaderMap, HeaderName, Response, StatusCode,
    header::{self, CONNECTION},
};

/// What is relayed, which decides how a backend's refusal is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relay {
    /// A push: a 4xx makes the sender drop data, so only a verdict on the data itself is passed on.
    Push,
    /// A read: nothing is lost by an error.
    Read,
}

/// Headers of an answer that stop here, beside those of the connection.
const PRIVATE: &[HeaderName] = &[
    header::ALT_SVC,
    header::CONNECTION,
    header::DATE,
    header::PROXY_AUTHENTICATE,
    header::SET_COOKIE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::WWW_AUTHENTICATE,
];

/// A backend, from the variables that hold its origin and its timeout in seconds.
pub async fn backend(config: &impl Config, url: &str, time: &str) -> Result<Backend, Refusal> {
    let origin = config.variable(url).await?.unwrap_or_default();
    let origin = origin.trim_end_matches('/');
    if !(origin.starts_with("http://") || origin.starts_with("https://")) {
        return Err(ConfigError(format!("{url} must be http:// or https://, a host and a port")).into());
    }
    let timeout = timeout(config, time).await?;
    Ok(Backend { origin: origin.to_owned(), timeout, enforces_policies: false })
}

/// Whether a backend's operator says in a variable that it holds queries to the label policies it is told.
pub async fn enforces_policies(config: &impl Config, variable: &str) -> Result<bool, Refusal> {
    match config.variable(variable).await?.as_deref() {
        None | Some("" | "false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(ConfigError(format!("{variable} must be true or false")).into()),
    }
}

impl<P: Upstream + Random + Timer> Call<'_, P> {
    /// Sends the call with this body, and headers that say what it is, on behalf of its permit's tenant. Brings back what
    /// the caller may see of the answer.
    pub async fn relay(
        &self,
        relay: Relay,
        backend: &Backend,
        path_and_query: &str,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response<Body>, Refusal> {
        let method = self.method().clone();
        let mut outbound = Outbound::new(&self.permit, backend, method, path_and_query, headers, body)?;
        let is_text = self.route.dialect == Dialect::Push;
        if is_text {
            outbound.take_plain_answers();
        }
        let mut response = self.ports.send(outbound).await?;
        *response.status_mut() = relay.status(response.status())?;
        strip(response.headers_mut());
        if relay.must_pace(&response) {
            let wait = Pace::of(self.headers(), self.ports).after_failure();
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        match is_text && !response.status().is_success() {
            true => Ok(verdict::shown(self.ports, backend.timeout, response).await),
            false => Ok(response),
        }
    }
}

impl Relay {
    /// Whether to tell a sender when to come back, because the backend did not: Loki never does.
    fn must_pace(self, response: &Response<Body>) -> bool {
        let again = matches!(response.status().as_u16(), 429 | 500..=599);
        self == Self::Push && again && !response.headers().contains_key(header::RETRY_AFTER)
    }

    /// The status the caller sees, or a refusal where the backend's says that we are misconfigured: a redirect,
    /// credentials it wants of us, a path it does not have.
    pub(crate) fn status(self, status: StatusCode) -> Result<StatusCode, Refusal> {
        let ours = match (self, status.as_u16()) {
            (_, 200..=299 | 429 | 500..=599) | (Self::Read, 304) => return Ok(status),
            (Self::Push, 400 | 413 | 422) => return Ok(StatusCode::BAD_REQUEST),
            (Self::Read, 401 | 403 | 407) | (Self::Push, 400..=499) => "the backend refuses the gateway",
            (Self::Read, 400..=499) => return Ok(status),
            _ => "the backend sends the gateway elsewhere",
        };
        let fault = Fault::new(ours, format!("the backend answered {status}, check its URL, paths and credentials"));
        Err(Refusal::BadUpstream(fault))
    }
}

pub(crate) fn strip(headers: &mut HeaderMap) {
    let mut listed = Vec::new();
    for value in headers.get_all(CONNECTION) {
        let names = value.to_str().unwrap_or_default().split(',');
        listed.extend(names.filter_map(|name| HeaderName::try_from(name.trim()).ok()));
    }
    let ours = headers.keys().filter(|name| is_private(name)).cloned();
    listed.extend(ours.collect::<Vec<_>>());
    for name in listed {
        headers.remove(name);
    }
}

fn is_private(name: &HeaderName) -> bool {
    let text = name.as_str();
    let prefixed =
        ["keep-alive", "proxy-", "spin-", "x-prom-label-policy"].iter().any(|prefix| text.starts_with(prefix));
    prefixed || *name == TENANT || PRIVATE.contains(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cockpit_fake::{Fake, run};
    use std::time::Duration;

    #[test]
    fn a_push_never_blames_the_sender_for_our_configuration() {
        for (status, want) in [
            (200, Some(200)),
            (204, Some(204)),
            (400, Some(400)),
            (413, Some(400)),
            (422, Some(400)),
            (429, Some(429)),
            (500, Some(500)),
            (503, Some(503)),
        ] {
            let got = Relay::Push.status(StatusCode::from_u16(status).unwrap()).ok();
            assert_eq!(got.map(|status| status.as_u16()), want, "{status}");
        }
        for status in [301, 302, 307, 308, 401, 402, 403, 404, 405, 407, 408, 409, 411, 415] {
            let got = Relay::Push.status(StatusCode::from_u16(status).unwrap());
            assert!(matches!(got, Err(Refusal::BadUpstream(_))), "{status}");
        }
    }

    #[test]
    fn a_read_passes_the_backends_verdict_but_never_its_redirects_or_challenges() {
        for status in [200, 206, 304, 400, 404, 422, 429, 500] {
            assert_eq!(Relay::Read.status(StatusCode::from_u16(status).unwrap()).unwrap(), status);
        }
        for status in [301, 302, 401, 403, 407] {
            assert!(Relay::Read.status(StatusCode::from_u16(status).unwrap()).is_err(), "{status}");
        }
    }

    #[test]
    fn headers_of_the_connection_and_of_the_backend_stop_here() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("set-cookie", "a=b"),
            ("x-scope-orgid", "tenant"),
            ("spin-anything", "1"),
            ("transfer-encoding", "chunked"),
            ("www-authenticate", "Basic"),
            ("content-type", "text/plain"),
            ("retry-after", "7"),
            ("x-prometheus-remote-write-samples-written", "3"),
        ] {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        strip(&mut headers);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["content-type", "retry-after", "x-prometheus-remote-write-samples-written"]);
    }

    #[test]
    fn a_backend_enforces_policies_if_its_operator_says_so() {
        for (value, want) in [("", Some(false)), ("false", Some(false)), ("true", Some(true)), ("yes", None)] {
            let fake = Fake::new(&[("mimir_enforces_policies", value)]);
            assert_eq!(run(enforces_policies(&fake, "mimir_enforces_policies")).ok(), want, "{value}");
        }
    }

    #[test]
    fn a_backend_that_is_not_configured_is_our_fault() {
        for (url, timeout) in
            [("", "10"), ("mimir:9009", "10"), ("http://m", "0"), ("http://m", "x"), ("http://m", "601")]
        {
            let fake = Fake::new(&[("mimir_url", url), ("push_timeout", timeout)]);
            let refused = run(backend(&fake, "mimir_url", "push_timeout"));
            assert!(matches!(refused, Err(Refusal::Unavailable(_))), "{url} {timeout}");
        }
        let fake = Fake::new(&[("mimir_url", "http://m:1/"), ("push_timeout", "10")]);
        let want = Backend { origin: "http://m:1".into(), timeout: Duration::from_secs(10), enforces_policies: false };
        assert_eq!(run(backend(&fake, "mimir_url", "push_timeout")).unwrap(), want);
    }
}
