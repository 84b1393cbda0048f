//! A message body, whole or streaming, in requests and responses alike.

use bytes::Bytes;
use http_body::Frame;
use std::{
    any::Any,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

/// A body on its way through the gateway.
#[derive(Debug, Default)]
pub enum Body {
    /// No body at all.
    #[default]
    Empty,
    /// All of it, in memory.
    Full(Bytes),
    /// Bytes that arrive while they are forwarded.
    Stream(Box<dyn Stream>),
}

/// A streaming body. `Any` lets the host recognise its own streams and splice them unread.
pub trait Stream: http_body::Body<Data = Bytes, Error = BodyError> + Any + Unpin {}

impl<T: http_body::Body<Data = Bytes, Error = BodyError> + Any + Unpin> Stream for T {}

impl fmt::Debug for dyn Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

impl Body {
    /// A body of these bytes; none at all if there are none.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        if bytes.is_empty() { Self::Empty } else { Self::Full(bytes) }
    }

    /// A body that is forwarded as it arrives.
    pub fn stream(stream: impl Stream) -> Self {
        Self::Stream(Box::new(stream))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Full(_) => {
                let Self::Full(bytes) = std::mem::take(&mut *self) else { return Poll::Ready(None) };
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Self::Stream(stream) => Pin::new(stream.as_mut()).poll_frame(cx),
        }
    }
}

/// A streaming body ended before its end: the peer stopped, or the host gave up. The text is for the log.
#[derive(Debug, PartialEq, Eq)]
pub struct BodyError(pub String);

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body ended early: {}", self.0)
    }
}

impl std::error::Error for BodyError {}
