//! One request, from its head to its answer.

use crate::{
    body::Incoming,
    call::Call,
    error,
    pace::Pace,
    respond::{self, RequestId},
};
use cockpit_auth::authenticate;
use cockpit_core::{
    Body, Dialect, Permit, Ports, Refusal,
    routes::{Lookup, Match, lookup},
};
use http::{HeaderMap, Request, Response, header::HOST, request::Parts};

/// Serves one request as the function named. Always answers: a failure of ours is an answer too.
///
/// Strangers are turned away before a byte of their body is read.
pub async fn serve<P: Ports>(
    function: &str,
    ports: &P,
    request: Request<Body>,
    handle: impl AsyncFnOnce(Call<'_, P>) -> Result<Response<Body>, Refusal>,
) -> Response<Body> {
    let id = RequestId::new(ports);
    let (head, body) = request.into_parts();
    let mut body = Incoming::new(body);
    let (dialect, result) = match find(function, &head) {
        Ok(found) => (found.route.dialect, admit_and_handle(ports, found, &head, &mut body, handle).await),
        Err((dialect, refusal)) => (dialect, Err(refusal)),
    };
    let response = match result {
        Ok(response) => response,
        Err(refusal) => {
            error::log(ports, function, &id, &refusal);
            body.discard(ports).await;
            error::response(dialect, &head.headers, Pace::of(&head.headers, ports), &refusal)
        }
    };
    respond::finish(response, &id)
}

/// The answer to what the host could not make an HTTP request of.
pub fn unreadable(ports: &impl Ports) -> Response<Body> {
    let (headers, refusal) = (HeaderMap::new(), Refusal::Malformed("the request is not HTTP".into()));
    let response = error::response(Dialect::Plain, &headers, Pace::of(&headers, ports), &refusal);
    respond::finish(response, &RequestId::new(ports))
}

fn find<'h>(function: &str, head: &'h Parts) -> Result<Match<'h>, (Dialect, Refusal)> {
    match lookup(&head.method, &host(&head.headers), head.uri.path()) {
        Lookup::Found(found) if found.route.function == function => Ok(found),
        Lookup::Found(found) => Err((found.route.dialect, Refusal::bug("a request for another function"))),
        Lookup::WrongMethod { allow, dialect } => Err((dialect, Refusal::WrongMethod(allow))),
        Lookup::Unlisted { dialect } => Err((dialect, Refusal::UnknownPath)),
    }
}

/// What the caller takes this host for, in lower case.
pub fn host(headers: &HeaderMap) -> String {
    headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_ascii_lowercase()
}

async fn admit_and_handle<P: Ports>(
    ports: &P,
    found: Match<'_>,
    head: &Parts,
    body: &mut Incoming,
    handle: impl AsyncFnOnce(Call<'_, P>) -> Result<Response<Body>, Refusal>,
) -> Result<Response<Body>, Refusal> {
    let Match { route, path, params } = found;
    params.check().map_err(|fault| Refusal::Malformed(fault.text().into()))?;
    let principal = authenticate(ports, route.access, &head.headers).await?;
    let permit = Permit::grant(principal, route)?;
    body.admit(&head.headers, route.limits.body)?;
    handle(Call { ports, route, path, params, permit, head, body }).await
}
