mod budgets;
mod forgotten;
mod keys;
mod located;
mod orders;
mod refused;
mod stepped;
mod together;
mod tokens;
mod turns;
mod used;

use super::*;
use crate::{Budget, Limits, Locations, Plan, Selector, Settings, roster, settings, usage};
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
    push_with(fake, &permit(), series, |_| 0).await
}

/// The same with another permit, and with series that carry labels: `marks` has a bit for each that is looked out for.
async fn push_with(
    fake: &Fake,
    permit: &Permit,
    series: std::ops::Range<u64>,
    marks: impl Fn(u64) -> u64,
) -> Result<u64, Refusal> {
    push_of(fake, permit, Signal::Metrics, series, marks).await
}

/// The same of any signal.
async fn push_of(
    fake: &Fake,
    permit: &Permit,
    signal: Signal,
    series: std::ops::Range<u64>,
    marks: impl Fn(u64) -> u64,
) -> Result<u64, Refusal> {
    let meter = Meter::open(fake, permit, signal).await?;
    let cut = judge(&meter, series.clone(), marks).await?;
    meter.pay(series.end - series.start).await?;
    let reason = if meter.is_over_budget() { Reason::Budget } else { Reason::Active };
    meter.close(&[(reason, cut)]).await;
    Ok(cut)
}

/// Has series judged as often as the meter needs to be sure; says how many are cut.
async fn judge(
    meter: &Meter<'_, Fake>,
    series: std::ops::Range<u64>,
    marks: impl Fn(u64) -> u64,
) -> Result<u64, Refusal> {
    let judge = || {
        let cut = series.clone().filter(|number| !meter.admit(identity(*number), marks(*number)));
        Ok(u64::try_from(cut.count()).unwrap())
    };
    meter.judge(judge).await
}

/// A push that has begun.
fn open(fake: &Fake) -> Meter<'_, Fake> {
    run(Meter::open(fake, &permit(), Signal::Metrics)).unwrap()
}

/// How many of these series are let in, that carry the labels of these bits.
fn admitted(meter: &Meter<'_, Fake>, marks: u64, series: std::ops::Range<u64>) -> u64 {
    series.end - series.start - run(judge(meter, series, |_| marks)).unwrap()
}

