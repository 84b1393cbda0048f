//! Pushes that an instance serves at once, and that see the same sets.

use super::*;
use crate::meter::tests::budgets::budget;
use crate::meter::tests::stepped::{Task, together};
use cockpit_fake::paused;

#[test]
fn no_push_relies_on_what_another_has_looked_up() {
    let fake = Fake::new(&[]);
    budget(&fake, &[("a", 5), ("b", 5)]);
    assert_eq!(run(push_with(&fake, &permit(), 0..5, |_| 0b10)).unwrap(), 0);
    fake.forget();
    let (one, two) = (open(&fake), open(&fake));
    assert_eq!(admitted(&one, 0b01, 100..103), 3, "it looks at the first budget");
    assert_eq!(admitted(&two, 0b10, 1_000..1_060), 0, "the second has no room");
}

#[test]
fn whoever_looks_in_vain_and_is_refused_leaves_others_to_look_for_themselves() {
    let fake = Fake::new(&[("active_on_failure", "closed")]);
    budget(&fake, &[("a", 5), ("b", 5)]);
    run(push(&fake, 0..1)).unwrap();
    let (one, two) = (open(&fake), open(&fake));
    fake.kv.fail_after(0);
    assert!(run(judge(&one, 100..101, |_| 0b01)).is_err());
    fake.kv.fail_after(None);
    assert_eq!(admitted(&two, 0b10, 1_000..1_060), 5);
}

#[test]
fn a_look_at_a_budget_is_none_at_what_others_let_into_the_cockpit() {
    let fake = Fake::new(&[("quotas", "active_series=100")]);
    budget(&fake, &[("a", 50)]);
    run(push(&fake, 0..60)).unwrap();
    let one = fake.memory.take();
    run(push(&fake, 60..100)).unwrap();
    fake.memory.replace(one);
    fake.pass(10);
    let (first, second) = (open(&fake), open(&fake));
    assert_eq!(admitted(&first, 1, 0..1), 1);
    assert_eq!(admitted(&second, 0, 200..240), 0, "the Cockpit is full, though nobody here has seen it yet");
}

#[test]
fn nor_is_it_for_the_same_push() {
    let fake = Fake::new(&[("quotas", "active_series=10000")]);
    budget(&fake, &[("a", 5_000)]);
    run(push(&fake, 0..1)).unwrap();
    let one = fake.memory.take();
    run(push(&fake, 1..10_000)).unwrap();
    fake.memory.replace(one);
    assert_eq!(admitted(&open(&fake), 1, 20_000..20_300), 0);
}

#[test]
fn a_push_that_comes_while_another_reads_the_next_epoch_waits_for_what_it_says() {
    let fake = Fake::new(&[("quotas", "active_series=100")]);
    run(push(&fake, 0..40)).unwrap();
    let one = fake.memory.take();
    fake.pass(4);
    run(push(&fake, 40..100)).unwrap();
    fake.memory.replace(one);
    fake.pass(600);
    let permit = permit();
    for operations in 0..8 {
        let second = async {
            let meter = Meter::open(&fake, &permit, Signal::Metrics).await?;
            judge(&meter, 200..240, |_| 0).await
        };
        let first = Meter::open(&fake, &permit, Signal::Metrics);
        let Some((_, cut)) = paused(first, operations, second) else { break };
        assert_eq!(cut.unwrap(), 40, "after {operations} operations");
    }
}

#[test]
fn what_was_read_of_an_epoch_that_is_over_makes_nobody_sure() {
    for operations in 0.. {
        let fake = Fake::new(&[]);
        budget(&fake, &[("a", 5)]);
        assert_eq!(run(push_with(&fake, &permit(), 0..5, |_| 1)).unwrap(), 0);
        fake.forget();
        let permit = permit();
        let second = async {
            fake.pass(600);
            drop(Meter::open(&fake, &permit, Signal::Metrics).await);
        };
        let Some((cut, ())) = paused(push_with(&fake, &permit, 100..110, |_| 1), operations, second) else { break };
        assert_eq!(cut.unwrap(), 10, "after {operations} operations");
    }
}

#[test]
fn a_series_that_two_pushes_bring_takes_one_place_before_and_after_it_is_paid_for() {
    let fake = Fake::new(&[("quotas", "active_series=100")]);
    let (one, two) = (open(&fake), open(&fake));
    assert_eq!((admitted(&one, 0, 0..50), admitted(&two, 0, 0..50)), (50, 50));
    run(one.pay(50)).unwrap();
    assert_eq!(run(push(&fake, 100..150)).unwrap(), 0, "fifty are active, and the second push needs no place for them");
    run(two.pay(50)).unwrap();
    assert_eq!(run(push(&fake, 0..50)).unwrap(), 0);
}

