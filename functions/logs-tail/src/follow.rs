//! Following: one question to Loki each second, for as long as somebody reads and may.

use crate::{
    cursor::{Answer, Cursor, Frame, Stream},
    request::Request,
};
use bytes::Bytes;
use cockpit_auth::authenticate;
use cockpit_core::{Backend, Body, BodyError, Fault, Permit, Ports, Refusal, Route, Timestamp};
use cockpit_gate::ask;
use futures_lite::stream;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::StreamBody;
use std::time::Duration;

/// How often Loki is asked.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a tail may last: as long as Loki's own. Whoever wants more comes back with where it was.
const LONGEST_MICROS: i64 = 3_600_000_000;

/// How many entries an answer may have.
const ENTRIES: usize = 1_000;

/// How many bytes an answer may have; if it has more, fewer entries are asked for.
const BYTES: usize = 16 << 20;

/// How many questions in a row may fail.
const FAILURES: u32 = 5;

/// A tail.
pub(crate) struct Follower<P> {
    pub(crate) ports: P,
    pub(crate) route: &'static Route,
    pub(crate) headers: HeaderMap,
    pub(crate) backend: Backend,
    request: Request,
    cursor: Cursor,
    until: Timestamp,
    failures: u32,
    first: Option<String>,
}

/// What a question came to.
enum Asked {
    /// What to send.
    Text(String),
    /// Loki refuses it: its answer.
    Refused(Response<Bytes>),
}

impl<P: Ports + 'static> Follower<P> {
    /// A tail that has not begun.
    pub(crate) fn new(ports: P, route: &'static Route, headers: HeaderMap, backend: Backend, request: Request) -> Self {
        let until = Timestamp::from_micros(ports.now().micros().saturating_add(LONGEST_MICROS));
        let cursor = Cursor::at(request.start);
        Self { ports, route, headers, backend, request, cursor, until, failures: 0, first: None }
    }

    /// Asks for the past, so that whoever asks for nonsense is told at once, and answers with all that follows.
    pub(crate) async fn begin(mut self, permit: &Permit) -> Result<Response<Body>, Refusal> {
        match self.ask(permit, self.request.past).await? {
            Asked::Refused(answer) => Ok(answer.map(Body::from_bytes)),
            Asked::Text(text) => {
                self.first = Some(text);
                let media = self.request.format.media();
                let pieces = stream::unfold(self, |mut follower| async {
                    let piece = follower.next().await?;
                    Some((piece.map(|text| http_body::Frame::data(Bytes::from(text))), follower))
                });
                let mut response = Response::new(Body::stream(StreamBody::new(Box::pin(pieces))));
                for (name, value) in
                    [("content-type", media), ("cache-control", "no-store"), ("x-accel-buffering", "no")]
                {
                    response.headers_mut().insert(name, http::HeaderValue::from_static(value));
                }
                Ok(response)
            }
        }
    }

    /// The next piece of the answer; `None` when the tail is over, or the token is.
    async fn next(&mut self) -> Option<Result<String, BodyError>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        if self.failures > FAILURES {
            return None;
        }
        if !self.cursor.is_behind() {
            self.ports.pause(PAUSE).await;
        }
        if self.ports.now() >= self.until {
            return None;
        }
        match self.ask_again().await {
            Ok(Asked::Text(text)) => {
                self.failures = 0;
                Some(Ok(text))
            }
            Err(Refusal::Unauthenticated | Refusal::MissingScope(_)) => None,
            Ok(Asked::Refused(answer)) => self.failed(format!("the backend answered {}", answer.status())),
            Err(refusal) => self.failed(refusal.to_string()),
        }
    }

    /// A token that is revoked meanwhile ends the tail as it ends everything else.
    async fn ask_again(&mut self) -> Result<Asked, Refusal> {
        let principal = authenticate(&self.ports, self.route.access, &self.headers).await?;
        let permit = Permit::grant(principal, self.route)?;
        self.ask(&permit, None).await
    }

    /// A backend may fail for a moment; after some, the connection breaks off, so that nobody takes it for quiet.
    fn failed(&mut self, cause: String) -> Option<Result<String, BodyError>> {
        self.failures += 1;
        let sign = self.request.format.sign_of_life().to_owned();
        Some(if self.failures > FAILURES { Err(BodyError(cause)) } else { Ok(sign) })
    }

    async fn ask(&mut self, permit: &Permit, past: Option<usize>) -> Result<Asked, Refusal> {
        let mut limit = past.unwrap_or(ENTRIES);
        loop {
            let target = self.target(past.is_some(), limit);
            match ask(&self.ports, permit, &self.backend, &target, &HeaderMap::new(), BYTES).await {
                Ok(answer) if answer.status() == StatusCode::OK => {
                    return self.read(answer.body(), past.is_some(), limit);
                }
                Ok(answer) => return Ok(Asked::Refused(answer)),
                Err(Refusal::TooLarge(_)) if limit > 1 => limit = (limit / 4).max(1),
                Err(refusal) => return Err(refusal),
            }
        }
    }

    fn target(&self, backward: bool, limit: usize) -> String {
        let Request { query, delay, .. } = &self.request;
        let end = self.ports.now().micros().saturating_mul(1_000).saturating_sub(*delay);
        let (start, direction) = (self.cursor.since(), if backward { "backward" } else { "forward" });
        let end = end.max(start.saturating_add(1));
        format!("/loki/api/v1/query_range?query={query}&start={start}&end={end}&limit={limit}&direction={direction}")
    }

    fn read(&mut self, body: &[u8], past: bool, limit: usize) -> Result<Asked, Refusal> {
        let answer: Answer<'_> = serde_json::from_slice(body).map_err(unreadable)?;
        if answer.data.result_type != "streams" {
            return Err(Refusal::Malformed("only queries of logs can be followed, not of metrics".into()));
        }
        let streams: Vec<Stream<'_>> = serde_json::from_str(answer.data.result.get()).map_err(unreadable)?;
        let frame = match past {
            true => self.cursor.begin(streams, limit),
            false => self.cursor.advance(streams, limit),
        };
        self.show(frame).map(Asked::Text).map_err(unreadable)
    }

    fn show(&self, frame: Option<Frame<'_>>) -> Result<String, serde_json::Error> {
        let format = self.request.format;
        match frame {
            Some(frame) => Ok(format.frame(&serde_json::to_string(&frame)?, self.cursor.newest())),
            None => Ok(format.sign_of_life().to_owned()),
        }
    }
}

fn unreadable(cause: serde_json::Error) -> Refusal {
    Refusal::BadUpstream(Fault::new("the backend's answer cannot be read, try again later", cause))
}
