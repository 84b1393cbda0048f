//! Whose usage is asked for.

use crate::{
    senders::{Sender, by_project, show},
    text::Text,
};
use cockpit_api::{Page, Query};
use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::Call;
use cockpit_quota::{Signal, roster, usage::metrics::Kind};
use http::Response;

const SENDERS: &str = "Senders on this page of the roster.";
const PLACES: &str = "Places on the roster, empty ones among them: a page has so many as its size says.";

/// Serves the rows of this function.
pub async fn handle(call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::ShowUsage => answer(&call).await,
        _ => Err(call.misrouted()),
    }
}

/// What a project sends, or those of a page of the roster.
async fn answer(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let query = Query::parse(call.query());
    let (named, page) = (query.project()?, query.page()?);
    let mut text = Text::default();
    match call.permit.observed(named) {
        Ok(project) => {
            let both = Signal::ALL.map(|signal| Sender { project, signal, listed: None });
            show(call.ports, &both, &mut text).await?;
        }
        // Only the operator's key has no project of its own.
        Err(_) if named.is_none() => list(call.ports, page, &mut text).await?,
        Err(refusal) => return Err(refusal),
    }
    Ok(text.into_response())
}

/// The senders of a page of the roster.
async fn list(ports: &impl Ports, page: Page, text: &mut Text) -> Result<(), Refusal> {
    let (first, most) = page.bounds();
    let (first, most) = (u64::try_from(first).unwrap_or(u64::MAX), u64::try_from(most).unwrap_or(u64::MAX));
    let listed = roster::list(ports, first.saturating_add(1), most).await?;
    let mut shown = 0_u64;
    for senders in by_project(listed) {
        shown = shown.saturating_add(show(ports, &senders, text).await?);
    }
    text.add("cockpit_senders", SENDERS, Kind::Gauge, &[], shown);
    text.add("cockpit_roster_places", PLACES, Kind::Gauge, &[], roster::places(ports).await?);
    Ok(())
}

#[cfg(test)]
mod tests;
