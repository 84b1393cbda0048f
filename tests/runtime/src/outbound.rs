//! Requests that components send.

mod body;
mod connect;
mod error;

use std::sync::Arc;
use std::time::Duration;

use http::header::HOST;
use http::uri::Scheme;
use http::{HeaderName, Request, Response};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks,
};

use crate::host::Profile;
use crate::hosts::{AllowedHosts, default_port};
use crate::in_flight::InFlight;
use body::Paced;
use connect::{Connector, TIMEOUT};

/// What Spin waits where a component sets no timeout.
const PATIENCE: Duration = Duration::from_secs(600);
/// Idle connections kept for one host.
const IDLE: usize = 64;

tokio::task_local! {
    /// The request that a component serves while it sends one.
    pub(crate) static CALLER: Option<Arc<InFlight>>;
}

/// The signature `wasi:http` demands: a response, and what happens to the connection later.
type Sent = Result<(Response<WasiBody>, Transmission), Error>;
type Transmission = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// Sends requests over pooled connections, shared by all components.
#[derive(Clone)]
pub(crate) struct Client(legacy::Client<Connector, WasiBody>);

impl Client {
    pub(crate) fn new() -> Self {
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_max_idle_per_host(IDLE);
        Self(builder.build(Connector::new()))
    }

    pub(crate) async fn send(
        &self,
        mut request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<Response<WasiBody>, Error> {
        // The client writes the header from the URI, which is what was checked.
        request.headers_mut().remove(HOST);
        let connect = options.connect_timeout.unwrap_or(PATIENCE);
        let first_byte = options.first_byte_timeout.unwrap_or(PATIENCE);
        let between = options.between_bytes_timeout.unwrap_or(PATIENCE);
        let answer = TIMEOUT.scope(connect, self.0.request(request));
        let answer = tokio::time::timeout(first_byte, answer)
            .await
            .map_err(|_| Error::ConnectionReadTimeout)?
            .map_err(|cause| error::of_request(&cause))?;
        Ok(answer.map(|body| Paced::new(body, between).boxed_unsync()))
    }
}

/// What a component may send.
pub(crate) struct Outbound(Arc<Profile>);

impl Outbound {
    pub(crate) fn new(profile: Arc<Profile>) -> Self {
        Self(profile)
    }
}

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        // How the component fared with the response: nobody here wants to know.
        _: Transmission,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let profile = Arc::clone(&self.0);
        // Read here and not in the future, which is polled elsewhere.
        let caller = CALLER.try_with(Clone::clone).ok().flatten();
        Box::new(async move {
            check(&profile.component.hosts, &request)?;
            let answer = profile.client.send(request, options.unwrap_or_default());
            let answer = tokio::select! {
                answer = answer => answer?,
                () = left(caller) => return Err(Error::InternalError(Some("the caller has left".to_owned()))),
            };
            let transmission: Transmission = Box::new(async { Ok(()) });
            Ok((answer, transmission))
        })
    }
}

/// Waits until the caller has left; for ever, if there is none.
async fn left(caller: Option<Arc<InFlight>>) {
    match caller {
        Some(caller) => caller.left().await,
        None => std::future::pending().await,
    }
}

/// Refuses a request to where the component was not granted to send.
fn check(hosts: &AllowedHosts, request: &Request<WasiBody>) -> Result<(), Error> {
    let uri = request.uri();
    let authority = uri.authority().ok_or(Error::HttpRequestUriInvalid)?;
    let scheme = uri.scheme().unwrap_or(&Scheme::HTTPS).as_str();
    // What is connected to must be what was checked, so nothing that parsers read differently.
    if authority.as_str().contains('@') {
        return Err(Error::HttpRequestUriInvalid);
    }
    let port = authority.port_u16().or_else(|| default_port(scheme));
    let granted = port.is_some_and(|port| {
        let host = authority.host().to_ascii_lowercase();
        is_literal(&host) && hosts.allows(scheme, &host, port)
    });
    if granted { Ok(()) } else { Err(Error::HttpRequestDenied) }
}

/// Whether the resolver will see the very host that the grants were compared with: one that a URL
/// parser does not rewrite, and not one of Spin's names for the application itself.
fn is_literal(host: &str) -> bool {
    let internal = host == "self.alt" || host.ends_with(".spin.internal");
    !internal && url::Host::parse(host).is_ok_and(|parsed| parsed.to_string() == host)
}

/// The hooks for requests that arrive: the component sees every header, as in Spin.
pub(crate) struct Inbound;

impl WasiHttpHooks for Inbound {
    fn is_forbidden_header(&mut self, _: &HeaderName) -> bool {
        false
    }

    // Asked about the trailers of answers.
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(|name| DEFAULT_FORBIDDEN_HEADERS.contains(name))
    }

    fn send_request(
        &mut self,
        _: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Transmission,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variables::Variables;

    fn checked(grant: &str, uri: &str) -> Result<(), Error> {
        let hosts = AllowedHosts::resolve(&[grant.to_owned()], &Variables::default()).unwrap();
        let request = Request::builder().uri(uri).body(crate::body::empty()).unwrap();
        check(&hosts, &request)
    }

    #[test]
    fn requests_go_where_they_were_granted_to_go() {
        for (grant, uri) in [
            ("http://mimir:9009", "http://mimir:9009/api?q"),
            ("http://mimir", "http://MIMIR/"),
            ("https://mimir", "https://mimir:443/"),
            ("http://[::1]:80", "http://[::1]/"),
            ("*://*:*", "https://example.com/"),
        ] {
            assert!(checked(grant, uri).is_ok(), "{grant} {uri}");
        }
    }

    #[test]
    fn requests_to_elsewhere_are_denied() {
        for (grant, uri) in [
            ("http://mimir:9009", "http://mimir/"),
            ("http://mimir", "https://mimir/"),
            ("http://127.0.0.1", "http://2130706433/"),
            ("http://127.0.0.1", "http://127.1/"),
            ("*://*:*", "http://self.alt/"),
            ("*://*:*", "http://push.spin.internal/"),
        ] {
            let denied = checked(grant, uri);
            assert!(matches!(denied, Err(Error::HttpRequestDenied)), "{grant} {uri}: {denied:?}");
        }
    }

    #[test]
    fn uris_that_could_be_read_in_two_ways_are_invalid() {
        for uri in ["http://mimir@evil.com/", "http://a:b@mimir/", "/relative"] {
            let invalid = checked("*://*:*", uri);
            assert!(matches!(invalid, Err(Error::HttpRequestUriInvalid)), "{uri}: {invalid:?}");
        }
    }
}
