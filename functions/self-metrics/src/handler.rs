//! Whose usage is shown, and what of it.

use crate::text::Text;
use cockpit_api::Query;
use cockpit_core::{Body, Operation, Ports, ProjectId, Refusal};
use cockpit_gate::Call;
use cockpit_quota::{
    Limits, Signal, roster, settings,
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
    for Sender { project, signal, epoch } in senders(call, &mut text).await? {
        // An instance may bring one back to the roster whose Cockpit has ended.
        let cockpit = cockpits::find(call.ports, project).await?.map(|cockpit| cockpit.epoch());
        if let Some(epoch) = cockpit.filter(|present| epoch.is_none_or(|epoch| epoch == *present)) {
            let settings = settings::load(call.ports, project, epoch).await?;
            let limits = settings.limits(call.ports).await?;
            describe(call.ports, project, epoch, signal, &limits, &mut text).await?;
        }
    }
    Ok(text.into_response())
}

/// Whose usage is asked for.
struct Sender {
    project: ProjectId,
    signal: Signal,
    /// The number of the activation; the present one's if this is `None`.
    epoch: Option<u64>,
}

/// A project's, or those of a page of the roster, which tells how many there are.
async fn senders(call: &Call<'_, impl Ports>, text: &mut Text) -> Result<Vec<Sender>, Refusal> {
    let query = Query::parse(call.query());
    let (named, page) = (query.project()?, query.page()?);
    match call.permit.observed(named) {
        Ok(project) => return Ok(both(project)),
        // Only the operator's key has no project of its own.
        Err(_) if named.is_none() => {}
        Err(refusal) => return Err(refusal),
    }
    let all = roster::len(call.ports).await?;
    text.add("cockpit_senders", "Senders there are; a page of this shows some of them.", Kind::Gauge, &[], all);
    let (first, most) = page.bounds();
    let (first, most) = (u64::try_from(first).unwrap_or(u64::MAX), u64::try_from(most).unwrap_or(u64::MAX));
    let listed = roster::list(call.ports, first.saturating_add(1), most).await?;
    let listed = listed.iter().filter_map(|sender| Signal::of_sender(sender));
    Ok(listed.map(|(project, epoch, signal)| Sender { project, signal, epoch: Some(epoch) }).collect())
}

fn both(project: ProjectId) -> Vec<Sender> {
    Signal::ALL.into_iter().map(|signal| Sender { project, signal, epoch: None }).collect()
}

async fn describe(
    ports: &impl Ports,
    project: ProjectId,
    epoch: u64,
    signal: Signal,
    limits: &Limits,
    text: &mut Text,
) -> Result<(), Refusal> {
    let sender = signal.sender(project, epoch);
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
