//! A backend that records what it is sent and answers what the test told it to.

use bytes::Bytes;
use cockpit_core::{Body, Outbound, ports::UpstreamError};
use http::{Request, Response};
use http_body_util::BodyExt;
use std::{cell::RefCell, collections::VecDeque};

/// A request as the backend saw it.
pub type Sent = Request<Bytes>;

/// A backend. Without a prepared answer it says 200 with an empty body.
#[derive(Debug, Default)]
pub struct FakeUpstream {
    sent: RefCell<Vec<Sent>>,
    answers: RefCell<VecDeque<Result<Response<Body>, UpstreamError>>>,
}

impl FakeUpstream {
    /// Prepares the next answer.
    pub fn answer(&self, answer: Result<Response<Body>, UpstreamError>) {
        self.answers.borrow_mut().push_back(answer);
    }

    /// What it was sent since the last call.
    pub fn take_sent(&self) -> Vec<Sent> {
        self.sent.take()
    }

    pub(crate) async fn send(&self, outbound: Outbound) -> Result<Response<Body>, UpstreamError> {
        let (parts, body) = outbound.into_parts().0.into_parts();
        let body = body.collect().await.map_err(|cause| UpstreamError::Failed(cause.to_string()))?.to_bytes();
        self.sent.borrow_mut().push(Request::from_parts(parts, body));
        self.answers.borrow_mut().pop_front().unwrap_or_else(|| Ok(Response::new(Body::Empty)))
    }
}
