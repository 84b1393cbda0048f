//! What every stand-in has: a listener, a record of requests, faults on demand, tenants.

use crate::{
    fault::{Fault, Faults},
    record::{Record, Records},
    reply::{Reply, json, text},
    tail,
    watch::{self, Waiting},
};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::net::{TcpListener, TcpStream};

/// A request, read whole.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What `X-Scope-OrgID` says; empty for a service that needs none.
    pub(crate) tenant: String,
}

impl Asked {
    /// The parameters of the query string and of a form body, in order.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        let form = self.headers.get("content-type").is_some_and(|kind| kind == "application/x-www-form-urlencoded");
        let body: &[u8] = if form { &self.body } else { b"" };
        let pairs = form_urlencoded::parse(self.query.as_bytes()).chain(form_urlencoded::parse(body));
        pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }

    /// The last value of a parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters().into_iter().rev().find_map(|(known, value)| (known == name).then_some(value))
    }
}

/// One of the stand-ins.
pub(crate) trait Service: Send + 'static {
    /// Whether a request must name its tenant.
    fn needs_tenant(&self, path: &str) -> bool;
    /// Answers a request.
    fn answer(&mut self, asked: &Asked) -> Reply;
    /// What has come since `sent` entries were sent to whoever follows this request, and how many that makes; `None` if
    /// it cannot be followed.
    fn news(&mut self, _asked: &Asked, _sent: usize) -> Option<(serde_json::Value, usize)> {
        None
    }
}

/// A stand-in and what it has.
pub(crate) struct Server<S> {
    pub(crate) service: Mutex<S>,
    faults: Faults,
    records: Records,
}

/// Serves on a free port; returns where.
pub(crate) async fn start(host: &str, service: impl Service) -> SocketAddr {
    let listener = TcpListener::bind((host, 0)).await.expect("a port is free");
    let address = listener.local_addr().expect("a listener has an address");
    let server =
        Arc::new(Server { service: Mutex::new(service), faults: Faults::default(), records: Records::default() });
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, Arc::clone(&server)));
        }
    });
    address
}

async fn connection<S: Service>(stream: TcpStream, server: Arc<Server<S>>) {
    let _ = stream.set_nodelay(true);
    let serve = service_fn(|request| {
        let server = Arc::clone(&server);
        async move { Ok::<_, Infallible>(server.serve(request).await) }
    });
    // A connection that breaks is its client's affair, or a fault that a test asked for.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), serve).with_upgrades().await;
}

impl<S: Service> Server<S> {
    async fn serve(self: Arc<Self>, mut request: Request<Incoming>) -> Reply {
        let upgrade = hyper::upgrade::on(&mut request);
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else { return text(StatusCode::BAD_REQUEST, "the body ended early") };
        let asked = Asked {
            method: head.method,
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            tenant: head.headers.get("x-scope-orgid").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned(),
            headers: head.headers,
            body: body.to_bytes(),
        };
        if let Some(command) = asked.path.strip_prefix("/-/sandbox/") {
            return self.control(command, &asked);
        }
        let waiting = Waiting::new(&self.records, &asked);
        let faulty = match self.faults.next(&asked.path) {
            Some(fault) => fault.reply().await,
            None => None,
        };
        waiting.over();
        let followed = faulty.is_none() && tail::is_asked_for(&asked) && self.news(&asked, 0).is_some();
        let reply = match faulty {
            Some(reply) => reply,
            None if followed => tail::accept(&asked),
            None => self.ordinary(&asked),
        };
        let record = Record::new(&asked, Some(reply.status()));
        let abandoned = record.abandoned();
        self.records.add(record);
        if followed {
            tokio::spawn(tail::follow(self, asked, upgrade, Arc::clone(&abandoned)));
        }
        reply.map(|body| watch::body(body, abandoned))
    }

    /// What has come since so many entries were sent to a tail.
    pub(crate) fn news(&self, asked: &Asked, sent: usize) -> Option<(serde_json::Value, usize)> {
        self.service.lock().expect("no stand-in panics").news(asked, sent)
    }

    fn ordinary(&self, asked: &Asked) -> Reply {
        let mut service = self.service.lock().expect("no stand-in panics");
        if asked.headers.get_all("x-scope-orgid").iter().count() > 1 {
            return text(StatusCode::BAD_REQUEST, "more than one X-Scope-OrgID header\n");
        }
        if asked.tenant.is_empty() && service.needs_tenant(&asked.path) {
            return text(StatusCode::UNAUTHORIZED, "no org id\n");
        }
        service.answer(asked)
    }

    fn control(&self, command: &str, asked: &Asked) -> Reply {
        match (&asked.method, command) {
            (&Method::GET, "requests") => json(StatusCode::OK, &self.records.all()),
            (&Method::DELETE, "requests") => {
                self.records.clear();
                text(StatusCode::OK, "")
            }
            (&Method::PUT, "fault") => match serde_json::from_slice::<Fault>(&asked.body) {
                Ok(fault) => {
                    self.faults.set(Some(fault));
                    text(StatusCode::OK, "")
                }
                Err(error) => text(StatusCode::BAD_REQUEST, &format!("not a fault: {error}\n")),
            },
            (&Method::DELETE, "fault") => {
                self.faults.set(None);
                text(StatusCode::OK, "")
            }
            _ => text(StatusCode::NOT_FOUND, "controls: GET and DELETE requests, PUT and DELETE fault\n"),
        }
    }
}
