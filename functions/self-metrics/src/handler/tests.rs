use super::*;
use cockpit_core::{Permit, Principal, ProjectId, Scope, TokenGrant, ports::Kv, routes::ROUTES};
use cockpit_fake::{Fake, run};
use cockpit_quota::Meter;
use cockpit_state::cockpits::{self, Activation};
use std::collections::BTreeSet;

fn project(number: u8) -> ProjectId {
    ProjectId::from_bytes([number; 16])
}

/// Activates a project and pushes of each signal.
fn at_work(fake: &Fake, number: u8) {
    let activated = run(cockpits::activate(fake, project(number), &()));
    assert!(matches!(activated, Ok(Activation::Done(_))));
    Signal::ALL.into_iter().for_each(|signal| push(fake, number, signal));
}

fn push(fake: &Fake, number: u8, signal: Signal) {
    let route = ROUTES.iter().find(|route| route.function == "metrics-push").unwrap();
    let token = TokenGrant { epoch: 1, ..TokenGrant::new(project(number), Scope::ALL.into_iter().collect()) };
    let permit = Permit::grant(Principal::Token(token), route).unwrap();
    let meter = run(Meter::open(fake, &permit, signal)).unwrap();
    run(meter.pay(10)).unwrap();
    run(meter.close(&[]));
}

fn page(fake: &Fake, query: &str) -> String {
    let mut text = Text::default();
    run(list(fake, Query::parse(query).page().unwrap(), &mut text)).unwrap();
    text.to_string()
}

/// The lines of a metric.
fn lines(text: &str, name: &str) -> Vec<String> {
    text.lines().filter(|line| line.starts_with(name)).map(ToOwned::to_owned).collect()
}

#[test]
fn those_that_are_listed_are_counted_and_not_the_places_that_are_empty() {
    let fake = Fake::new(&[]);
    (1..=5).for_each(|number| at_work(&fake, number));
    run(cockpit_quota::forget(&fake, &cockpit_quota::Locations::default(), project(2), 1, 0..0)).unwrap();
    let ended = run(cockpits::find(&fake, project(3))).unwrap().unwrap();
    run(cockpits::deactivate(&fake, project(3), ended, &())).unwrap();
    // It is activated again, and what an instance left on the roster is of the one that has ended.
    assert!(matches!(run(cockpits::activate(&fake, project(3), &())), Ok(Activation::Done(_))));
    let all = page(&fake, "");
    assert_eq!(lines(&all, "cockpit_pushes_total").len(), 6);
    assert_eq!(lines(&all, "cockpit_senders"), ["cockpit_senders 6"]);
    assert_eq!(lines(&all, "cockpit_roster_places"), ["cockpit_roster_places 10"]);
    let pages = ["page=1&page_size=4", "page=2&page_size=4", "page=3&page_size=4"].map(|query| page(&fake, query));
    assert_eq!(
        pages.map(|page| lines(&page, "cockpit_senders").concat()),
        ["cockpit_senders 2", "cockpit_senders 2", "cockpit_senders 2"]
    );
}

#[test]
fn a_sender_that_stands_on_the_roster_twice_is_shown_once_on_whatever_page() {
    let fake = Fake::new(&[]);
    at_work(&fake, 1);
    let name = Signal::Metrics.sender(project(1), 1);
    // Its place is lost with its history, and it is given another one.
    run(fake.delete(&format!("usage/{name}"))).unwrap();
    fake.forget();
    fake.pass(60);
    push(&fake, 1, Signal::Metrics);
    let places = run(roster::list(&fake, 1, 9)).unwrap().into_iter().filter(|(_, sender)| *sender == name);
    assert_eq!(places.map(|(place, _)| place).collect::<Vec<_>>(), [1, 3]);
    let all = page(&fake, "");
    let series: Vec<_> = all.lines().filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series).collect();
    assert_eq!(series.iter().collect::<BTreeSet<_>>().len(), series.len(), "{all}");
    assert_eq!(lines(&all, "cockpit_pushes_total").len(), 2);
    let shown = |query: &str| lines(&page(&fake, query), "cockpit_ingested_samples_total").len();
    assert_eq!([shown("page_size=2"), shown("page_size=2&page=2")], [0, 1]);
}

#[test]
fn what_signals_of_a_project_have_in_common_is_read_once() {
    let reads = |signals: &[Signal]| {
        let fake = Fake::new(&[]);
        at_work(&fake, 1);
        fake.kv.take_operations();
        let senders: Vec<_> =
            signals.iter().map(|signal| Sender { project: project(1), signal: *signal, listed: None }).collect();
        run(show(&fake, &senders, &mut Text::default())).unwrap();
        fake.kv.take_operations().reads
    };
    let [metrics, logs] = Signal::ALL.map(|signal| reads(&[signal]));
    // Which is its last activation, that activation, that it has not ended, and what it chose.
    assert_eq!(reads(&Signal::ALL), metrics + logs - 4);
    let fake = Fake::new(&[]);
    at_work(&fake, 1);
    fake.kv.take_operations();
    page(&fake, "");
    assert_eq!(fake.kv.take_operations().reads, metrics + logs - 4 + 4, "the roster's two places, and twice how many");
}
