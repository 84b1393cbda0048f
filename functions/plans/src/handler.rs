//! Listing the plans, and choosing one.

use cockpit_api::{BY_NAME, Nothing, Plan, PlanList, Query, SelectPlan, body};
use cockpit_core::{Body, Operation, Ports, Refusal, ports::StoreError};
use cockpit_gate::{Call, json};
use cockpit_manage::{Manage, deleting};
use cockpit_quota::{plans::PLANS, settings};
use cockpit_state::{Status, cockpits};
use http::Response;

/// Serves the rows of this function.
pub async fn handle(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::ListPlans => list(&call),
        Operation::SelectPlan => select(&mut call).await,
        _ => Err(call.misrouted()),
    }
}

fn list(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let query = Query::parse(call.query());
    let (page, order) = (query.page()?, query.order(BY_NAME)?);
    let mut plans: Vec<_> = PLANS.iter().map(Plan::from).collect();
    order.sort(&mut plans, |plan| plan.name);
    json(&PlanList { total_count: plans.len(), plans: page.of(plans) })
}

async fn select(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let (named, id) = body::<SelectPlan>(&call.read().await?)?.checked()?;
    let (project, cockpit) = call.cockpit(named).await?;
    let plan = cockpit_quota::Plan::find(&id).ok_or(Refusal::NotFound { resource: "plan", id })?;
    call.note(project, plan.name).await?;
    settings::change::<StoreError>(call.ports, project, |settings| Ok(settings.with_plan(plan))).await?;
    if cockpits::still_serves(call.ports, project, &cockpit).await? {
        return json(&Nothing {});
    }
    // A deactivation came between, which may have removed the settings already. Those of a later Cockpit are its own.
    if cockpits::find(call.ports, project).await?.is_none_or(|now| now.status == Status::Deleting) {
        settings::remove(call.ports, project).await?;
    }
    Err(deleting(project))
}
