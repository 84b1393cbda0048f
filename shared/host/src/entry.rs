//! The entry of every function: a request of the host goes in, an answer always comes out.

use crate::{
    Host,
    http::{arriving, contents, fields, headers},
};
use cockpit_core::{Body, Refusal};
use cockpit_gate::Call;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Uri,
    header::{CONTENT_LENGTH, HOST},
};
use spin_sdk::wasip3::{
    http::types::{Fields, Request, Response},
    wit_bindgen::FutureReader,
};

/// Serves one request as the function named.
pub async fn serve(
    function: &str,
    request: Request,
    handler: impl AsyncFnOnce(Call<'_, Host>) -> Result<http::Response<Body>, Refusal>,
) -> Response {
    match read(request) {
        Some(request) => write(cockpit_gate::serve(function, &Host, request, handler).await),
        None => write(cockpit_gate::unreadable(&Host)),
    }
}

/// `None` if the host passed something that is no HTTP request.
fn read(request: Request) -> Option<http::Request<Body>> {
    let method = Method::try_from(request.get_method()).ok()?;
    let uri = Uri::from_maybe_shared(request.get_path_with_query()?).ok()?;
    let mut headers = headers(&request.get_headers())?;
    // Hosts keep it apart from the other headers, or beside them.
    if let Some(authority) = request.get_authority() {
        headers.insert(HOST, HeaderValue::try_from(authority).ok()?);
    }
    let mut read = http::Request::new(arriving(request).ok()?);
    *read.method_mut() = method;
    *read.uri_mut() = uri;
    *read.headers_mut() = headers;
    Some(read)
}

fn write(response: http::Response<Body>) -> Response {
    let (mut head, body) = response.into_parts();
    announce_length(&mut head.headers, &body);
    match fields(&head.headers) {
        Ok(fields) => answer(head.status, fields, body),
        // Some hosts have headers of which they allow no other to speak.
        Err(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, Fields::new(), Body::Empty),
    }
}

/// With its length, a body leaves in one piece with the head, which some hosts send at once only then.
fn announce_length(headers: &mut HeaderMap, body: &Body) {
    if let Body::Full(bytes) = body {
        headers.insert(CONTENT_LENGTH, bytes.len().into());
    }
}

fn answer(status: StatusCode, fields: Fields, body: Body) -> Response {
    let (bytes, trailers) = contents(body);
    let (response, _sent): (_, FutureReader<_>) = Response::new(fields, bytes, trailers);
    // Refused only for statuses that the `http` crate cannot represent either.
    let _ = response.set_status_code(status.as_u16());
    response
}
