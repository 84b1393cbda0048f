//! The bodies of requests and answers on their way through.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use wasmtime_wasi_http::{Error, WasiBody};

use crate::access::Entry;
use crate::in_flight::Caller;

/// No bytes.
pub(crate) fn empty() -> WasiBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// These bytes.
pub(crate) fn full(bytes: Bytes) -> WasiBody {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

fn length(frame: &Frame<Bytes>) -> u64 {
    let length = frame.data_ref().map_or(0, |data| data.remaining());
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A request's body, which fails once it is longer than allowed.
pub(crate) struct Request {
    pub(crate) body: Incoming,
    pub(crate) limit: u64,
    pub(crate) received: Arc<AtomicU64>,
}

impl Body for Request {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)) else {
            return Poll::Ready(None);
        };
        let Ok(frame) = frame else {
            return Poll::Ready(Some(Err(Error::ConnectionTerminated)));
        };
        let length = length(&frame);
        let before = self.received.fetch_add(length, Ordering::Relaxed);
        if before.saturating_add(length) > self.limit {
            return Poll::Ready(Some(Err(Error::HttpRequestBodySize(Some(self.limit)))));
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body, which keeps the request's place until it is over.
pub(crate) struct Answer {
    body: WasiBody,
    entry: Option<Entry>,
    caller: Option<Caller>,
    over: bool,
}

impl Answer {
    pub(crate) fn new(body: WasiBody, entry: Option<Entry>, caller: Option<Caller>) -> Self {
        Self { body, entry, caller, over: false }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let request = self.caller.as_ref().and_then(Caller::request);
        if frame.is_none() && request.is_some_and(|request| request.has_failed()) {
            // Otherwise the client would take what it got for the whole answer.
            return Poll::Ready(Some(Err(Error::HttpResponseIncomplete)));
        }
        if let (Some(Ok(_)), Some(request)) = (&frame, request) {
            request.advanced();
        }
        self.over |= frame.is_none();
        if let (Some(Ok(frame)), Some(entry)) = (&frame, &mut self.entry) {
            entry.sent(length(frame));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(caller) = self.caller.as_mut().filter(|_| self.over || self.body.is_end_stream()) {
            caller.served();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;
    use crate::in_flight::{InFlight, Progress};

    fn end_of(fails: bool) -> Result<Bytes, Error> {
        let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let (request, worker) = (InFlight::new(place), Arc::new(Progress::default()));
        request.accepted_by(&worker);
        if fails {
            worker.fail();
        }
        let body = full(Bytes::from_static(b"part"));
        let answer = Answer::new(body, None, Some(Caller::new(&request)));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(answer.collect()).map(|body| body.to_bytes())
    }

    #[test]
    fn an_answer_whose_instance_failed_does_not_look_complete() {
        assert_eq!(end_of(false).unwrap(), "part");
        assert!(matches!(end_of(true), Err(Error::HttpResponseIncomplete)));
    }
}
