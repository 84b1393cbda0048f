//! A backend that records what it is sent and answers what the test told it to.

use bytes::Bytes;
use cockpit_core::{Body, Outbound, ports::UpstreamError};
use http::{Method, Request, Response, request::Parts};
use http_body_util::BodyExt;
use std::{cell::RefCell, collections::VecDeque};

/// A request as the backend saw it.
pub type Sent = Request<Bytes>;

/// A backend. Without a prepared or usual answer it says 200 with an empty body.
#[derive(Debug, Default)]
pub struct FakeUpstream {
    sent: RefCell<Vec<Sent>>,
    usual: RefCell<Vec<(&'static str, &'static str)>>,
    answers: RefCell<VecDeque<Result<Response<Body>, UpstreamError>>>,
}

impl FakeUpstream {
    /// Prepares the next answer.
    pub fn answer(&self, answer: Result<Response<Body>, UpstreamError>) {
        self.answers.borrow_mut().push_back(answer);
    }

    /// Prepares the answer of every GET whose path ends so, unless another one is prepared.
    pub fn usually(&self, path: &'static str, body: &'static str) {
        self.usual.borrow_mut().push((path, body));
    }

    /// Forgets answers that were prepared and not needed.
    pub fn forget_answers(&self) {
        self.answers.borrow_mut().clear();
    }

    /// What it was sent since the last call.
    pub fn take_sent(&self) -> Vec<Sent> {
        self.sent.take()
    }

    pub(crate) async fn send(&self, outbound: Outbound) -> Result<Response<Body>, UpstreamError> {
        let (parts, body) = outbound.into_parts().0.into_parts();
        let body = body.collect().await.map_err(|cause| UpstreamError::Failed(cause.to_string()))?.to_bytes();
        let usual = self.usual_answer(&parts);
        self.sent.borrow_mut().push(Request::from_parts(parts, body));
        self.answers.borrow_mut().pop_front().unwrap_or(Ok(usual))
    }

    fn usual_answer(&self, asked: &Parts) -> Response<Body> {
        let usual = self.usual.borrow();
        let known = usual.iter().find(|(path, _)| asked.method == Method::GET && asked.uri.path().ends_with(path));
        Response::new(known.map_or(Body::Empty, |(_, body)| Body::from_bytes(*body)))
    }
}
