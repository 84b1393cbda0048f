//! The key that a sender's identities are hashed with: all of its instances must have the same.

use super::*;
use crate::meter::tests::stepped::Task;
use cockpit_fake::{Dice, paused, step};

#[test]
fn pushes_at_once_of_a_new_sender_agree_on_a_key() {
    let permit = permit();
    for pause in [0, 3_600] {
        for operations in 0.. {
            let fake = Fake::new(&[("quotas", "active_series=100")]);
            if pause > 0 {
                run(push(&fake, 900..950)).unwrap();
                fake.pass(pause);
            }
            let one = push_with(&fake, &permit, 0..60, |_| 0);
            let two = push_with(&fake, &permit, 100..140, |_| 0);
            let Some((one, two)) = paused(one, operations, two) else { break };
            assert_eq!((one.unwrap(), two.unwrap()), (0, 0));
            fake.pass(4);
            let new = run(push(&fake, 200..300)).unwrap();
            let again = run(push(&fake, 0..60)).unwrap() + run(push(&fake, 100..140)).unwrap();
            assert_eq!(
                (new, again),
                (100, 0),
                "{pause} s, after {operations} operations: a hundred were let in and are active"
            );
        }
    }
}

#[test]
fn sixteen_of_them_in_any_order_agree_as_well() {
    let permit = permit();
    for seed in 0..50_u64 {
        let fake = Fake::new(&[("quotas", "active_series=160")]);
        let mut tasks: Vec<Option<Task<'_, _>>> = (0..16_u64)
            .map(|number| -> Option<Task<'_, _>> {
                Some(Box::pin(push_with(&fake, &permit, number * 10..number * 10 + 10, |_| 0)))
            })
            .collect();
        let mut dice = Dice(identity(seed));
        while tasks.iter().any(Option::is_some) {
            let place = usize::try_from(dice.roll(16)).unwrap();
            if let Some(Some(cut)) = tasks[place].as_mut().map(step) {
                assert_eq!(cut.unwrap(), 0);
                tasks[place] = None;
            }
        }
        drop(tasks);
        fake.pass(4);
        let new = run(push(&fake, 1_000..1_160)).unwrap();
        let again: u64 = (0..16).map(|number| run(push(&fake, number * 10..number * 10 + 10)).unwrap()).sum();
        assert_eq!((new, again), (160, 0), "seed {seed}");
    }
}

#[test]
fn an_instance_that_could_not_read_does_not_give_the_sender_another_key() {
    let fake = Fake::new(&[("quotas", "active_series=100")]);
    run(push(&fake, 0..100)).unwrap();
    fake.forget();
    fake.pass(600);
    let permit = permit();
    let mut pushed: Task<'_, _> = Box::pin(push_with(&fake, &permit, 0..10, |_| 0));
    (0..2).for_each(|_| assert!(step(&mut pushed).is_none()));
    fake.kv.fail_after(0);
    assert!(step(&mut pushed).is_none());
    fake.kv.fail_after(None);
    run(pushed).unwrap();
    fake.forget();
    assert_eq!(run(Meter::open(&fake, &permit, Signal::Metrics)).unwrap().active(), 100);
    assert_eq!(run(push(&fake, 200..240)).unwrap(), 40);
}

#[test]
fn two_instances_that_meet_a_new_sender_at_once_agree_on_a_key() {
    let permit = permit();
    for operations in 0.. {
        let fake = Fake::new(&[("quotas", "active_series=100")]);
        let mut other = fake.clone();
        other.memory = Rc::default();
        let one = push_with(&fake, &permit, 0..60, |_| 0);
        let two = push_with(&other, &permit, 100..140, |_| 0);
        let Some((one, two)) = paused(one, operations, two) else { break };
        assert_eq!((one.unwrap(), two.unwrap()), (0, 0));
        for _ in 0..3 {
            fake.pass(4);
            run(push(&fake, 0..1)).unwrap();
            run(push(&other, 100..101)).unwrap();
        }
        fake.pass(4);
        let new = run(push(&other, 200..300)).unwrap();
        let again = run(push(&fake, 0..60)).unwrap() + run(push(&other, 100..140)).unwrap();
        assert_eq!((new, again), (100, 0), "after {operations} operations");
    }
}
