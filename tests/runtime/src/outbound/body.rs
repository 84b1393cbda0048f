//! A response body that must not pause too long.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Sleep, sleep};
use wasmtime_wasi_http::Error;

use super::error;

/// Ends with an error when `pause` passes without a frame.
pub(super) struct Paced {
    /// Dropped, and its connection with it, when the time is up.
    body: Option<Incoming>,
    pause: Duration,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    pub(super) fn new(body: Incoming, pause: Duration) -> Self {
        Self { body: Some(body), pause, alarm: None }
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let pause = self.pause;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep(pause)));
        ready!(alarm.as_mut().poll(cx));
        self.body = None;
        Poll::Ready(())
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        match Pin::new(body).poll_frame(cx) {
            Poll::Ready(frame) => {
                this.alarm = None;
                Poll::Ready(frame.map(|frame| frame.map_err(|cause| error::of_response(&cause))))
            }
            Poll::Pending => {
                ready!(this.wait(cx));
                Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}
