//! Whether whoever asked is still there.

use crate::{
    record::{Record, Records},
    server::Asked,
};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

/// A request that waits for its answer; recorded as abandoned if nobody waits any more.
pub(crate) struct Waiting<'w> {
    records: &'w Records,
    asked: &'w Asked,
    over: bool,
}

impl<'w> Waiting<'w> {
    pub(crate) fn new(records: &'w Records, asked: &'w Asked) -> Self {
        Self { records, asked, over: false }
    }

    /// The answer is there.
    pub(crate) fn over(mut self) {
        self.over = true;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.records.add(Record::new(self.asked, None));
        }
    }
}

/// A body that notes if it is not read to its end.
struct Watched {
    body: UnsyncBoxBody<Bytes, io::Error>,
    abandoned: Arc<AtomicBool>,
    over: bool,
}

/// The body of an answer, watched.
pub(crate) fn body(
    body: UnsyncBoxBody<Bytes, io::Error>,
    abandoned: Arc<AtomicBool>,
) -> UnsyncBoxBody<Bytes, io::Error> {
    let over = body.is_end_stream();
    Watched { body, abandoned, over }.boxed_unsync()
}

impl Body for Watched {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        self.over |= matches!(polled, Poll::Ready(None | Some(Err(_)))) || self.body.is_end_stream();
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.over {
            self.abandoned.store(true, Relaxed);
        }
    }
}
