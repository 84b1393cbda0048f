//! Listing, setting and removing budgets.

use cockpit_api::{BudgetList, Query, SetBudget, Wanted, body};
use cockpit_core::{Body, Operation, Ports, Refusal, refusal::InvalidReason};
use cockpit_gate::{Call, json};
use cockpit_manage::{Kind, Manage, done, settings};
use cockpit_quota::{Budget, Selector, budget::TEXT};
use cockpit_state::budgets::{self, Limits};
use cockpit_wire::loki::labels;
use http::Response;

const BUDGET: Kind = Kind { resource: "budget", most: budgets::MOST };

/// Serves the rows of this function.
pub async fn handle(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::ListBudgets => list(&call).await,
        Operation::SetBudget => set(&mut call).await,
        Operation::DeleteBudget => delete(&call).await,
        _ => Err(call.misrouted()),
    }
}

async fn list(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let query = Query::parse(call.query());
    let page = query.page()?;
    let (project, cockpit) = call.cockpit(query.project()?).await?;
    let settings = settings::in_force(call.ports, project, &cockpit).await?;
    let budgets: Vec<_> = settings.budgets().map(cockpit_api::Budget::from).collect();
    json(&BudgetList { total_count: budgets.len(), budgets: page.of(budgets) })
}

async fn set(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let (named, wanted) = body::<SetBudget>(&call.read().await?)?.checked()?;
    let Wanted { selector, active_series, active_streams } = wanted;
    let budget = Budget { selector: read(&selector)?, active_series, active_streams };
    let (project, cockpit) = call.cockpit(named).await?;
    call.note(project, &budget.selector).await?;
    let limits = Limits { series: active_series, streams: active_streams };
    let creation = budgets::set(call.ports, project, &cockpit, budget.selector.labels(), limits).await?;
    BUDGET.created(creation, Some(project))?;
    settings::publish(call.ports, project, &cockpit).await?;
    json(&cockpit_api::Budget::from(&budget))
}

async fn delete(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let query = Query::parse(call.query());
    let selector = read(query.value("selector").unwrap_or_default())?;
    let (project, cockpit) = call.cockpit(query.project()?).await?;
    let found = budgets::find(call.ports, project, &cockpit, selector.labels()).await?;
    let budget = BUDGET.found(found, &selector.to_string())?;
    call.note(project, &selector).await?;
    // The meters know it no more before it is gone, so that a call that dies in between can be repeated.
    budgets::disarm(call.ports, &budget).await?;
    settings::publish(call.ports, project, &cockpit).await?;
    budgets::delete(call.ports, &budget).await?;
    settings::publish(call.ports, project, &cockpit).await?;
    Ok(done())
}

/// Reads a selector: the labels of a series as `PromQL` has them, so there is no operator but `=`.
fn read(text: &str) -> Result<Selector, Refusal> {
    let invalid =
        |help: String| Refusal::Invalid { argument: "selector", reason: InvalidReason::Format, help: help.into() };
    let mut found = Vec::new();
    // Escapes are longer than what they stand for.
    labels::read(text.as_bytes(), 6 * TEXT, &mut found)
        .map_err(|error| invalid(format!("must be labels with =, such as {{team=\"a\"}}: {error}")))?;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| invalid("must be UTF-8".into()));
    let mut pairs = Vec::new();
    for label in &found {
        pairs.push((text(&label.name)?, text(&label.value)?));
    }
    Selector::new(pairs).map_err(|error| invalid(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_is_read_as_promql_reads_labels_and_has_no_operator_but_equals() {
        for (text, want) in [
            (r#"{team="a"}"#, r#"{team="a"}"#),
            (r#"{ team = 'a', env="prod", }"#, r#"{env="prod",team="a"}"#),
            (r#"up{team="a"}"#, r#"{__name__="up",team="a"}"#),
            ("up", r#"{__name__="up"}"#),
        ] {
            assert_eq!(read(text).unwrap().to_string(), want, "{text}");
        }
        for text in [
            "",
            "{}",
            "{team=~\"a\"}",
            "{team!=\"a\"}",
            "{team}",
            "{team=\"\"}",
            "{a=\"1\",a=\"2\"}",
            "{a=\"1\",b=\"1\",c=\"1\",d=\"1\"}",
            "{a=\"\\xff\"}",
            "{a=\"1\"} x",
        ] {
            let refused = read(text).unwrap_err();
            assert!(matches!(refused, Refusal::Invalid { argument: "selector", .. }), "{text}: {refused}");
        }
    }
}
