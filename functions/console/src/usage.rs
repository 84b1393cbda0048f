//! What a project uses: how much of each limit, what was refused, and what the last 31 days brought.

use crate::page::{self, layout};
use cockpit_api::{Query, rfc3339};
use cockpit_core::{Body, Ports, ProjectId, Refusal, Timestamp};
use cockpit_gate::Call;
use cockpit_quota::{
    Limits, Settings, Signal, settings,
    usage::{self, History, Reason, Usage},
};
use cockpit_state::cockpits;
use http::{HeaderValue, Response, header};
use maud::{Markup, html};

/// Shows it to whoever holds a token that may query metrics, or a key. Browsers ask for a password, which is the token.
pub(crate) async fn show(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let project = call.permit.observed(Query::parse(call.query()).project()?)?;
    let cockpit = cockpits::find(call.ports, project).await?.ok_or_else(|| Refusal::no_cockpit(project))?;
    let settings = settings::load(call.ports, project, cockpit.epoch()).await?;
    let (limits, now) = (settings.limits(call.ports).await?, call.ports.now());
    let mut signals = Vec::new();
    for signal in Signal::ALL {
        let sender = signal.sender(project, cockpit.epoch());
        signals.push((signal, usage::read(call.ports, &sender, &limits.of(signal).rate, now).await?));
    }
    let mut response = page::response(&page(project, &settings, &limits, &signals, now));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn page(
    project: ProjectId,
    settings: &Settings,
    limits: &Limits,
    signals: &[(Signal, History)],
    now: Timestamp,
) -> Markup {
    layout(
        "Usage",
        &html! {
            p { "Project " code { (project) } ", plan " (settings.plan().name) "." }
            @for (signal, history) in signals {
                h2 { (if *signal == Signal::Metrics { "Metrics" } else { "Logs" }) }
                (limited(*signal, limits, history, now))
                (refused(&history.total()))
                (days(*signal, history))
            }
            @if settings.budgets().next().is_some() { (budgets(settings)) }
        },
    )
}

/// How much of each limit is used: of rates, in the last whole minute.
fn limited(signal: Signal, limits: &Limits, history: &History, now: Timestamp) -> Markup {
    let before = now.micros().div_euclid(60_000_000).saturating_sub(1).saturating_mul(60);
    let last = history.minutes.iter().find(|minute| i64::try_from(minute.start) == Ok(before));
    let last = last.copied().unwrap_or_default();
    let used = [last.units / 60, last.requests / 60, history.active()];
    html! {
        table {
            tr { th { "limit" } th { "used" } th { "of" } th {} }
            @for ((name, limit), used) in limits.named(signal).into_iter().zip(used) {
                tr {
                    th scope="row" { code { (name) } }
                    td { (used) }
                    td { (limit) }
                    td { (used.saturating_mul(100).checked_div(limit).unwrap_or(0)) " %" }
                }
            }
        }
        p.quiet {
            "Rates: the average of the last whole minute. What was seen within the last 10 to 20 minutes is active; of that, "
            "the most of the last minutes that were counted."
        }
    }
}

/// What was refused, by reason.
fn refused(total: &Usage) -> Markup {
    let reasons = Reason::ALL.into_iter().filter(|reason| total.refused(*reason) > 0);
    html! {
        @if Reason::ALL.into_iter().all(|reason| total.refused(reason) == 0) {
            p { "Nothing was refused in the last 31 days." }
        } @else {
            p {
                "Refused in the last 31 days:"
                @for reason in reasons { " " code { (reason.name()) } " " (total.refused(reason)) }
            }
        }
    }
}

fn days(signal: Signal, history: &History) -> Markup {
    let units = if signal == Signal::Metrics { "samples" } else { "bytes" };
    html! {
        table {
            tr { th { "day (UTC)" } th { (units) } th { "pushes" } th { "pushes refused" } th { "parts refused" } th { "active at most" } }
            @for day in history.days.iter().rev() {
                tr {
                    th scope="row" { (date(day.start)) }
                    td { (day.units) }
                    td { (day.requests) }
                    td { (day.throttled + day.throttled_token) }
                    td { (day.cut + day.cut_budget + day.invalid) }
                    td { (day.active) }
                }
            }
        }
    }
}

fn budgets(settings: &Settings) -> Markup {
    let shown = |limit: Option<u64>| limit.map_or_else(|| "as the Cockpit".to_owned(), |limit| limit.to_string());
    html! {
        h2 { "Budgets" }
        table {
            tr { th { "selector" } th { "active series" } th { "active streams" } }
            @for budget in settings.budgets() {
                tr {
                    th scope="row" { code { (budget.selector) } }
                    td { (shown(budget.active_series)) }
                    td { (shown(budget.active_streams)) }
                }
            }
        }
    }
}

/// The day of a moment in seconds since 1970.
fn date(seconds: u64) -> String {
    let micros = i64::try_from(seconds.saturating_mul(1_000_000)).unwrap_or(i64::MAX);
    rfc3339(Timestamp::from_micros(micros)).chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cockpit_quota::{Budget, Numbered, Plan, Selector};

    #[test]
    fn what_people_chose_is_shown_and_never_run() {
        let selector = Selector::new([("team".to_owned(), "<script>".to_owned())]).unwrap();
        let budget = Budget { selector, active_series: Some(5), active_streams: None };
        let settings = Settings::new(Plan::standard(), vec![Numbered { number: 0, budget }]);
        let now = Timestamp::from_micros(0);
        let shown = page(ProjectId::from_bytes([7; 16]), &settings, &settings.plan().limits, &[], now).0;
        assert!(shown.contains("{team=&quot;&lt;script&gt;&quot;}") && !shown.contains("<script"), "{shown}");
    }

    #[test]
    fn days_are_dates() {
        assert_eq!((date(0), date(1_700_000_000)), ("1970-01-01".to_owned(), "2023-11-14".to_owned()));
    }
}
