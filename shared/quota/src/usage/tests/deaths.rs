//! Instances that die between counting and collecting, and senders that then pause.

use super::*;
use crate::{Meter, Signal};
use cockpit_core::{Permit, Principal, ProjectId, Scope, TokenGrant, TokenRates, ports::StoreError, routes::ROUTES};

const PAUSES: [i64; 4] = [240, 3_600, 7 * 3_600, 7 * 24 * 3_600];
const TOKEN: [u8; 16] = [3; 16];

/// A token with a limit of its own, so that it has counters as well.
fn permit() -> Permit {
    let route = ROUTES.iter().find(|route| route.function == "metrics-push").unwrap();
    let project = ProjectId::from_bytes([7; 16]);
    let rates = TokenRates { samples: Some(9_000), ..TokenRates::default() };
    let token = TokenGrant { id: TOKEN, rates, ..TokenGrant::new(project, Scope::ALL.into_iter().collect()) };
    Permit::grant(Principal::Token(token), route).unwrap()
}

fn senders() -> [String; 2] {
    [Signal::Metrics.sender(ProjectId::from_bytes([7; 16]), 0), Signal::Metrics.sender_of_token(TOKEN)]
}

/// Pushes ten samples, of which some are invalid, as a new instance; says whether the store lived through it.
fn push_of_new_instance(fake: &Fake) -> Result<(), StoreError> {
    fake.forget();
    fake.logged.take();
    let pushed = run(async {
        let permit = permit();
        let meter = Meter::open(fake, &permit, Signal::Metrics).await?;
        meter.pay(10).await?;
        meter.close(&[(Reason::Invalid, 3)]).await;
        Ok::<_, cockpit_core::Refusal>(())
    });
    pushed.unwrap();
    if fake.logged.take().is_empty() { Ok(()) } else { Err(StoreError("it died".into())) }
}

/// All that was ever counted: in the history, and in counters that are not in it yet.
fn counted(fake: &Fake, sender: &str) -> Usage {
    let history = run(load(fake, sender)).unwrap();
    let mut all = history.ever;
    for key in fake.kv.keys() {
        let value = || run(counters::read(fake, &key)).unwrap().unwrap();
        if let Some(window) = key.strip_prefix(&format!("rate/{sender}/")).and_then(|rest| rest.parse::<u64>().ok()) {
            let taken = Amount::unpack(if window / 60 >= history.from { value() } else { 0 });
            all = all.plus(&Usage { units: taken.units, requests: taken.requests, ..Usage::default() });
        } else if let Some(rest) = key.strip_prefix(&format!("refused/{sender}/")) {
            let minute: u64 = rest.split('/').next().unwrap().parse().unwrap();
            let invalid = if minute >= history.from { value().unsigned_abs() } else { 0 };
            all = all.plus(&Usage { invalid, ..Usage::default() });
        }
    }
    all
}

/// The counters that are left of minutes that have been collected.
fn left(fake: &Fake, sender: &str) -> Vec<String> {
    let from = run(load(fake, sender)).unwrap().from;
    let minute = |key: &str| {
        let window = key.strip_prefix(&format!("rate/{sender}/")).and_then(|rest| rest.parse::<u64>().ok());
        let refused = key.strip_prefix(&format!("refused/{sender}/")).and_then(|rest| rest.split('/').next());
        window.map(|window| window / 60).or(refused.and_then(|minute| minute.parse().ok()))
    };
    fake.kv.keys().into_iter().filter(|key| minute(key).is_some_and(|minute| minute < from)).collect()
}

fn shown(fake: &Fake, sender: &str) -> Usage {
    run(read(fake, sender, &RATE, fake.now())).unwrap().ever
}

