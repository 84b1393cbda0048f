//! The turn of an epoch, at any moment of a push.

use super::*;
use crate::meter::tests::stepped::Task;
use cockpit_fake::{paused, step};

#[test]
fn an_epoch_that_turns_while_a_push_looks_lets_nothing_in_that_nobody_has_read() {
    let permit = permit();
    for operations in 0..12 {
        let fake = Fake::new(&[("quotas", "active_series=100")]);
        run(push(&fake, 0..100)).unwrap();
        fake.pass(10);
        let one = async {
            let meter = Meter::open(&fake, &permit, Signal::Metrics).await?;
            judge(&meter, 200..240, |_| 0).await
        };
        let mut one: Task<'_, _> = Box::pin(one);
        if (0..=operations).any(|_| step(&mut one).is_some()) {
            break;
        }
        fake.pass(600);
        let mut two: Task<'_, _> = Box::pin(Meter::open(&fake, &permit, Signal::Metrics));
        // It has read what was chosen, and begins to read the sets.
        (0..2).for_each(|_| drop(step(&mut two)));
        assert_eq!(run(one).unwrap(), 40, "after {operations} operations: a hundred are active, there is no room");
        drop(two);
    }
}

#[test]
fn nor_does_it_where_the_other_push_fails_to_read_it() {
    let permit = permit();
    for operations in 0..12 {
        let fake = Fake::new(&[("quotas", "active_series=100"), ("active_on_failure", "closed")]);
        run(push(&fake, 0..100)).unwrap();
        fake.pass(10);
        let one = async {
            let meter = Meter::open(&fake, &permit, Signal::Metrics).await?;
            judge(&meter, 200..240, |_| 0).await
        };
        let two = async {
            fake.pass(600);
            fake.kv.fail_after(0);
            let failed = Meter::open(&fake, &permit, Signal::Metrics).await.map(drop);
            fake.kv.fail_after(None);
            failed
        };
        let Some((one, two)) = paused(one, operations, two) else { break };
        assert!(two.is_err());
        assert_eq!(one.unwrap(), 40, "after {operations} operations");
    }
}

#[test]
fn what_was_let_in_because_it_was_active_takes_a_place_though_the_epoch_turns_before_it_is_paid_for() {
    let fake = Fake::new(&[("quotas", "active_series=100")]);
    run(push(&fake, 0..100)).unwrap();
    fake.pass(600);
    run(push(&fake, 0..1)).unwrap();
    let one = open(&fake);
    assert_eq!(run(judge(&one, 0..100, |_| 0)).unwrap(), 0);
    fake.pass(600);
    run(push(&fake, 100..200)).unwrap();
    run(one.pay(100)).unwrap();
    let active = open(&fake).active();
    assert!(active <= 100, "{active} of 100 are active");
}

#[test]
fn what_was_let_in_is_marked_though_the_epoch_turns_before_it_is_paid_for() {
    let fake = Fake::new(&[("quotas", "active_series=100")]);
    run(push(&fake, 0..1)).unwrap();
    fake.pass(600);
    let one = open(&fake);
    assert_eq!(run(judge(&one, 0..100, |_| 0)).unwrap(), 0);
    fake.pass(600);
    run(push(&fake, 100..101)).unwrap();
    run(one.pay(100)).unwrap();
    assert_eq!(open(&fake).active(), 100);
}

#[test]
fn what_is_new_just_before_an_epoch_ends_is_told_to_others() {
    let fake = Fake::new(&[("quotas", "active_series=102400 samples_per_second=100000")]);
    run(push(&fake, 0..1_000)).unwrap();
    for _ in 0..40 {
        fake.micros.set(fake.micros.get() + 100_000);
        run(push(&fake, 0..1_000)).unwrap();
    }
    // The epoch ends in half a second.
    let second = fake.micros.get() / 1_000_000 % 600;
    fake.pass(599 - second);
    run(push(&fake, 1_000..1_040)).unwrap();
    fake.micros.set(fake.micros.get() + 100_000);
    run(push(&fake, 1_040..1_080)).unwrap();
    for _ in 0..100 {
        fake.micros.set(fake.micros.get() + 500_000);
        run(push(&fake, 0..1_000)).unwrap();
    }
    assert_eq!(open(&fake).active(), 1_080);
    // Another instance, fifty seconds later.
    fake.forget();
    run(push(&fake, 10_000..120_000)).unwrap();
    assert_eq!(run(push(&fake, 1_000..1_080)).unwrap(), 0, "they came fifty seconds ago");
}
