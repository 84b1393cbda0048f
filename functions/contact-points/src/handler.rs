//! Adding, listing and removing contact points.

use cockpit_api::{ContactPoint, ContactPointBody, ContactPointList, Query, body};
use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::{Call, json};
use cockpit_manage::{Kind, Manage, done};
use cockpit_state::contact_points;
use http::Response;

const CONTACT_POINT: Kind = Kind { resource: "contact_point", most: contact_points::MOST };

/// Serves the rows of this function.
pub async fn handle(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::CreateContactPoint => create(&mut call).await,
        Operation::ListContactPoints => list(&call).await,
        Operation::DeleteContactPoint => delete(&mut call).await,
        _ => Err(call.misrouted()),
    }
}

/// Adds an address; one that is there already is as good as added.
async fn create(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let (named, email) = body::<ContactPointBody>(&call.read().await?)?.checked()?;
    let (project, cockpit) = call.cockpit(named).await?;
    if let Some(point) = contact_points::find(call.ports, project, &cockpit, &email).await? {
        return json(&ContactPoint::from(point));
    }
    call.note(project, &email).await?;
    let creation = contact_points::create(call.ports, project, &cockpit, email).await?;
    json(&ContactPoint::from(CONTACT_POINT.created(creation, Some(project))?))
}

async fn list(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let query = Query::parse(call.query());
    let page = query.page()?;
    let (project, cockpit) = call.cockpit(query.project()?).await?;
    let all = contact_points::list(call.ports, project, &cockpit).await?;
    json(&ContactPointList {
        total_count: all.len(),
        contact_points: page.of(all).into_iter().map(ContactPoint::from).collect(),
        has_additional_receivers: false,
        has_additional_contact_points: false,
    })
}

async fn delete(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let (named, email) = body::<ContactPointBody>(&call.read().await?)?.checked()?;
    let (project, cockpit) = call.cockpit(named).await?;
    let found = contact_points::find(call.ports, project, &cockpit, &email).await?;
    let point = CONTACT_POINT.found(found, &email)?;
    call.note(project, &email).await?;
    contact_points::delete(call.ports, &point).await?;
    Ok(done())
}
