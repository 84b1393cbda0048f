//! What went wrong with an outgoing request, in the words of `wasi:http`.

use std::error::Error as Cause;
use std::io;

use hyper_util::client::legacy;
use wasmtime_wasi_http::Error;

use super::connect::Refused;

/// The request did not get a response.
pub(super) fn of_request(error: &legacy::Error) -> Error {
    if let Some(refused) = find::<Refused>(error) {
        return refused.into();
    }
    match (find::<Error>(error), find::<hyper::Error>(error)) {
        // The body that was sent: too long, not as long as announced, or broken off.
        (Some(Error::HttpRequestBodySize(size)), _) => Error::HttpRequestBodySize(*size),
        (Some(Error::InternalError(cause)), _) => Error::InternalError(cause.clone()),
        (None, Some(error)) => of_hyper(error, Error::ConnectionTerminated),
        _ => Error::HttpProtocolError,
    }
}

/// The response broke off.
pub(super) fn of_response(error: &hyper::Error) -> Error {
    of_hyper(error, Error::HttpResponseIncomplete)
}

fn of_hyper(error: &hyper::Error, broken_off: Error) -> Error {
    let lost = causes(error).any(|cause| cause.is::<io::Error>());
    if error.is_timeout() {
        Error::HttpResponseTimeout
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() || lost {
        broken_off
    } else {
        Error::HttpProtocolError
    }
}

fn find<'a, E: Cause + 'static>(error: &'a (dyn Cause + 'static)) -> Option<&'a E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

fn causes<'a>(error: &'a (dyn Cause + 'static)) -> impl Iterator<Item = &'a (dyn Cause + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Cause + 'static)| (*error).source())
}
