mod deaths;

use super::{
    collect::{Collected, collect, reach},
    counters::{refused_key, window_key},
    *,
};
use crate::Amount;
use cockpit_core::ports::Clock;
use cockpit_fake::{Fake, run};

const RATE: Rate = Rate { units: 10_000, requests: 1_000, window: 20 };
const SENDER: &str = "project/metrics";

/// Pushes at this moment, as a lease of exactly this much would, and opens the window if it is new.
fn push(fake: &Fake, units: u64) {
    let window = RATE.window(fake.now());
    let amount = Amount::push(units).pack();
    let counter = run(fake.increment(&window_key(SENDER, window.start), amount)).unwrap();
    if counter == amount {
        drop(run(collect(fake, SENDER, &RATE, fake.now(), 7)).unwrap());
    }
}

fn history(fake: &Fake) -> History {
    run(read(fake, SENDER, &RATE, fake.now())).unwrap()
}

#[test]
fn nothing_is_lost_and_nothing_counted_twice_at_any_moment() {
    for step in [1, 7, 19, 20, 61, 299, 1_000, 5_000] {
        let fake = Fake::new(&[]);
        for number in 1..=300 {
            push(&fake, 10);
            let total = history(&fake).total();
            assert_eq!((total.units, total.requests), (number * 10, number), "every {step} s, push {number}");
            fake.pass(step);
        }
    }
}

#[test]
fn what_was_pushed_last_is_still_seen_when_the_sender_has_long_gone() {
    let fake = Fake::new(&[]);
    for _ in 0..30 {
        push(&fake, 10);
        fake.pass(10);
    }
    fake.pass(3_600);
    assert_eq!(history(&fake).total().units, 300);
    push(&fake, 10);
    fake.pass(600);
    push(&fake, 10);
    assert_eq!(history(&fake).total().units, 320);
}

#[test]
fn what_a_slow_clock_counts_at_the_very_beginning_is_not_lost() {
    let fake = Fake::new(&[]);
    let minute = 60 - i64::try_from(seconds(fake.now()) % 60).unwrap();
    fake.pass(minute);
    push(&fake, 10);
    fake.pass(-5);
    push(&fake, 10);
    for _ in 0..10 {
        fake.pass(60);
        push(&fake, 10);
    }
    assert_eq!(history(&fake).total().units, 120);
}

#[test]
fn keys_are_bounded_whatever_the_pace() {
    for step in [1, 20, 61, 250, 100_000] {
        let fake = Fake::new(&[]);
        let most = (0..500).map(|_| {
            push(&fake, 1);
            fake.pass(step);
            fake.kv.keys().len()
        });
        let most = most.max().unwrap();
        assert!(most <= 20, "{most} keys at a push every {step} s");
    }
}

#[test]
fn a_month_is_kept_at_decreasing_resolution_in_a_few_kilobytes() {
    let fake = Fake::new(&[]);
    for _ in 0..40 * 24 {
        push(&fake, 5);
        fake.pass(3_600);
    }
    let history = history(&fake);
    assert_eq!((history.hours.len(), history.days.len()), (168, 31));
    assert!(history.minutes.len() <= 120);
    assert_eq!(history.hours[100].units, 5);
    let bytes = run(fake.get("usage/project/metrics")).unwrap().unwrap().len();
    assert!(bytes < 32_000, "{bytes} bytes");
}

#[test]
fn a_busy_sender_pays_for_it_a_few_times_in_an_hour() {
    let fake = Fake::new(&[]);
    let mut writes = 0;
    for _ in 0..3_600 {
        fake.kv.take_operations();
        push(&fake, 1);
        writes += fake.kv.take_operations().writes - 1;
        fake.pass(1);
    }
    // Three windows a minute are removed, and a history is written every three minutes or so.
    assert!(writes <= 180 + 25, "{writes} writes beside the leases");
}

#[test]
fn what_was_refused_and_what_was_active_are_told_apart() {
    let fake = Fake::new(&[]);
    push(&fake, 1);
    let minute = seconds(fake.now()) / 60;
    for (reason, count) in [(Reason::Rate, 2), (Reason::Active, 30), (Reason::Invalid, 4)] {
        run(fake.increment(&refused_key(SENDER, minute, reason), count)).unwrap();
    }
    let total = history(&fake).total();
    assert_eq!((total.throttled, total.cut, total.invalid, total.active), (2, 30, 4, 0));
    fake.pass(600);
    push(&fake, 1);
    let total = history(&fake).total();
    assert_eq!((total.throttled, total.cut, total.active, total.requests), (2, 30, 7, 2));
}

#[test]
fn what_a_collection_found_is_told_minute_by_minute_and_never_falls() {
    let fake = Fake::new(&[]);
    let mut told: Vec<(u64, Usage)> = Vec::new();
    for second in 0..1_800 {
        let window = RATE.window(fake.now());
        let amount = Amount::push(10).pack();
        if run(fake.increment(&window_key(SENDER, window.start), amount)).unwrap() == amount
            && let Collected::Minutes(minutes) =
                run(collect(&fake, SENDER, &RATE, fake.now(), second)).unwrap().collected
        {
            told.extend(minutes);
        }
        fake.pass(1);
    }
    assert!(told.len() >= 25, "{told:?}");
    // Before the first whole minute there are two that were begun.
    for (one, next) in told.iter().zip(&told[1..]).skip(2) {
        assert_eq!((next.0 - one.0, next.1.units - one.1.units), (60, 600));
        assert!(next.1.active >= one.1.active && one.1.active > 0);
    }
}

#[test]
fn a_collection_while_the_history_is_read_is_noticed() {
    for late in 0..60 {
        let fake = Fake::new(&[]);
        push(&fake, 10);
        for _ in 0..29 {
            fake.pass(10);
            let key = window_key(SENDER, RATE.window(fake.now()).start);
            run(fake.increment(&key, Amount::push(10).pack())).unwrap();
        }
        let now = fake.now();
        let read = async {
            for _ in 0..late {
                cockpit_fake::yield_now().await;
            }
            read(&fake, SENDER, &RATE, now).await
        };
        let (read, collected) = run(cockpit_fake::both(read, collect(&fake, SENDER, &RATE, now, 7)));
        assert!(matches!(collected.unwrap().collected, Collected::Minutes(_)));
        assert_eq!(read.unwrap().ever.units, 300, "{late} operations later");
    }
}
