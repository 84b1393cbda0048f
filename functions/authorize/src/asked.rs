//! Which request a proxy asks about. There is one way for each kind of proxy, and whoever uses two at once is refused:
//! a caller could have added the one that the proxy does not set.

use cockpit_core::{Ports, Refusal};
use cockpit_gate::{Call, host};
use http::{HeaderMap, Method, Uri, header::CONTENT_TYPE};
use serde::Deserialize;

/// Where this function is served.
const HERE: &str = "/-/authorize";

/// The request that is asked about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Its method.
    pub(crate) method: Method,
    /// The host it was sent to, in lower case.
    pub(crate) host: String,
    /// Its raw path.
    pub(crate) path: String,
}

/// The body that db-auth-gateway sends. The scope it wants is its own table's; here ours decides.
#[derive(Deserialize)]
struct Question {
    method: String,
    path: String,
}

/// Reads what is asked: from the path (Envoy), from headers (nginx; Traefik and Caddy), or from a body of JSON.
pub(crate) async fn asked(call: &mut Call<'_, impl Ports>) -> Result<Asked, Refusal> {
    let headers = call.headers();
    let below = call.path.strip_prefix(HERE).unwrap_or_default();
    let original = headers.contains_key("x-original-uri");
    let forwarded = headers.contains_key("x-forwarded-uri");
    match (below, original, forwarded) {
        ("", true, false) => in_headers(headers, "x-original-method", "x-original-uri", host(headers)),
        ("", false, true) => {
            let host = single(headers, "x-forwarded-host")?.to_ascii_lowercase();
            in_headers(headers, "x-forwarded-method", "x-forwarded-uri", host)
        }
        ("", false, false) if *call.method() == Method::POST => in_body(call).await,
        ("", false, false) => Err(Refusal::Forbidden("no request is asked about: see docs/read.md")),
        (path, false, false) => Ok(Asked { method: call.method().clone(), host: host(headers), path: path.to_owned() }),
        _ => Err(Refusal::Forbidden("a request is asked about in two ways: see docs/read.md")),
    }
}

fn in_headers(headers: &HeaderMap, method: &str, uri: &str, host: String) -> Result<Asked, Refusal> {
    let method = Method::try_from(single(headers, method)?).map_err(|_| UNREADABLE)?;
    let uri = Uri::try_from(single(headers, uri)?).map_err(|_| UNREADABLE)?;
    Ok(Asked { method, host, path: uri.path().to_owned() })
}

async fn in_body(call: &mut Call<'_, impl Ports>) -> Result<Asked, Refusal> {
    let host = host(call.headers());
    if call.headers().get(CONTENT_TYPE).is_none_or(|kind| kind != "application/json") {
        return Err(UNREADABLE);
    }
    let Question { method, path } = serde_json::from_slice(&call.read().await?).map_err(|_| UNREADABLE)?;
    Ok(Asked { method: Method::try_from(&*method).map_err(|_| UNREADABLE)?, host, path })
}

/// A header that must be there once: of two, the proxy may have set the other one.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(value), None) => Ok(value),
        _ => Err(UNREADABLE),
    }
}

const UNREADABLE: Refusal = Refusal::Forbidden("the request that is asked about cannot be read: see docs/read.md");
