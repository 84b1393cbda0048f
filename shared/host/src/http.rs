//! Between `wasi:http` and the `http` crate. Streams that only pass through are spliced by the host, unread.

use bytes::Bytes;
use cockpit_core::{Body, BodyError, body::Stream};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;
use spin_sdk::wasip3::{
    http::types::{ErrorCode, Fields, HeaderError, Request, Response, Trailers},
    http_compat::{BodyWriter, IncomingBody, IncomingMessage},
    wit_bindgen::{self, FutureReader, StreamReader},
    wit_future, wit_stream,
};
use std::{
    any::Any,
    pin::Pin,
    task::{Context, Poll},
};

/// A message's body as the host hands it over and takes it back: its bytes, then its trailers.
pub(crate) type Contents = (Option<StreamReader<u8>>, FutureReader<Result<Option<Trailers>, ErrorCode>>);

/// A body that is still with the host.
struct Arriving<T>(IncomingBody<T>);

impl<T: IncomingMessage> http_body::Body for Arriving<T> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.0).poll_frame(cx).map_err(|cause| BodyError(format!("{cause:?}")))
    }
}

/// The body of a message that arrived.
pub(crate) fn arriving<T: IncomingMessage + Send + 'static>(message: T) -> Result<Body, ErrorCode> {
    Ok(Body::stream(Arriving(IncomingBody::new(message)?)))
}

/// The body as the host wants it. One that arrived unread goes back as it came.
pub(crate) fn contents(body: Body) -> Contents {
    match body {
        Body::Empty => (None, no_trailers()),
        Body::Full(bytes) => (Some(written(bytes)), no_trailers()),
        Body::Stream(mut stream) => {
            let any: &mut dyn Any = &mut *stream;
            splice::<Request>(any).or_else(|| splice::<Response>(any)).unwrap_or_else(|| made(stream))
        }
    }
}

/// A body that this instance makes, piece by piece, for as long as somebody reads it.
fn made(mut stream: Box<dyn Stream>) -> Contents {
    let (writer, bytes, trailers) = BodyWriter::new();
    wit_bindgen::spawn(async move {
        // An error has been told to the reader, or is that there is none.
        let _ = writer.send_http_body(&mut stream).await;
    });
    (Some(bytes), trailers)
}

fn splice<T: IncomingMessage + Send + 'static>(stream: &mut dyn Any) -> Option<Contents> {
    let message = stream.downcast_mut::<Arriving<T>>()?.0.take_unstarted()?;
    let (_, received) = wit_future::new(|| Ok(()));
    let (bytes, trailers) = message.consume_body(received);
    Some((Some(bytes), trailers))
}

fn written(bytes: Bytes) -> StreamReader<u8> {
    let (mut writer, reader) = wit_stream::new();
    wit_bindgen::spawn(async move {
        // What is left unwritten is what nobody wanted to read.
        let _ = writer.write_all(bytes.into()).await;
    });
    reader
}

fn no_trailers() -> FutureReader<Result<Option<Trailers>, ErrorCode>> {
    wit_future::new(|| Ok(None)).1
}

/// Headers as the gateway knows them; `None` if the host passed something that is no header.
pub(crate) fn headers(fields: &Fields) -> Option<HeaderMap> {
    let mut map = HeaderMap::new();
    for (name, value) in fields.copy_all() {
        map.append(HeaderName::try_from(name).ok()?, HeaderValue::from_maybe_shared(Bytes::from(value)).ok()?);
    }
    Some(map)
}

/// Headers as the host wants them.
pub(crate) fn fields(map: &HeaderMap) -> Result<Fields, HeaderError> {
    let entries: Vec<_> = map.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    Fields::from_list(&entries)
}