/// An identity as a keyed hash gives it.
fn identity(number: u64) -> u64 {
    number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// What the project has used, under the limits of the variable.
fn used(fake: &Fake) -> Usage {
    let changes = fake.variables.borrow().get("quotas").cloned().unwrap_or_default();
    let rate = Limits::DEFAULT.with(&changes).unwrap().metrics.rate;
    run(usage::read(fake, &Signal::Metrics.sender(PROJECT, 0), &rate, fake.now())).unwrap().total()
}

fn throttle(result: Result<u64, Refusal>) -> Throttle {
    match result {
        Err(Refusal::Throttled(throttle)) => throttle,
        other => panic!("{other:?}"),
    }
}

/// What so many pushes of a signal cost that come this many milliseconds apart. Hosts drop instances after `reuse`.
fn cost(signal: Signal, pushes: u64, apart: i64, reuse: u64) -> Operations {
    let fake = Fake::new(&[]);
    let push = || {
        fake.micros.set(fake.micros.get() + apart * 1_000);
        assert_eq!(run(push_of(&fake, &permit(), signal, 0..30, |_| 0)).unwrap(), 0);
    };
    push();
    fake.kv.take_operations();
    for number in 0..pushes {
        if number % reuse == reuse - 1 {
            fake.forget();
        }
        push();
    }
    fake.kv.take_operations()
}

#[test]
fn a_push_in_the_steady_state_costs_no_read_and_a_fiftieth_of_a_write() {
    for signal in Signal::ALL {
        for apart in [1, 5, 20, 100] {
            let Operations { reads, writes } = cost(signal, 4_000, apart, u64::MAX);
            assert!(
                reads * 20 <= 4_000 && writes * 50 <= 4_000,
                "{signal:?}, {apart} ms: {reads} reads, {writes} writes"
            );
        }
    }
}

#[test]
fn hosts_that_drop_instances_after_128_pushes_stay_below_a_read_and_a_twentieth_of_a_write() {
    for signal in Signal::ALL {
        for apart in [1, 10, 50] {
            let pushes = 128 * 40;
            let Operations { reads, writes } = cost(signal, pushes, apart, 128);
            assert!(reads <= pushes && writes * 20 < pushes, "{signal:?}, {apart} ms: {reads} reads, {writes} writes");
        }
    }
}

#[test]
fn however_few_come_a_window_costs_a_handful_of_writes() {
    for signal in Signal::ALL {
        let windows = 1_200 / Limits::DEFAULT.of(signal).rate.window;
        for apart in [500, 800, 4_000] {
            let pushes = 1_200_000 / apart;
            let Operations { reads, writes } = cost(signal, pushes, i64::try_from(apart).unwrap(), u64::MAX);
            let looks = windows * 3;
            assert!(
                reads <= looks.max(pushes) && writes <= windows * 5,
                "{signal:?}, {apart} ms: {reads} reads, {writes} writes"
            );
        }
    }
}

#[test]
fn a_rate_that_is_reached_says_whose_which_and_until_when() {
    let fake = Fake::new(&[("quotas", "samples_per_second=5")]);
    assert_eq!(run(push(&fake, 0..100)).unwrap(), 0);
    let refused = throttle(run(push(&fake, 0..1)));
    assert_eq!((&*refused.owner, refused.what, refused.limit), ("cockpit", "samples", 100));
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
    assert_eq!(fake.kv.take_operations(), Operations { reads: 1, writes: 2 });
}

#[test]
fn what_an_instance_saw_is_shared_even_if_the_last_pushes_of_its_life_are_refused() {
    let fake = Fake::new(&[("quotas", "samples_per_second=10")]);
    run(push(&fake, 0..100)).unwrap();
    run(push(&fake, 100..190)).unwrap();
    let shared = || {
        let mut other = Fake::new(&[]);
        other.kv = Rc::clone(&fake.kv);
        run(async { Meter::open(&other, &permit(), Signal::Metrics).await?.usage().await }).unwrap()[2].used
    };
    assert_eq!(shared(), 100);
    (2..128).for_each(|_| drop(throttle(run(push(&fake, 0..20)))));
    assert_eq!(shared(), 190);
}

#[test]
fn what_an_instance_shared_with_its_last_push_is_there_though_somebody_overwrote_it_meanwhile() {
    let fake = Fake::new(&[]);
    (0..127).for_each(|_| assert_eq!(run(push(&fake, 0..10)).unwrap(), 0));
    let sets = || fake.kv.keys().into_iter().filter(|key| key.starts_with("active/")).collect::<Vec<_>>();
    let before = sets().into_iter().map(|key| (run(fake.get(&key)).unwrap().unwrap(), key)).collect::<Vec<_>>();
    let meter = run(Meter::open(&fake, &permit(), Signal::Metrics)).unwrap();
    assert_eq!(run(judge(&meter, 10..20, |_| 0)).unwrap(), 0);
    run(meter.pay(10)).unwrap();
    run(meter.close(&[]));
    // By somebody who had read before.
    before.iter().for_each(|(value, key)| run(fake.set(key, value)).unwrap());
    run(meter.part());
    fake.forget();
    assert_eq!(run(Meter::open(&fake, &permit(), Signal::Metrics)).unwrap().active(), 20);
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
        assert_eq!(fake.logged.take().is_empty(), rates == "closed", "an open failure is logged");
    }
}

#[test]
fn rules_that_are_not_understood_are_our_fault() {
    for variable in [("quotas", "samples=1"), ("rates_on_failure", "maybe"), ("active_on_failure", "no")] {
        assert!(matches!(run(push(&Fake::new(&[variable]), 0..1)), Err(Refusal::Unavailable(_))), "{variable:?}");
    }
}

#[test]
fn what_a_cockpit_chose_holds_at_once_for_a_new_instance_and_soon_for_every_other() {
    let fake = Fake::new(&[]);
    let premium = Plan::find("premium").unwrap();
    run(push(&fake, 0..1)).unwrap();
    let plan = |fake: &Fake| run(Meter::open(fake, &permit(), Signal::Metrics)).unwrap().chosen.plan.name;
    run(settings::save(&fake, PROJECT, 0, &Settings::new(premium, vec![]))).unwrap();
    assert_eq!(plan(&fake), "free");
    fake.pass(20);
    run(push(&fake, 0..1)).unwrap();
    assert_eq!(plan(&fake), "premium", "the window's first lease brought it to light");
    fake.forget();
    assert_eq!(plan(&fake), "premium");
}

