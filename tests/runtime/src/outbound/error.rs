//! What went wrong with an outgoing request, in the words of `wasi:http`.

use std::error::Error as Cause;
use std::io;

use hyper_util::client::legacy;
use wasmtime_wasi_http::Error;

use super::connect::Refused;

/// The request did not get a response.
pub(super) fn of_request(error: &legacy::Error) -> Error {
    for cause in causes(error) {
        if let Some(refused) = cause.downcast_ref::<Refused>() {
            return refused.into();
        }
        // The component's own body: it announced another length than it sent.
        if let Some(Error::HttpRequestBodySize(size)) = cause.downcast_ref::<Error>() {
            return Error::HttpRequestBodySize(*size);
        }
        if let Some(error) = cause.downcast_ref::<hyper::Error>() {
            return of_hyper(error, Error::ConnectionTerminated);
        }
    }
    Error::HttpProtocolError
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

fn causes<'a>(error: &'a (dyn Cause + 'static)) -> impl Iterator<Item = &'a (dyn Cause + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Cause + 'static)| {
        (*error).source()
    })
}
