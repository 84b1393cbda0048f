use super::*;
use cockpit_core::{Principal, ProjectId, Scope, TokenGrant, routes::ROUTES};
use cockpit_fake::{Fake, Operations, run};

const PROJECT: ProjectId = ProjectId::from_bytes([7; 16]);

fn permit() -> Permit {
    permit_of(PROJECT)
}

fn permit_of(project: ProjectId) -> Permit {
    let route = ROUTES.iter().find(|route| route.function == "metrics-push").unwrap();
    Permit::grant(Principal::Token(TokenGrant::new(project, Scope::ALL.into_iter().collect())), route).unwrap()
}

/// Pushes series of one sample each; says how many were cut.
async fn push(fake: &Fake, series: std::ops::Range<u64>) -> Result<u64, Refusal> {
    let meter = Meter::open(fake, &permit(), Signal::Metrics).await?;
    let judge =
        || series.clone().map(|number| u64::from(!meter.admit(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))).sum();
    let mut cut = judge();
    if meter.is_unsure() {
        meter.refresh().await?;
        cut = judge();
    }
    meter.pay(series.end - series.start).await?;
    meter.close(cut).await;
    Ok(cut)
}

fn throttle(result: Result<u64, Refusal>) -> Throttle {
    match result {
        Err(Refusal::Throttled(throttle)) => throttle,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_push_in_the_steady_state_costs_no_read_and_a_fiftieth_of_a_write() {
    let fake = Fake::new(&[]);
    let pushes = 2_000;
    run(push(&fake, 0..30)).unwrap();
    fake.kv.take_operations();
    for _ in 0..pushes {
        fake.micros.set(fake.micros.get() + 20_000);
        run(push(&fake, 0..30)).unwrap();
    }
    let Operations { reads, writes } = fake.kv.take_operations();
    assert!(reads * 20 <= pushes && writes * 50 <= pushes, "{reads} reads and {writes} writes of {pushes} pushes");
}

#[test]
fn hosts_that_drop_instances_after_128_pushes_stay_below_a_read_and_a_twentieth_of_a_write() {
    let fake = Fake::new(&[]);
    let pushes = 128 * 40;
    for number in 0..pushes {
        if number % 128 == 0 {
            fake.forget();
        }
        fake.micros.set(fake.micros.get() + 10_000);
        run(push(&fake, 0..30)).unwrap();
    }
    let Operations { reads, writes } = fake.kv.take_operations();
    assert!(reads <= pushes && writes * 20 < pushes, "{reads} reads and {writes} writes of {pushes} pushes");
}

#[test]
fn a_rate_that_is_reached_says_whose_which_and_until_when() {
    let fake = Fake::new(&[("quotas", "samples_per_second=5")]);
    assert_eq!(run(push(&fake, 0..100)).unwrap(), 0);
    let refused = throttle(run(push(&fake, 0..1)));
    assert_eq!((refused.owner, refused.what, refused.limit), ("cockpit", "samples", 100));
    assert_eq!((refused.current, refused.window), (100, 20));
    assert!((1..=20).contains(&refused.reset) && refused.retry >= refused.reset && refused.retry <= 30, "{refused:?}");
    fake.pass(20);
    assert_eq!(run(push(&fake, 0..1)).unwrap(), 0);
}

#[test]
fn a_rate_of_pushes_is_a_limit_of_its_own() {
    let fake = Fake::new(&[("quotas", "metrics_requests_per_second=1")]);
    for _ in 0..20 {
        run(push(&fake, 0..1)).unwrap();
    }
    assert_eq!((throttle(run(push(&fake, 0..1))).what, throttle(run(push(&fake, 0..1))).limit), ("pushes", 20));
}

#[test]
fn a_push_that_no_window_could_hold_is_the_senders_to_split() {
    let fake = Fake::new(&[("quotas", "samples_per_second=5")]);
    assert!(matches!(run(push(&fake, 0..101)), Err(Refusal::Malformed(_))));
}

#[test]
fn a_flood_of_refused_pushes_hardly_touches_the_store() {
    let fake = Fake::new(&[("quotas", "samples_per_second=5")]);
    run(push(&fake, 0..100)).unwrap();
    throttle(run(push(&fake, 0..1)));
    fake.kv.take_operations();
    for _ in 0..1_000 {
        fake.micros.set(fake.micros.get() + 10_000);
        throttle(run(push(&fake, 0..1)));
    }
    assert_eq!(fake.kv.take_operations(), Operations { reads: 0, writes: 2 });
}

#[test]
fn at_the_limit_new_series_are_cut_and_active_ones_are_not() {
    let fake = Fake::new(&[("quotas", "active_series=100")]);
    assert_eq!(run(push(&fake, 0..90)).unwrap(), 0);
    assert_eq!(run(push(&fake, 80..120)).unwrap(), 20);
    assert_eq!(run(push(&fake, 0..100)).unwrap(), 0);
    fake.forget();
    assert_eq!(run(push(&fake, 0..200)).unwrap(), 100);
}

#[test]
fn a_failing_store_lets_pushes_in_or_not_as_the_operator_says() {
    for (rates, active, admitted) in
        [("", "", true), ("open", "open", true), ("closed", "open", false), ("open", "closed", false)]
    {
        let fake = Fake::new(&[("rates_on_failure", rates), ("active_on_failure", active)]);
        fake.kv.fail_after(0);
        let result = run(push(&fake, 0..10));
        assert_eq!(result.is_ok(), admitted, "rates {rates}, active {active}: {result:?}");
        assert!(admitted || matches!(result, Err(Refusal::Unavailable(_))));
        assert_eq!(fake.logged.take().is_empty(), active == "closed", "an open failure is logged");
    }
}

#[test]
fn rules_that_are_not_understood_are_our_fault() {
    for variable in [("quotas", "samples=1"), ("rates_on_failure", "maybe"), ("active_on_failure", "no")] {
        assert!(matches!(run(push(&Fake::new(&[variable]), 0..1)), Err(Refusal::Unavailable(_))), "{variable:?}");
    }
}

#[test]
fn usage_is_what_was_pushed_and_what_was_refused() {
    let fake = Fake::new(&[("quotas", "samples_per_second=5 active_series=50")]);
    run(push(&fake, 0..60)).unwrap();
    throttle(run(push(&fake, 0..60)));
    let rate = Limits::DEFAULT.with("samples_per_second=5").unwrap().metrics.rate;
    fake.pass(6);
    throttle(run(push(&fake, 0..60)));
    let history = run(usage::read(&fake, &format!("{PROJECT}/metrics"), &rate, fake.now())).unwrap();
    let total = history.total();
    assert_eq!((total.units, total.cut), (100, 10), "the rest of the budget was leased for the push that was refused");
    assert!(total.throttled >= 1);
}

#[test]
fn pushes_that_are_never_paid_for_do_not_fill_the_memory() {
    let fake = Fake::new(&[]);
    let permits = (0..40).map(|number| permit_of(ProjectId::from_bytes([number; 16]))).collect::<Vec<_>>();
    for permit in &permits {
        let meter = run(Meter::open(&fake, permit, Signal::Metrics)).unwrap();
        assert!((0..10_000_u64).all(|number| meter.admit(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))));
        run(meter.close(0));
    }
    fake.forget();
    let first = Rc::downgrade(&run(Meter::open(&fake, &permits[0], Signal::Metrics)).unwrap().entry);
    for permit in &permits[1..] {
        run(Meter::open(&fake, permit, Signal::Metrics)).unwrap();
    }
    assert!(first.upgrade().is_none(), "forty sets of 450 kilobytes");
}