#[test]
fn after_a_pause_the_first_push_goes_by_what_was_chosen_meanwhile() {
    let fake = Fake::new(&[]);
    run(push(&fake, 0..1)).unwrap();
    let plan = |fake: &Fake| run(Meter::open(fake, &permit(), Signal::Metrics)).unwrap().chosen.plan.name;
    run(settings::save(&fake, PROJECT, 0, &Settings::new(Plan::find("premium").unwrap(), vec![]))).unwrap();
    fake.pass(3_600);
    fake.kv.fail_after(0);
    assert_eq!(plan(&fake), "free", "what was remembered, while the store fails");
    fake.kv.fail_after(None);
    assert_eq!(plan(&fake), "premium");
}

#[test]
fn what_an_earlier_cockpit_chose_is_forgotten_with_the_first_push_to_the_next() {
    let fake = Fake::new(&[]);
    let premium = Settings::new(Plan::find("premium").unwrap(), vec![]);
    run(settings::save(&fake, PROJECT, 0, &premium)).unwrap();
    let plan = |epoch| {
        let route = ROUTES.iter().find(|route| route.function == "metrics-push").unwrap();
        let token = TokenGrant { epoch, ..TokenGrant::new(PROJECT, Scope::ALL.into_iter().collect()) };
        let permit = Permit::grant(Principal::Token(token), route).unwrap();
        run(Meter::open(&fake, &permit, Signal::Metrics)).unwrap().chosen.plan.name
    };
    assert_eq!((plan(0), plan(1)), ("premium", "free"));
}

#[test]
fn data_is_kept_for_as_long_as_the_plan_says_and_nobody_guesses_while_the_store_fails() {
    const DAY: u64 = 86_400;
    let fake = Fake::new(&[]);
    let retention = |signal| run(Meter::open(&fake, &permit(), signal)).unwrap().retention();
    fake.kv.fail_after(0);
    assert_eq!(Signal::ALL.map(retention), [None, None]);
    fake.kv.fail_after(None);
    assert_eq!(Signal::ALL.map(retention), [Some(31 * DAY), Some(7 * DAY)]);
    fake.forget();
    let premium = Settings::new(Plan::find("premium").unwrap(), vec![]);
    run(settings::save(&fake, PROJECT, 0, &premium)).unwrap();
    assert_eq!(Signal::ALL.map(retention), [Some(365 * DAY), Some(31 * DAY)]);
    fake.kv.fail_after(0);
    assert_eq!(Signal::ALL.map(retention), [Some(365 * DAY), Some(31 * DAY)], "an instance remembers");
}

#[test]
fn pushes_that_are_never_paid_for_do_not_fill_the_memory() {
    let fake = Fake::new(&[]);
    let permits = (0..40).map(|number| permit_of(ProjectId::from_bytes([number; 16]))).collect::<Vec<_>>();
    for permit in &permits {
        assert_eq!(run(push_with(&fake, permit, 0..10_000, |_| 0)).unwrap(), 0);
    }
    fake.forget();
    let opened = run(Meter::open(&fake, &permits[0], Signal::Metrics)).unwrap();
    let first = opened.with_view(None, |view| Some(Rc::downgrade(view.group()))).unwrap();
    drop(opened);
    for permit in &permits[1..] {
        run(Meter::open(&fake, permit, Signal::Metrics)).unwrap();
    }
    assert!(first.upgrade().is_none(), "forty sets of 450 kilobytes");
}

#[test]
fn large_sets_make_room_for_each_other_and_drop_nobodys_lease() {
    let fake = Fake::new(&[]);
    for _ in 0..20 {
        fake.micros.set(fake.micros.get() + 2_000);
        run(push(&fake, 0..1)).unwrap();
    }
    for number in 10..50 {
        run(push_with(&fake, &permit_of(ProjectId::from_bytes([number; 16])), 0..10_000, |_| 0)).unwrap();
    }
    fake.kv.take_operations();
    run(push(&fake, 0..1)).unwrap();
    assert_eq!(fake.kv.take_operations(), Operations { reads: 2, writes: 0 }, "only its sets are read again");
    const { assert!(size_of::<entry::Entry>() < 512) };
}
