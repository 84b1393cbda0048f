//! The answer to a proxy: the headers that make a request the tenant's, or why not.

use crate::asked::{Asked, asked};
use cockpit_auth::authenticate;
use cockpit_core::{
    Body, Operation, Permit, Ports, Refusal,
    outbound::{POLICY, TENANT, policy},
    routes::{Access, Lookup, lookup},
};
use cockpit_gate::{Call, enforces_policies};
use http::{HeaderMap, HeaderValue, Response};

/// Serves the rows of this function.
pub async fn handle(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    if call.route.operation != Operation::Authorize {
        return Err(call.misrouted());
    }
    let asked = asked(&mut call).await?;
    let (permit, operation) = permit(&call, &asked).await?;
    let is_enforced = enforces_policies(call.ports, backends_word(operation)).await?;
    let mut response = Response::new(Body::Empty);
    response.headers_mut().extend(headers(&permit, is_enforced)?);
    Ok(response)
}

/// What the caller may do, by the same table and in the same order as if it had come to us. Proxies understand 401 and
/// 403, and take any other refusal for a failure of ours.
async fn permit(call: &Call<'_, impl Ports>, asked: &Asked) -> Result<(Permit, Operation), Refusal> {
    let Lookup::Found(found) = lookup(&asked.method, &asked.host, &asked.path) else {
        return Err(Refusal::Forbidden("there is no such path, or not with this method"));
    };
    found.params.check().map_err(|fault| Refusal::Forbidden(fault.text()))?;
    let access = found.route.access;
    if !matches!(access, Access::Holder(_) | Access::AnyToken) {
        return Err(Refusal::Forbidden("no backend serves this path"));
    }
    let principal = authenticate(call.ports, access, call.headers()).await?;
    Ok((Permit::grant(principal, found.route)?, found.route.operation))
}

/// The variable that says whether the backend of an operation enforces label policies.
const fn backends_word(operation: Operation) -> &'static str {
    match operation {
        Operation::QueryLogs | Operation::TailLogs => "loki_enforces_policies",
        _ => "mimir_enforces_policies",
    }
}

/// What a proxy must set on the request, instead of whatever the caller says.
fn headers(permit: &Permit, is_enforced: bool) -> Result<HeaderMap, Refusal> {
    let tenant = permit.tenant().map(|tenant| tenant.to_string()).unwrap_or_default();
    let tenant = HeaderValue::try_from(tenant).map_err(|_| Refusal::bug("a tenant that is no header value"))?;
    let policy = policy(permit, is_enforced)?.map(|policy| (POLICY, policy));
    Ok(HeaderMap::from_iter([(TENANT, tenant)].into_iter().chain(policy)))
}
