//! Whose usage is shown, and what of it.

use crate::text::Text;
use cockpit_api::Query;
use cockpit_core::{Body, Operation, Ports, ProjectId, Refusal};
use cockpit_gate::Call;
use cockpit_quota::{
    Signal, roster, settings,
    usage::{self, Usage, metrics::Kind},
};
use cockpit_state::cockpits;
use http::Response;

/// Serves the rows of this function.
pub async fn handle(call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::ShowUsage => show(&call).await,
        _ => Err(call.misrouted()),
    }
}

async fn show(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let mut text = Text::default();
    for (project, signal) in senders(call, &mut text).await? {
        // Whoever has been deactivated stays on the roster.
        if cockpits::find(call.ports, project).await?.is_some() {
            describe(call.ports, project, signal, &mut text).await?;
        }
    }
    Ok(text.into_response())
}

/// Whose usage is asked for: a project's, or those of a page of the roster, which tells how many there are.
async fn senders(call: &Call<'_, impl Ports>, text: &mut Text) -> Result<Vec<(ProjectId, Signal)>, Refusal> {
    let query = Query::parse(call.query());
    let (named, page) = (query.project()?, query.page()?);
    if let Some(own) = call.permit.tenant() {
        return match named {
            Some(other) if other != own => Err(Refusal::NotFound { resource: "cockpit", id: other.to_string() }),
            _ => Ok(both(own)),
        };
    }
    // Only the operator's key has no project of its own.
    if let Ok(project) = call.permit.project(named) {
        return Ok(both(project));
    }
    if let Some(other) = named {
        return Err(Refusal::NotFound { resource: "cockpit", id: other.to_string() });
    }
    let all = roster::len(call.ports).await?;
    text.add("cockpit_senders", "Senders there are; a page of this shows some of them.", Kind::Gauge, &[], all);
    let (first, most) = page.bounds();
    let (first, most) = (u64::try_from(first).unwrap_or(u64::MAX), u64::try_from(most).unwrap_or(u64::MAX));
    let listed = roster::list(call.ports, first.saturating_add(1), most).await?;
    Ok(listed.iter().filter_map(|sender| Signal::of_sender(sender)).collect())
}

fn both(project: ProjectId) -> Vec<(ProjectId, Signal)> {
    Signal::ALL.into_iter().map(|signal| (project, signal)).collect()
}

async fn describe(ports: &impl Ports, project: ProjectId, signal: Signal, text: &mut Text) -> Result<(), Refusal> {
    let limits = settings::load(ports, project).await?.limits(ports).await?;
    let sender = signal.sender(project);
    let history = usage::read(ports, &sender, &limits.of(signal).rate, ports.now()).await?;
    let id = project.to_string();
    let ever = Usage { active: history.active(), ..history.ever };
    for metric in usage::metrics::metrics(signal, &ever) {
        let labels = [&[("project_id", id.as_str())], &metric.labels[..]].concat();
        text.add(metric.name, metric.help, metric.kind, &labels, metric.value);
    }
    for (name, limit) in limits.named(signal) {
        let help = "The limits in force, by their names in the variable quotas.";
        text.add("cockpit_limit", help, Kind::Gauge, &[("project_id", &id), ("limit", name)], limit);
    }
    Ok(())
}