#[test]
fn whatever_was_counted_is_found_whoever_died_and_however_long_the_sender_pauses() {
    for pause in PAUSES {
        for changes in 0.. {
            let fake = Fake::new(&[]);
            let told = |when: &str| {
                for sender in senders() {
                    let (shown, counted) = (shown(&fake, &sender), counted(&fake, &sender));
                    assert_eq!(shown, counted, "{sender} {when}, after {changes} changes, pauses of {pause} s");
                }
            };
            push_of_new_instance(&fake).unwrap();
            fake.pass(pause);
            fake.kv.die_after(changes);
            let died = push_of_new_instance(&fake).is_err();
            fake.kv.die_after(None);
            told("once it died");
            fake.pass(pause);
            let before = counted(&fake, &senders()[0]);
            push_of_new_instance(&fake).unwrap();
            told("when the sender came back");
            fake.pass(pause);
            told("when the sender went away");
            let after = counted(&fake, &senders()[0]);
            assert_eq!((after.requests, after.invalid), (before.requests + 1, before.invalid + 3));
            for _ in 0..2 {
                fake.pass(pause);
                push_of_new_instance(&fake).unwrap();
            }
            for sender in senders() {
                assert_eq!(left(&fake, &sender), Vec::<String>::new(), "after {changes} changes");
            }
            if !died {
                assert!(changes >= 8, "{changes}");
                break;
            }
        }
    }
}

#[test]
fn whoever_dies_with_the_first_push_of_all_loses_nothing_either() {
    for changes in 0..20 {
        let fake = Fake::new(&[]);
        fake.kv.die_after(changes);
        let _ = push_of_new_instance(&fake);
        fake.kv.die_after(None);
        let [sender, _] = senders();
        let before = counted(&fake, &sender);
        for _ in 0..3 {
            fake.pass(3_600);
            push_of_new_instance(&fake).unwrap();
        }
        let shown = shown(&fake, &sender);
        assert_eq!((shown.requests, shown.invalid), (before.requests + 3, before.invalid + 9), "{changes} changes");
    }
}

#[test]
fn what_is_refused_is_found_though_nothing_is_ever_let_in() {
    let fake = Fake::new(&[]);
    for minute in 0..60 {
        fake.forget();
        let permit = permit();
        let meter = run(Meter::open(&fake, &permit, Signal::Metrics)).unwrap();
        run(meter.close(&[(Reason::Invalid, 1)]));
        assert_eq!(shown(&fake, &senders()[0]).invalid, minute + 1);
        fake.pass(60);
    }
    let keys = fake.kv.keys().into_iter().filter(|key| key.starts_with("refused/")).count();
    assert!(keys <= 16, "{keys} counters");
}

#[test]
fn a_sender_that_comes_back_after_a_week_costs_no_more_than_one_after_an_hour() {
    let cost = |pause| {
        let fake = Fake::new(&[]);
        push_of_new_instance(&fake).unwrap();
        fake.pass(pause);
        fake.kv.take_operations();
        push_of_new_instance(&fake).unwrap();
        let seen = fake.kv.take_operations();
        assert!(seen.reads < 200 && seen.writes < 20, "{seen:?}");
        seen
    };
    assert_eq!(cost(PAUSES[1]), cost(PAUSES[3]));
}

#[test]
fn any_number_of_instances_may_collect_at_once() {
    for late in 0..200 {
        let fake = Fake::new(&[]);
        push(&fake, 10);
        fake.pass(20);
        run(fake.increment(&window_key(SENDER, RATE.window(fake.now()).start), Amount::push(10).pack())).unwrap();
        fake.pass(3_600);
        let now = fake.now();
        let other = async {
            for _ in 0..late {
                cockpit_fake::yield_now().await;
            }
            reach(&fake, SENDER, &RATE, now, 7).await
        };
        let (one, two) = run(cockpit_fake::both(reach(&fake, SENDER, &RATE, now, 7), other));
        assert_eq!(one.unwrap().until, two.unwrap().until);
        assert_eq!(history(&fake).ever.units, 20, "{late} operations later");
    }
}