#[test]
fn what_others_are_found_to_have_let_in_needs_no_place_either() {
    let fake = Fake::new(&[("quotas", "active_series=100")]);
    run(push(&fake, 0..1)).unwrap();
    let begun = open(&fake);
    assert_eq!(admitted(&begun, 0, 0..50), 50);
    let one = fake.memory.take();
    run(push(&fake, 0..50)).unwrap();
    fake.memory.replace(one);
    fake.pass(10);
    assert_eq!(run(push(&fake, 100..150)).unwrap(), 0);
}

/// Has two pushes pay at once, the second after so many operations of the first; says how many are let in.
fn both_paid(fake: &Fake, operations: usize, units: [u64; 2]) -> Option<u64> {
    let permit = permit();
    let pay = async |units| Meter::open(fake, &permit, Signal::Metrics).await?.pay(units).await;
    let (one, two) = paused(pay(units[0]), operations, pay(units[1]))?;
    Some(u64::from(one.is_ok()) + u64::from(two.is_ok()))
}

#[test]
fn no_push_is_refused_because_another_spent_meanwhile_what_it_counted_on() {
    for seed in 0..40 {
        let size = |number: u64| 1 + identity(seed * 100 + number) % 1_000;
        for operations in 0.. {
            let fake = Fake::new(&[]);
            for number in 0..seed % 20 {
                fake.micros.set(fake.micros.get() + 40_000);
                let meter = open(&fake);
                run(meter.pay(size(number))).unwrap();
                if number % 3 == 0 {
                    meter.refund();
                }
            }
            let Some(paid) = both_paid(&fake, operations, [size(50) * 4, size(51)]) else { break };
            assert_eq!(paid, 2, "seed {seed}, after {operations} operations");
        }
    }
}

#[test]
fn of_two_pushes_that_ask_at_once_one_is_let_in_where_there_is_room_for_one() {
    for operations in 0.. {
        let fake = Fake::new(&[("quotas", "samples_per_second=5")]);
        run(push(&fake, 0..10)).unwrap();
        let Some(paid) = both_paid(&fake, operations, [60, 60]) else { break };
        assert_eq!(paid, 1, "after {operations} operations: 70 of 100");
    }
}

#[test]
fn pushes_at_once_do_not_lease_for_each_other_again_and_again() {
    let fake = Fake::new(&[]);
    let permit = permit();
    let pay = async || Meter::open(&fake, &permit, Signal::Metrics).await?.pay(2_000).await;
    let paid = together((0..16).map(|_| -> Task<'_, _> { Box::pin(pay()) }));
    assert!(paid.iter().all(Result::is_ok));
    let window = u64::try_from(fake.micros.get() / 20_000_000 * 20).unwrap();
    let given = run(usage::counters::given(&fake, &Signal::Metrics.sender(PROJECT, 0), window)).unwrap();
    let (given, budget) = (given.units, 200_000);
    assert!(given <= 16 * 2_000 + budget / 4, "{given} of {budget} are leased for {}", 16 * 2_000);
}

#[test]
fn nor_is_another_instance_refused_because_of_it() {
    let fake = Fake::new(&[]);
    let permit = permit();
    let pay = async || Meter::open(&fake, &permit, Signal::Metrics).await?.pay(2_000).await;
    together((0..16).map(|_| -> Task<'_, _> { Box::pin(pay()) })).into_iter().for_each(|paid| paid.unwrap());
    fake.forget();
    run(pay()).unwrap();
}

#[test]
fn a_push_is_judged_a_handful_of_times_whatever_budgets_there_are() {
    let fake = Fake::new(&[]);
    let teams: Vec<_> = (1..=20_u64).map(|number| (number.to_string(), number * 10_000)).collect();
    budget(&fake, &teams.iter().map(|(team, series)| (&**team, *series)).collect::<Vec<_>>());
    run(push_with(&fake, &permit(), 0..100, |_| u64::MAX)).unwrap();
    let meter = open(&fake);
    fake.kv.take_operations();
    let times = Cell::new(0);
    run(meter.judge(|| {
        times.set(times.get() + 1);
        (1_000..6_000).for_each(|number| assert!(meter.admit(identity(number), u64::MAX)));
        Ok(())
    }))
    .unwrap();
    let Operations { reads, writes } = fake.kv.take_operations();
    assert!(times.get() <= 3, "judged {} times, {reads} reads, {writes} writes", times.get());
}
