//! What a component is told about a request: the headers and the URI, as Spin prepares them.

use std::net::SocketAddr;
use std::str;

use http::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue};
use http::uri::{Authority, Scheme};
use http::{Request, Uri};

use crate::router::Match;

/// Bytes a request's head may have.
pub(crate) const LONGEST: usize = 64 * 1024;

/// Whether the head of `request` is longer than allowed.
pub(crate) fn too_long<B>(request: &Request<B>) -> bool {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let field = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 4;
    request.headers().iter().map(field).sum::<usize>() + target > LONGEST
}

/// Why a request cannot be handed to a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// The authority is missing, malformed or ambiguous.
    Authority,
    /// A header's value is not UTF-8, which Spin answers with 500.
    NotUtf8,
}

/// Removes what is meant for the server alone.
pub(crate) fn strip<B>(request: &mut Request<B>) {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let name = host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
    if name.and_then(|name| name.split_once('.')).is_some_and(|(_, rest)| rest == "spin.internal") {
        request.headers_mut().remove(HOST);
    }
    request.headers_mut().remove(CONNECTION);
}

/// Makes the URI absolute and appends Spin's headers, after those of the same names that a client
/// may have sent.
pub(crate) fn prepare<B>(request: &mut Request<B>, route: &Match<'_>, client: SocketAddr) -> Result<(), Unfit> {
    *request.uri_mut() = absolute(request)?;
    if request.headers().values().any(|value| str::from_utf8(value.as_bytes()).is_err()) {
        return Err(Unfit::NotUtf8);
    }
    for (name, value) in facts(request, route, client) {
        // As in Spin, what does not fit into a header is left out.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            request.headers_mut().append(name, value);
        }
    }
    Ok(())
}

fn absolute<B>(request: &Request<B>) -> Result<Uri, Unfit> {
    let mut parts = request.uri().clone().into_parts();
    let named = host(request.headers())?;
    let authority = match (named, parts.authority.take()) {
        (Some(named), Some(sent)) if named != sent => return Err(Unfit::Authority),
        (named, sent) => named.or(sent).ok_or(Unfit::Authority)?,
    };
    parts.authority = Some(authority);
    parts.scheme = Some(Scheme::HTTP);
    Uri::from_parts(parts).map_err(|_| Unfit::Authority)
}

fn host(headers: &HeaderMap) -> Result<Option<Authority>, Unfit> {
    let Some(host) = headers.get(HOST) else {
        return Ok(None);
    };
    let host = host.to_str().map_err(|_| Unfit::Authority)?;
    host.parse().map(Some).map_err(|_| Unfit::Authority)
}

fn facts<B>(request: &Request<B>, route: &Match<'_>, client: SocketAddr) -> Vec<(String, String)> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let url = format!("http://{}{target}", host.unwrap_or("localhost"));
    let mut facts = vec![
        ("spin-path-info".to_owned(), route.rest().into_owned()),
        ("spin-full-url".to_owned(), url),
        ("spin-matched-route".to_owned(), route.based()),
        ("spin-base-path".to_owned(), "/".to_owned()),
        ("spin-raw-component-route".to_owned(), route.raw().to_owned()),
        ("spin-component-route".to_owned(), route.raw_prefix().to_owned()),
        ("spin-client-addr".to_owned(), client.to_string()),
    ];
    facts.extend(route.named().map(|(name, value)| {
        let name = name.replace('_', "-").to_ascii_lowercase();
        (format!("spin-path-match-{name}"), value.to_owned())
    }));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::{Route, Router};

    const CLIENT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7);

    fn prepared(pattern: &str, uri: &str, headers: &[(&str, &[u8])]) -> Result<Request<()>, Unfit> {
        let route = Route::new(pattern.to_owned(), "c".to_owned());
        let (router, _) = Router::build(vec![route]).unwrap();
        let mut request = Request::builder().uri(uri).body(()).unwrap();
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).unwrap();
            request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
        }
        strip(&mut request);
        let path = request.uri().path().to_owned();
        prepare(&mut request, &router.find(&path).unwrap(), CLIENT)?;
        Ok(request)
    }

    fn check(pattern: &str, uri: &str, want: &[(&str, &str)]) {
        let request = prepared(pattern, uri, &[("host", b"example.com:80")]).unwrap();
        for (name, value) in want {
            assert_eq!(request.headers()[*name], *value, "{pattern} {uri} {name}");
        }
    }

    #[test]
    fn a_component_is_told_how_it_was_reached() {
        check(
            "/api/:the_id/...",
            "/api/42/a/b/?q=1",
            &[
                ("spin-path-info", "/a/b/"),
                ("spin-full-url", "http://example.com:80/api/42/a/b/?q=1"),
                ("spin-matched-route", "/api/:the_id/..."),
                ("spin-base-path", "/"),
                ("spin-raw-component-route", "/api/:the_id/..."),
                ("spin-component-route", "/api/:the_id"),
                ("spin-client-addr", "127.0.0.1:7"),
                ("spin-path-match-the-id", "42"),
            ],
        );
        check("/", "/", &[("spin-path-info", ""), ("spin-matched-route", "")]);
    }

    #[test]
    fn the_runtimes_headers_follow_those_a_client_forged() {
        let sent: &[(&str, &[u8])] = &[("host", b"h"), ("spin-client-addr", b"1.2.3.4:5")];
        let request = prepared("/", "/", sent).unwrap();
        let got: Vec<_> = request.headers().get_all("spin-client-addr").iter().collect();
        assert_eq!(got, ["1.2.3.4:5", "127.0.0.1:7"]);
    }

    #[test]
    fn the_uri_becomes_absolute_and_the_connection_header_goes() {
        let sent: &[(&str, &[u8])] = &[("host", b"h:1"), ("connection", b"close")];
        let request = prepared("/a", "/a?q", sent).unwrap();
        assert_eq!(request.uri(), "http://h:1/a?q");
        assert!(!request.headers().contains_key(CONNECTION));
        assert_eq!(request.headers()[HOST], "h:1");
    }

    #[test]
    fn requests_that_spin_does_not_serve_are_unfit() {
        let host: (&str, &[u8]) = ("host", b"h");
        for (uri, headers, want) in [
            ("/", vec![], Unfit::Authority),
            ("/", vec![("host", b"a b".as_slice())], Unfit::Authority),
            ("/", vec![("host", b"\xff".as_slice())], Unfit::Authority),
            ("/", vec![("host", b"c.spin.internal".as_slice())], Unfit::Authority),
            ("http://other/", vec![host], Unfit::Authority),
            ("/", vec![host, ("x", b"\xff".as_slice())], Unfit::NotUtf8),
        ] {
            assert_eq!(prepared("/", uri, &headers).unwrap_err(), want, "{uri} {headers:?}");
        }
    }

    #[test]
    fn utf8_beyond_ascii_passes() {
        let request = prepared("/", "/", &[("host", b"h"), ("x", "ä".as_bytes())]).unwrap();
        assert_eq!(request.headers()["x"].as_bytes(), "ä".as_bytes());
    }
}
