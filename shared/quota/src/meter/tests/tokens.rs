use super::*;
use cockpit_core::TokenRates;

fn permit_with(rates: TokenRates) -> Permit {
    let route = ROUTES.iter().find(|route| route.function == "metrics-push").unwrap();
    let token = TokenGrant { id: [3; 16], rates, ..TokenGrant::new(PROJECT, Scope::ALL.into_iter().collect()) };
    Permit::grant(Principal::Token(token), route).unwrap()
}

fn limited(samples: u64) -> Permit {
    permit_with(TokenRates { samples: Some(samples), ..TokenRates::default() })
}

fn push_by(fake: &Fake, permit: &Permit, series: std::ops::Range<u64>) -> Result<u64, Refusal> {
    run(push_with(fake, permit, series, |_| 0))
}

#[test]
fn a_tokens_limit_is_its_own_and_the_refusal_says_so() {
    let fake = Fake::new(&[]);
    let token = limited(5);
    push_by(&fake, &token, 0..100).unwrap();
    let refused = throttle(push_by(&fake, &token, 0..1));
    assert_eq!((&*refused.owner, refused.what, refused.limit, refused.current), ("token", "samples", 100, 100));
    assert_eq!(run(push(&fake, 0..100)).unwrap(), 0, "the Cockpit has more, for other tokens");
    let total = used(&fake);
    assert_eq!((total.throttled, total.throttled_token, total.units), (0, 1, 200));
    fake.pass(20);
    push_by(&fake, &token, 0..1).unwrap();
}

#[test]
fn each_kind_of_limit_is_kept() {
    let pushes = permit_with(TokenRates { metrics_pushes: Some(1), ..TokenRates::default() });
    let fake = Fake::new(&[]);
    (0..20).for_each(|_| assert!(push_by(&fake, &pushes, 0..1).is_ok()));
    assert_eq!(throttle(push_by(&fake, &pushes, 0..1)).what, "pushes");
    let logs = permit_with(TokenRates { log_bytes: Some(1), log_pushes: Some(1), ..TokenRates::default() });
    (0..50).for_each(|_| assert!(push_by(&fake, &logs, 0..1).is_ok()));
    let meter = run(Meter::open(&fake, &logs, Signal::Logs)).unwrap();
    assert!(matches!(run(meter.pay(11)), Err(Refusal::Malformed(_))), "ten bytes in ten seconds");
}

#[test]
fn a_limit_above_the_cockpits_is_none() {
    let fake = Fake::new(&[("quotas", "samples_per_second=5")]);
    push_by(&fake, &limited(1_000), 0..100).unwrap();
    assert_eq!(throttle(push_by(&fake, &limited(1_000), 0..1)).owner, "cockpit");
}

#[test]
fn what_the_cockpit_refuses_is_not_taken_from_the_token() {
    let fake = Fake::new(&[("quotas", "samples_per_second=5")]);
    let token = permit_with(TokenRates { metrics_pushes: Some(1), ..TokenRates::default() });
    run(push(&fake, 0..90)).unwrap();
    for _ in 0..40 {
        assert_eq!(throttle(push_by(&fake, &token, 0..20)).owner, "cockpit");
    }
    push_by(&fake, &token, 0..10).unwrap();
}

#[test]
fn a_token_without_limits_costs_nothing_extra() {
    let cost = |permit: &Permit| {
        let fake = Fake::new(&[]);
        run(push_with(&fake, permit, 0..10, |_| 0)).unwrap();
        fake.kv.take_operations()
    };
    let (with, without) = (cost(&limited(1_000)), cost(&permit_with(TokenRates::default())));
    assert_eq!(without, cost(&permit()));
    assert!(with.writes > without.writes);
}

#[test]
fn a_limited_token_stays_below_a_fiftieth_of_a_write_under_load_and_leaves_no_keys_behind() {
    let fake = Fake::new(&[]);
    let token = limited(9_000);
    run(push(&fake, 0..1)).unwrap();
    fake.kv.take_operations();
    for _ in 0..20_000 {
        fake.micros.set(fake.micros.get() + 20_000);
        push_by(&fake, &token, 0..30).unwrap();
    }
    let Operations { writes, .. } = fake.kv.take_operations();
    assert!(writes * 50 <= 20_000, "{writes} writes");
    let keys = fake.kv.keys().into_iter().filter(|key| key.starts_with("rate/token/")).count();
    assert!(keys <= 18, "{keys} windows of six minutes at most");
}

#[test]
fn explain_shows_the_tokens_limits_first() {
    let fake = Fake::new(&[]);
    push_by(&fake, &limited(5), 0..40).unwrap();
    let used = run(async { Meter::open(&fake, &limited(5), Signal::Metrics).await?.usage().await }).unwrap();
    assert_eq!((&*used[0].owner, used[0].what, used[0].used, used[0].limit), ("token", "samples", 40, 100));
    assert_eq!(used.iter().filter(|used| used.owner == "token").count(), 1, "of pushes it has no limit");
    assert_eq!(used.iter().filter(|used| used.owner == "cockpit").count(), 3);
}
