//! Outbound HTTP, from `wasi:http/client`.

use crate::{
    Host,
    http::{arriving, contents, fields, headers},
};
use cockpit_core::{
    Body, Outbound,
    ports::{Upstream, UpstreamError},
};
use http::{Response, StatusCode};
use spin_sdk::wasip3::http::{
    client,
    types::{ErrorCode, Request, RequestOptions},
};
use std::{fmt::Debug, time::Duration};

impl Upstream for Host {
    async fn send(&self, outbound: Outbound) -> Result<Response<Body>, UpstreamError> {
        let (request, timeout) = outbound.into_parts();
        let answer = client::send(write(request, timeout)?).await.map_err(failed)?;
        let status = StatusCode::from_u16(answer.get_status_code()).map_err(unusable)?;
        let headers = headers(&answer.get_headers()).ok_or_else(|| unusable("a header is malformed"))?;
        let mut response = Response::new(arriving(answer).map_err(unusable)?);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

fn write(request: http::Request<Body>, timeout: Duration) -> Result<Request, UpstreamError> {
    let (head, body) = request.into_parts();
    let (bytes, trailers) = contents(body);
    let fields = fields(&head.headers).map_err(unusable)?;
    let (request, _sent) = Request::new(fields, bytes, trailers, Some(options(timeout)?));
    request.set_method(&head.method.into()).map_err(unusable)?;
    request.set_scheme(head.uri.scheme().map(Into::into).as_ref()).map_err(unusable)?;
    request.set_authority(head.uri.authority().map(|authority| authority.as_str())).map_err(unusable)?;
    request.set_path_with_query(head.uri.path_and_query().map(|path| path.as_str())).map_err(unusable)?;
    Ok(request)
}

/// Hosts wait for ten minutes if they are not told otherwise.
fn options(timeout: Duration) -> Result<RequestOptions, UpstreamError> {
    let nanos = u64::try_from(timeout.as_nanos()).ok();
    let options = RequestOptions::new();
    options.set_connect_timeout(nanos).map_err(unusable)?;
    options.set_first_byte_timeout(nanos).map_err(unusable)?;
    options.set_between_bytes_timeout(nanos).map_err(unusable)?;
    Ok(options)
}

fn failed(error: ErrorCode) -> UpstreamError {
    match error {
        ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::DnsTimeout
        | ErrorCode::HttpResponseTimeout => UpstreamError::TimedOut,
        other => unusable(other),
    }
}

fn unusable(cause: impl Debug) -> UpstreamError {
    UpstreamError::Failed(format!("{cause:?}"))
}
