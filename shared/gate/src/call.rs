//! What a handler is given: an authenticated, permitted request whose body is still unread.

use crate::{
    body::{Incoming, hold},
    within::timeout,
};
use bytes::Bytes;
use cockpit_core::{
    Body, Permit, Refusal, Route,
    ports::{Config, Timer},
    routes::Params,
};
use http::{HeaderMap, Method, request::Parts};

/// A request that may be served.
#[derive(Debug)]
pub struct Call<'c, P> {
    /// The host.
    pub ports: &'c P,
    /// The row of the table.
    pub route: &'static Route,
    /// The raw path, without the prefix that the row lets it have.
    pub path: &'c str,
    /// The raw values of the path's parameters.
    pub params: Params<'c>,
    /// What was granted, and to whom.
    pub permit: Permit,
    pub(crate) head: &'c Parts,
    pub(crate) body: &'c mut Incoming,
}

impl<'c, P> Call<'c, P> {
    /// The method.
    pub const fn method(&self) -> &'c Method {
        &self.head.method
    }

    /// The headers, as the caller sent them.
    pub const fn headers(&self) -> &'c HeaderMap {
        &self.head.headers
    }

    /// The raw query string; empty if there is none.
    pub fn query(&self) -> &'c str {
        self.head.uri.query().unwrap_or_default()
    }

    /// Whether the caller asks what would be refused, and why, instead of having anything forwarded.
    pub fn wants_explanation(&self) -> bool {
        self.query().split('&').any(|parameter| parameter == "explain=true")
    }

    /// The value of a parameter that the row's path has.
    pub fn param(&self, name: &'static str) -> Result<&'c str, Refusal> {
        self.params.get(name).ok_or_else(|| Refusal::bug("a path parameter that the row does not have"))
    }

    /// Counts a body that the handler made among those the instance holds, as it may wait for the backend as long.
    pub fn hold(&self, body: Bytes) -> Result<Body, Refusal> {
        hold(body).map(Body::from_bytes)
    }

    /// The refusal of a handler that was given an operation it does not serve.
    pub fn misrouted(&self) -> Refusal {
        Refusal::bug("an operation that its function does not serve")
    }
}

impl<P: Config + Timer> Call<'_, P> {
    /// Reads the whole body, up to the row's limit, in the time that the operator gives to callers.
    pub async fn read(&mut self) -> Result<Bytes, Refusal> {
        let time = timeout(self.ports, "body_timeout").await?;
        self.body.read(self.ports, time).await
    }

    /// The body as something to forward: unread where its length is known to be within the limit. The backend then has
    /// to wait for it, and does not wait for ever.
    pub async fn forwardable(&mut self) -> Result<Body, Refusal> {
        match self.body.unread() {
            Some(body) => Ok(body),
            None => self.read().await.map(Body::from_bytes),
        }
    }
}
