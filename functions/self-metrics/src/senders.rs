//! What is known of senders: usage, and the limits of their Cockpits.

use crate::text::Text;
use cockpit_core::{Ports, ProjectId, Refusal};
use cockpit_quota::{
    Limits, Signal, settings,
    usage::{self, History, Usage, metrics::Kind},
};
use cockpit_state::cockpits;

const LIMIT: &str = "The limits in force, by their names in the variable quotas.";

/// One that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sender {
    pub(crate) project: ProjectId,
    pub(crate) signal: Signal,
    /// Its place on the roster and the number of its activation, if that is where it was found.
    pub(crate) listed: Option<(u64, u64)>,
}

/// The senders of a page of the roster, those of a project together.
pub(crate) fn by_project(mut listed: Vec<(u64, String)>) -> Vec<Vec<Sender>> {
    listed.sort_unstable_by(|(_, one), (_, other)| one.cmp(other));
    let senders = listed.iter().filter_map(|(place, name)| {
        let (project, epoch, signal) = Signal::of_sender(name)?;
        Some(Sender { project, signal, listed: Some((*place, epoch)) })
    });
    let senders: Vec<_> = senders.collect();
    senders.chunk_by(|one, next| one.project == next.project).map(<[Sender]>::to_vec).collect()
}

/// Shows senders of one project, and says how many there were to show. What they have in common is read once, and of
/// histories there is one at a time.
pub(crate) async fn show(ports: &impl Ports, senders: &[Sender], text: &mut Text) -> Result<u64, Refusal> {
    let Some(project) = senders.first().map(|sender| sender.project) else { return Ok(0) };
    // An instance may bring somebody back to the roster who has been deactivated.
    let Some(cockpit) = cockpits::find(ports, project).await? else { return Ok(0) };
    let epoch = cockpit.epoch();
    let limits = settings::load(ports, project, epoch).await?.limits(ports).await?;
    let mut shown = 0_u64;
    for Sender { signal, listed, .. } in senders {
        let rate = limits.of(*signal).rate;
        let history = usage::read(ports, &signal.sender(project, epoch), &rate, ports.now()).await?;
        // Who was put on the roster twice has one place of its own; a scrape with a series twice is refused whole. What is
        // of an earlier activation has ended.
        if listed.is_none_or(|listed| listed == (history.place(), epoch)) {
            describe(project, *signal, &limits, &history, text);
            shown = shown.saturating_add(1);
        }
    }
    Ok(shown)
}

fn describe(project: ProjectId, signal: Signal, limits: &Limits, history: &History, text: &mut Text) {
    let id = project.to_string();
    let ever = Usage { active: history.active(), ..history.ever };
    for metric in usage::metrics::metrics(signal, &ever) {
        let labels = [&[("project_id", id.as_str())], &metric.labels[..]].concat();
        text.add(metric.name, metric.help, metric.kind, &labels, metric.value);
    }
    for (name, limit) in limits.named(signal) {
        text.add("cockpit_limit", LIMIT, Kind::Gauge, &[("project_id", &id), ("limit", name)], limit);
    }
}
