//! One request: find its component, hand it over, and answer.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use wasmtime::PoolConcurrencyLimitError;
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::{ExpirationError, InstantiationError, ProxyHandler};

use crate::access::Entry;
use crate::body::{self, Answer};
use crate::headers::{self, Unfit};
use crate::in_flight::{Caller, InFlight};
use crate::options::Carried;
use crate::router::{Match, Router, WELL_KNOWN};
use crate::websocket::{self, WebSockets};
use crate::worker::Factory;
use crate::{clock, log};

/// What it takes to answer requests.
pub(crate) struct Service {
    pub(crate) router: Router,
    pub(crate) components: BTreeMap<String, ProxyHandler<Factory>>,
    /// The answer of `/.well-known/spin/info`.
    pub(crate) info: Bytes,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) timeout: Duration,
    pub(crate) max_body: u64,
    pub(crate) access_log: bool,
    pub(crate) kv_count: bool,
    pub(crate) websockets: WebSockets,
}

impl Service {
    /// Answers `request`; whatever goes wrong becomes a status.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        client: SocketAddr,
    ) -> Result<Response<Answer>, Infallible> {
        let mut entry = self.access_log.then(|| Entry::begin(&request));
        let (response, caller) = self.respond(request, client, &mut entry).await;
        if let Some(entry) = &mut entry {
            entry.status(response.status());
        }
        Ok(response.map(|body| Answer::new(body, entry, caller)))
    }

    async fn respond(
        &self,
        mut request: Request<Incoming>,
        client: SocketAddr,
        entry: &mut Option<Entry>,
    ) -> (Response<WasiBody>, Option<Caller>) {
        if headers::too_long(&request) {
            return (status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE), None);
        }
        headers::strip(&mut request);
        let path = request.uri().path().to_owned();
        if let Some(name) = path.strip_prefix(WELL_KNOWN) {
            return (self.well_known(name), None);
        }
        let Some(route) = self.router.find(&path) else {
            return (status(StatusCode::NOT_FOUND), None);
        };
        if let Some(entry) = entry {
            entry.component(route.component());
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return (busy(), None);
        };
        let in_flight = InFlight::new(place);
        let caller = Caller::new(&in_flight);
        if let Some(carried) = self.websockets.target(&request) {
            return (self.carry(request, carried, client, &in_flight).await, Some(caller));
        }
        if let Some(entry) = entry.as_mut().filter(|_| self.kv_count) {
            entry.operations(&in_flight);
        }
        let response = match self.admit(&mut request, &route, client) {
            Err(refusal) => status(refusal),
            Ok(()) => {
                let request = self.bounded(request, entry.as_ref());
                self.run(route.component(), request, &in_flight).await
            }
        };
        (response, Some(caller))
    }

    fn well_known(&self, name: &str) -> Response<WasiBody> {
        match name {
            "health" => Response::new(body::full(Bytes::from_static(b"OK"))),
            "info" => {
                let mut response = Response::new(body::full(self.info.clone()));
                let json = HeaderValue::from_static("application/json");
                response.headers_mut().insert(CONTENT_TYPE, json);
                response
            }
            _ => status(StatusCode::NOT_FOUND),
        }
    }

    /// Carries a WebSocket if the application lets it through.
    async fn carry(
        &self,
        request: Request<Incoming>,
        carried: &Carried,
        client: SocketAddr,
        in_flight: &Arc<InFlight>,
    ) -> Response<WasiBody> {
        let mut question = websocket::question(&request);
        let Some(route) = self.router.find(websocket::AUTHORIZE) else {
            return status(StatusCode::NOT_FOUND);
        };
        if let Err(refusal) = prepare(&mut question, &route, client) {
            return status(refusal);
        }
        let answer = self.run(route.component(), question, in_flight).await;
        if answer.status() != StatusCode::OK {
            return answer;
        }
        self.websockets.open(request, carried, answer.headers(), in_flight).await
    }

    fn admit(&self, request: &mut Request<Incoming>, route: &Match<'_>, client: SocketAddr) -> Result<(), StatusCode> {
        prepare(request, route, client)?;
        let announced = request.headers().contains_key(CONTENT_LENGTH);
        if announced && request.body().size_hint().lower() > self.max_body {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        Ok(())
    }

    fn bounded(&self, request: Request<Incoming>, entry: Option<&Entry>) -> Request<WasiBody> {
        let received = entry.map(Entry::received).unwrap_or_default();
        let limit = self.max_body;
        request.map(|body| body::Request { body, limit, received }.boxed_unsync())
    }

    async fn run(&self, component: &str, request: Request<WasiBody>, in_flight: &Arc<InFlight>) -> Response<WasiBody> {
        let Some(handler) = self.components.get(component) else {
            return status(StatusCode::INTERNAL_SERVER_ERROR);
        };
        let start = clock::now();
        let answer = timeout(self.timeout, handler.handle(Arc::clone(in_flight), request)).await;
        match answer {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => self.failed(component, &error, start),
            Err(_) => status(StatusCode::GATEWAY_TIMEOUT),
        }
    }

    /// The component did not answer. What exactly happened is for the operator, not the client.
    fn failed(&self, component: &str, error: &wasmtime::Error, start: Instant) -> Response<WasiBody> {
        let late = clock::now().duration_since(start) >= self.timeout;
        if late || error.is::<ExpirationError>() {
            return status(StatusCode::GATEWAY_TIMEOUT);
        }
        log::line(format_args!("[{component}] request failed: {error:#}"));
        match error.downcast_ref::<InstantiationError<Arc<InFlight>>>() {
            Some(error) if error.error.is::<PoolConcurrencyLimitError>() => busy(),
            _ => status(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

fn prepare<B>(request: &mut Request<B>, route: &Match<'_>, client: SocketAddr) -> Result<(), StatusCode> {
    headers::prepare(request, route, client).map_err(|unfit| match unfit {
        Unfit::Authority => StatusCode::BAD_REQUEST,
        Unfit::NotUtf8 => StatusCode::INTERNAL_SERVER_ERROR,
    })
}

pub(crate) fn status(status: StatusCode) -> Response<WasiBody> {
    let mut response = Response::new(body::empty());
    *response.status_mut() = status;
    response
}

fn busy() -> Response<WasiBody> {
    let mut response = status(StatusCode::SERVICE_UNAVAILABLE);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
