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
    /// As what it stands on the roster, if that is where it was found.
    pub(crate) listed: Option<Listed>,
}

/// An entry of the roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    epoch: u64,
    place: u64,
}

impl Sender {
    /// Whether it is one of this activation.
    fn is_of(&self, epoch: u64) -> bool {
        self.listed.is_none_or(|listed| listed.epoch == epoch)
    }
}

/// The senders of a page of the roster, those of a project together.
pub(crate) fn by_project(mut listed: Vec<(u64, String)>) -> Vec<Vec<Sender>> {
    listed.sort_unstable_by(|(_, one), (_, other)| one.cmp(other));
    let senders = listed.iter().filter_map(|(place, name)| {
        let (project, epoch, signal) = Signal::of_sender(name)?;
        Some(Sender { project, signal, listed: Some(Listed { epoch, place: *place }) })
    });
    let senders: Vec<_> = senders.collect();
    senders.chunk_by(|one, next| one.project == next.project).map(<[Sender]>::to_vec).collect()
}

/// Shows senders of one project, and says how many there were to show. What they have in common is read once, and of
/// histories there is one at a time.
pub(crate) async fn show(ports: &impl Ports, senders: &[Sender], text: &mut Text) -> Result<u64, Refusal> {
    let Some(project) = senders.first().map(|sender| sender.project) else { return Ok(0) };
    let Some(epoch) = cockpits::find(ports, project).await?.map(|cockpit| cockpit.epoch()) else { return Ok(0) };
    let limits = settings::load(ports, project, epoch).await?.limits(ports).await?;
    let mut shown = 0_u64;
    // An instance may bring one back to the roster whose Cockpit has ended.
    for Sender { signal, listed, .. } in senders.iter().filter(|sender| sender.is_of(epoch)) {
        let rate = limits.of(*signal).rate;
        let history = usage::read(ports, &signal.sender(project, epoch), &rate, ports.now()).await?;
        // Who was put on the roster twice has one place of its own; a scrape with a series twice is refused whole.
        if listed.is_none_or(|listed| listed.place == history.place()) {
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
