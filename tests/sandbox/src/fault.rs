//! Faults on demand: slow, wrong, cut off or endless answers.

use crate::reply::{Reply, bytes};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use serde::Deserialize;
use std::{collections::BTreeMap, io, sync::Mutex, time::Duration};
use tokio::time::Instant;

/// How to fail. Everything is optional; a fault without `status`, `cut` and `stream_bytes` only delays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Fault {
    /// The status to answer.
    status: Option<u16>,
    /// The body to answer it with.
    body: String,
    /// The headers to answer it with.
    headers: BTreeMap<String, String>,
    /// How long to wait first.
    delay_ms: u64,
    /// Where to break the connection.
    cut: Option<Cut>,
    /// Answer 200 with this many bytes, in chunks.
    stream_bytes: Option<u64>,
    /// For how many requests; without it, until it is removed.
    times: Option<u32>,
    /// For how long after it is set.
    for_ms: Option<u64>,
    /// For paths that begin with this.
    path_prefix: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Cut {
    /// Instead of an answer.
    BeforeResponse,
    /// In the midst of the body.
    MidBody,
}

/// The fault in force.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Option<InForce>>);

/// A fault, and until when it is one.
#[derive(Debug)]
struct InForce {
    fault: Fault,
    until: Option<Instant>,
}

impl Faults {
    pub(crate) fn set(&self, fault: Option<Fault>) {
        let until = |fault: &Fault| Some(Instant::now() + Duration::from_millis(fault.for_ms?));
        let fault = fault.map(|fault| InForce { until: until(&fault), fault });
        *self.0.lock().expect("nothing panics here") = fault;
    }

    /// The fault that the next request on this path meets.
    pub(crate) fn next(&self, path: &str) -> Option<Fault> {
        let mut current = self.0.lock().expect("nothing panics here");
        let InForce { fault, until } = current.as_mut()?;
        if !path.starts_with(&fault.path_prefix) || until.is_some_and(|until| Instant::now() >= until) {
            return None;
        }
        let met = fault.clone();
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                *current = None;
            }
        }
        Some(met)
    }
}

impl Fault {
    /// The faulty answer; `None` if the ordinary one is only delayed.
    pub(crate) async fn reply(&self) -> Option<Reply> {
        tokio::time::sleep(Duration::from_millis(self.delay_ms)).await;
        match (self.cut, self.stream_bytes, self.status) {
            (Some(cut), _, _) => Some(cut.reply()),
            (None, Some(length), _) => Some(chunks(length)),
            (None, None, Some(status)) => Some(self.canned(status)),
            (None, None, None) => None,
        }
    }

    fn canned(&self, status: u16) -> Reply {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut reply = bytes(status, "text/plain; charset=utf-8", self.body.clone());
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                reply.headers_mut().insert(name, value);
            }
        }
        reply
    }
}

impl Cut {
    /// An answer whose body breaks; before anything is sent, the server can only break the connection.
    fn reply(self) -> Reply {
        let begun = match self {
            Self::BeforeResponse => None,
            Self::MidBody => Some(Ok(Frame::data(Bytes::from_static(b"{\"status\":")))),
        };
        let broken = Err(io::Error::other("a test asked for this"));
        let mut reply = Response::new(StreamBody::new(stream::iter(begun.into_iter().chain([broken]))).boxed_unsync());
        reply.headers_mut().insert("content-length", HeaderValue::from_static("1000"));
        reply
    }
}

fn chunks(length: u64) -> Reply {
    const CHUNK: u64 = 64 << 10;
    let chunk = Bytes::from(vec![b' '; usize::try_from(CHUNK).expect("a chunk is small")]);
    let frames = (0..length.div_ceil(CHUNK)).map(move |index| {
        let size = CHUNK.min(length - index * CHUNK);
        Ok(Frame::data(chunk.slice(..usize::try_from(size).expect("a chunk is small"))))
    });
    Response::new(StreamBody::new(stream::iter(frames)).boxed_unsync())
}
