//! HTTP as a plain client speaks it.

use crate::rows::Answer;
use http::{HeaderMap, Method, Request};
use std::{io::Read, time::Duration};
use ureq::Agent;

/// A client that reports every status and follows nothing.
#[derive(Clone)]
pub(crate) struct Client(Agent);

impl Default for Client {
    fn default() -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_secs(60)));
        Self(config.build().new_agent())
    }
}

impl Client {
    /// Sends a request and reads the whole answer; `None` if the connection broke.
    pub(crate) fn attempt(
        &self,
        method: &Method,
        url: &str,
        headers: &[(&str, String)],
        body: &[u8],
    ) -> Option<Answer> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = if body.is_empty() && *method != Method::POST {
            self.0.run(request.body(()).unwrap())
        } else {
            self.0.run(request.body(body).unwrap())
        };
        let (head, mut body) = response.ok()?.into_parts();
        let bytes = match head.headers.get("content-type").is_some_and(|kind| kind == "application/x-ndjson") {
            // It goes on; that it begins is enough.
            true => {
                let mut first = vec![0];
                body.as_reader().read_exact(&mut first).ok()?;
                first
            }
            false => body.with_config().limit(u64::MAX).read_to_vec().ok()?,
        };
        Some(Answer { status: head.status.as_u16(), headers: head.headers, body: bytes.into() })
    }

    /// Sends a request that must be answered.
    pub(crate) fn send(&self, method: &Method, url: &str, headers: &[(&str, String)], body: &[u8]) -> Answer {
        self.attempt(method, url, headers, body).unwrap_or_else(|| panic!("{method} {url}: the connection broke"))
    }

    /// A GET without headers, read as JSON.
    pub(crate) fn json(&self, url: &str) -> serde_json::Value {
        serde_json::from_slice(&self.send(&Method::GET, url, &[], b"").body).unwrap()
    }
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The text of one field of a JSON body.
    pub(crate) fn text(&self, field: &str) -> String {
        self.json()[field].as_str().unwrap_or_else(|| panic!("no {field}: {self:?}")).to_owned()
    }
}

/// Headers from a list of pairs in JSON.
pub(crate) fn headers_of(pairs: &serde_json::Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for pair in pairs.as_array().unwrap() {
        let name: http::HeaderName = pair[0].as_str().unwrap().parse().unwrap();
        headers.append(name, pair[1].as_str().unwrap().parse().unwrap());
    }
    headers
}
