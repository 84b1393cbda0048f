use super::*;
use cockpit_fake::paused;

#[test]
fn usage_is_what_was_pushed_and_what_was_refused_by_reason() {
    let fake = Fake::new(&[("quotas", "samples_per_second=5 active_series=50")]);
    run(push(&fake, 0..60)).unwrap();
    throttle(run(push(&fake, 0..60)));
    fake.pass(6);
    throttle(run(push(&fake, 0..60)));
    let total = used(&fake);
    assert_eq!((total.units, total.cut), (100, 10), "the rest of the budget was leased for the push that was refused");
    assert_eq!((total.throttled, total.throttled_token, total.cut_budget, total.invalid), (2, 0, 0, 0));
}

#[test]
fn whoever_opens_a_window_collects_the_past_ones_and_tells_of_them_once() {
    let fake = Fake::new(&[]);
    let mut told = Vec::new();
    for _ in 0..40 {
        let meter = run(Meter::open(&fake, &permit(), Signal::Metrics)).unwrap();
        run(meter.pay(10)).unwrap();
        told.extend(meter.collected());
        assert_eq!(meter.collected(), None);
        fake.pass(30);
    }
    let minutes: Vec<_> = told.concat();
    assert!(minutes.len() >= 15 && told.len() < 7, "{told:?}");
    assert!(minutes.iter().zip(&minutes[1..]).all(|(one, next)| one.0 + 60 == next.0 && one.1.units < next.1.units));
    assert_eq!(
        run(roster::list(&fake, 1, 9)).unwrap(),
        [(1, Signal::Metrics.sender(PROJECT, 0))],
        "it is on the roster once"
    );
}

#[test]
fn what_a_push_collected_that_is_refused_is_told_by_the_next() {
    let fake = Fake::new(&[("quotas", "samples_per_second=5")]);
    run(push(&fake, 0..10)).unwrap();
    fake.pass(1_200);
    // Another instance took all of the window, and collects later.
    let key = format!("rate/{}/{}", Signal::Metrics.sender(PROJECT, 0), fake.micros.get() / 20_000_000 * 20);
    run(fake.increment(&key, crate::Amount::push(100).pack())).unwrap();
    throttle(run(push(&fake, 0..1)));
    fake.pass(20);
    let meter = run(Meter::open(&fake, &permit(), Signal::Metrics)).unwrap();
    assert_eq!(meter.collected().map(|minutes| minutes.len()), Some(8));
    assert_eq!(meter.collected(), None);
}

#[test]
fn usage_that_cannot_be_read_turns_no_limit_off_and_is_left_alone() {
    for rule in ["open", "closed"] {
        let fake = Fake::new(&[("quotas", "samples_per_second=5"), ("rates_on_failure", rule)]);
        run(push(&fake, 0..10)).unwrap();
        let key = fake.kv.keys().into_iter().find(|key| key.starts_with("usage/")).unwrap();
        run(fake.set(&key, b"damaged")).unwrap();
        fake.forget();
        fake.logged.take();
        for _ in 0..9 {
            run(push(&fake, 0..10)).unwrap();
        }
        throttle(run(push(&fake, 0..10)));
        let logged = fake.logged.take();
        assert!(logged.len() <= 2 && logged[0].contains("the usage cannot be read"), "{logged:?}");
        assert_eq!(run(fake.get(&key)).unwrap().unwrap(), b"damaged");
    }
}

#[test]
fn a_counter_that_cannot_be_read_turns_no_limit_off() {
    for rule in ["open", "closed"] {
        let fake = Fake::new(&[("quotas", "samples_per_second=5"), ("rates_on_failure", rule)]);
        run(push(&fake, 0..10)).unwrap();
        let key = fake.kv.keys().into_iter().find(|key| key.starts_with("rate/")).unwrap();
        run(fake.set(&key, b"damaged")).unwrap();
        fake.pass(1_200);
        fake.forget();
        for _ in 0..10 {
            run(push(&fake, 0..10)).unwrap();
        }
        throttle(run(push(&fake, 0..10)));
    }
}

#[test]
fn usage_that_becomes_unreadable_is_logged_once_in_eight_minutes() {
    let fake = Fake::new(&[]);
    run(push(&fake, 0..10)).unwrap();
    let key = fake.kv.keys().into_iter().find(|key| key.starts_with("usage/")).unwrap();
    run(fake.set(&key, b"damaged")).unwrap();
    for _ in 0..24 {
        fake.pass(20);
        run(push(&fake, 0..10)).unwrap();
    }
    let logged = fake.logged.take();
    assert!(logged.len() <= 2, "{} lines in eight minutes: {:?}", logged.len(), logged[0]);
}

#[test]
fn whoever_puts_a_sender_on_the_roster_takes_back_nothing_that_was_collected_before_it_writes() {
    let rate = Limits::DEFAULT.metrics.rate;
    let sender = Signal::Metrics.sender(PROJECT, 0);
    for operations in 0..4 {
        let fake = Fake::new(&[]);
        // Who opened the first window died before it collected.
        run(usage::collect::reach(&fake, &sender, &rate, fake.now(), 0)).unwrap();
        let window = u64::try_from(fake.micros.get() / 20_000_000 * 20).unwrap();
        let key = usage::counters::window_key(&sender, window);
        run(fake.increment(&key, crate::Amount::push(500).pack())).unwrap();
        fake.pass(6 * 60);
        let first = usage::collect::collect(&fake, &sender, &rate, fake.now(), 0);
        let second = async {
            fake.pass(60);
            usage::collect::reach(&fake, &sender, &rate, fake.now(), 0).await.unwrap();
        };
        let Some((first, ())) = paused(first, operations, second) else { unreachable!() };
        first.unwrap();
        fake.pass(60);
        assert_eq!(used(&fake).units, 500, "after {operations} operations");
    }
}

#[test]
fn explain_is_answered_when_the_samples_are_used_up() {
    let fake = Fake::new(&[("quotas", "samples_per_second=5")]);
    run(push(&fake, 0..100)).unwrap();
    let explained = run(async {
        let meter = Meter::open_to_explain(&fake, &permit(), Signal::Metrics).await?;
        meter.pay_request().await?;
        meter.usage().await
    });
    assert!(explained.is_ok(), "{explained:?}");
}
