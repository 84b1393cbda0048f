use super::*;
use crate::{Numbered, forget, forget_token};
use cockpit_core::{TokenRates, ports::Kv};
use cockpit_fake::at_every_pause;

const TOKEN: [u8; 16] = [3; 16];
const OTHER: ProjectId = ProjectId::from_bytes([8; 16]);

fn limited() -> Permit {
    let route = ROUTES.iter().find(|route| route.function == "metrics-push").unwrap();
    let rates = TokenRates { samples: Some(1_000), log_bytes: Some(1_000), ..TokenRates::default() };
    let token = TokenGrant { id: TOKEN, rates, ..TokenGrant::new(PROJECT, Scope::ALL.into_iter().collect()) };
    Permit::grant(Principal::Token(token), route).unwrap()
}

/// A store in which a project has left everything that it can: sets of several parts, of budgets, of two epochs, usage,
/// counters of rates and refusals, of its own and of a token's.
fn used_by(project: ProjectId) -> Fake {
    let fake = Fake::new(&[("quotas", "active_series=300000")]);
    let budgets = (0..).zip(["a", "b"]).map(|(number, team)| {
        let selector = Selector::new([("team".to_owned(), team.to_owned())]).unwrap();
        Numbered { number, budget: Budget { selector, active_series: Some(5), active_streams: Some(5) } }
    });
    run(settings::save(&fake, project, 0, &Settings::new(Plan::standard(), budgets.collect()))).unwrap();
    for _ in 0..5 {
        for permit in [permit_of(project), limited()] {
            run(push_with(&fake, &permit, 0..12_000, |number| u64::from(number < 10))).unwrap();
            let logs = run(Meter::open(&fake, &permit, Signal::Logs)).unwrap();
            run(judge(&logs, 1..2, |_| 1)).unwrap();
            run(logs.pay(100)).unwrap();
            run(logs.close(&[(Reason::Invalid, 1)]));
        }
        fake.forget();
        fake.pass(150);
    }
    fake
}

fn forget_all(fake: &Fake) -> Result<(), StoreError> {
    for signal in Signal::ALL {
        run(forget_token(fake, TOKEN, signal))?;
    }
    run(settings::remove(fake, PROJECT, 0))?;
    run(forget(fake, &Locations::default(), PROJECT, 0, 0..2))
}

#[test]
fn nothing_is_left_of_a_project_that_is_forgotten_and_nothing_is_missing_of_others() {
    let fake = used_by(PROJECT);
    let kinds: std::collections::BTreeSet<_> =
        fake.kv.keys().iter().map(|key| key.split('/').next().unwrap().to_owned()).collect();
    assert!(
        kinds.into_iter().eq(["active", "rate", "refused", "roster", "settings", "usage"]),
        "all that there can be"
    );
    assert!(fake.kv.keys().iter().any(|key| key.ends_with("/1/1")), "a set of two parts");
    let before = fake.kv.keys();
    run(push_with(&fake, &permit_of(OTHER), 0..10, |_| 0)).unwrap();
    let mut others = fake.kv.keys();
    others.retain(|key| !before.contains(key));
    forget_all(&fake).unwrap();
    others.push("roster/next".into());
    others.sort();
    assert_eq!(fake.kv.keys(), others);
}

#[test]
fn a_call_that_dies_on_the_way_is_finished_by_the_next() {
    let mut changes = 0;
    loop {
        let fake = used_by(PROJECT);
        fake.kv.die_after(changes);
        let died = forget_all(&fake).is_err();
        fake.kv.die_after(None);
        forget_all(&fake).unwrap();
        assert_eq!(fake.kv.keys(), ["roster/next"], "after {changes} changes");
        if !died {
            break;
        }
        changes += 1;
    }
    assert!(changes > 20, "{changes}");
}

#[test]
fn what_cannot_be_read_is_forgotten_too() {
    let fake = used_by(PROJECT);
    for key in fake.kv.keys().iter().filter(|key| key.starts_with("settings") || key.starts_with("active")) {
        run(fake.set(key, b"damaged")).unwrap();
    }
    forget_all(&fake).unwrap();
    assert_eq!(fake.kv.keys(), ["roster/next"]);
}

#[test]
fn what_an_instance_brings_back_that_does_not_know_is_forgotten_the_next_time() {
    let fake = used_by(PROJECT);
    run(push(&fake, 0..10)).unwrap();
    forget_all(&fake).unwrap();
    fake.pass(30);
    run(push(&fake, 10..20)).unwrap();
    assert!(fake.kv.keys().len() > 1);
    forget_all(&fake).unwrap();
    assert_eq!(fake.kv.keys(), ["roster/next"]);
}

#[test]
fn forgetting_an_activation_takes_nothing_from_a_push_to_the_next() {
    let route = ROUTES.iter().find(|route| route.function == "metrics-push").unwrap();
    let token = TokenGrant { epoch: 1, ..TokenGrant::new(PROJECT, Scope::ALL.into_iter().collect()) };
    let next = Permit::grant(Principal::Token(token), route).unwrap();
    at_every_pause(
        || used_by(PROJECT),
        async |fake| push_with(fake, &next, 0..10, |_| 0).await.unwrap(),
        async |fake| forget(fake, &Locations::default(), PROJECT, 0, 0..2).await.unwrap(),
        |fake, _, ()| {
            let sender = Signal::Metrics.sender(PROJECT, 1);
            let rate = Limits::DEFAULT.metrics.rate;
            assert_eq!(run(usage::read(fake, &sender, &rate, fake.now())).unwrap().total().requests, 1);
            fake.forget();
            assert_eq!(run(Meter::open(fake, &next, Signal::Metrics)).unwrap().active(), 10);
            run(forget(fake, &Locations::default(), PROJECT, 1, 0..2)).unwrap();
            let listed = run(roster::list(fake, 1, 9)).unwrap();
            assert!(listed.iter().all(|(_, listed)| *listed != sender), "its place was not lost");
        },
    );
}
