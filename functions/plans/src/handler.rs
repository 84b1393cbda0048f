//! Listing the plans, and choosing one.

use cockpit_api::{BY_NAME, Nothing, Plan, PlanList, Query, SelectPlan, body};
use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::{Call, json};
use cockpit_manage::{Manage, deleting, settings};
use cockpit_quota::plans::PLANS;
use cockpit_state::choices;
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
    if !choices::choose_plan(call.ports, project, &cockpit, plan.name).await? {
        return Err(deleting(project));
    }
    settings::publish(call.ports, project, &cockpit).await?;
    json(&Nothing {})
}
