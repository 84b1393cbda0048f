use super::*;
use cockpit_fake::Dice;
use std::collections::BTreeMap;

const RATE: Rate = Rate { units: 10_000, requests: 1_000, window: 20 };

/// A store of counters, and how often it was written.
#[derive(Default)]
struct Counters {
    values: BTreeMap<u64, i64>,
    writes: u64,
}

impl Counters {
    fn increment(&mut self, ask: &Ask) -> i64 {
        self.writes += 1;
        let value = self.values.entry(ask.window.start).or_default();
        *value += ask.amount.pack();
        *value
    }
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_micros(i64::try_from(millis).unwrap() * 1_000)
}

/// A push to an instance that lives long.
fn due(millis: u64, units: u64) -> Due {
    Due { need: Amount::push(units), now: at(millis), waiting: 0, life: 1_000_000 }
}

fn push(lease: &mut Lease, counters: &mut Counters, millis: u64, units: u64) -> bool {
    pay(lease, counters, &due(millis, units))
}

fn pay(lease: &mut Lease, counters: &mut Counters, due: &Due) -> bool {
    match lease.spend(&RATE, due) {
        Step::Admit => true,
        Step::Exhausted => false,
        Step::Ask(ask) => {
            let counter = counters.increment(&ask);
            lease.receive(&RATE, &ask, counter).admitted
        }
    }
}

#[test]
fn no_window_admits_more_than_its_budget_whoever_asks_and_whoever_dies() {
    for seed in 0..200 {
        let mut dice = Dice(seed);
        let instances = 1 + usize::try_from(dice.roll(40)).unwrap();
        let mut leases = vec![Lease::default(); instances];
        let mut counters = Counters::default();
        let mut admitted: BTreeMap<u64, Amount> = BTreeMap::new();
        let mut in_flight: Vec<(usize, Ask)> = Vec::new();
        let mut millis = 40_000;
        for _ in 0..2_000 {
            millis += dice.roll(60);
            let number = usize::try_from(dice.roll(u64::try_from(instances).unwrap())).unwrap();
            let need = Amount::push(1 + dice.roll(5_000));
            let mut admit = |window: u64, need| {
                let sum = admitted.entry(window).or_default();
                *sum = sum.plus(need);
            };
            match leases[number]
                .spend(&RATE, &Due { need, now: at(millis), waiting: dice.roll(3), life: dice.roll(300) })
            {
                Step::Admit => admit(RATE.window(at(millis)).start, need),
                Step::Ask(ask) => in_flight.push((number, ask)),
                Step::Exhausted => {}
            }
            while in_flight.len() > usize::try_from(dice.roll(4)).unwrap() {
                let (number, ask) = in_flight.remove(0);
                let counter = counters.increment(&ask);
                if leases[number].receive(&RATE, &ask, counter).admitted {
                    admit(ask.window.start, ask.need);
                }
            }
            if dice.roll(50) == 0 {
                leases[number] = Lease::default();
            }
        }
        for (window, sum) in admitted {
            assert!(RATE.budget().covers(sum), "seed {seed}, window {window}: {sum:?}");
        }
    }
}

#[test]
fn a_lone_instance_may_spend_the_whole_budget() {
    for units in [1, 7, 2_000, 200_000] {
        let (mut lease, mut counters) = (Lease::default(), Counters::default());
        let affordable = (200_000 / units).min(20_000);
        for number in 0..affordable {
            assert!(push(&mut lease, &mut counters, 40_000, units), "push {number} of {units}");
        }
        assert!(!push(&mut lease, &mut counters, 40_001, units));
    }
}

#[test]
fn once_the_budget_is_gone_the_store_is_left_alone_until_the_next_window() {
    let (mut lease, mut counters) = (Lease::default(), Counters::default());
    while push(&mut lease, &mut counters, 40_000, 2_000) {}
    let writes = counters.writes;
    for millis in 40_001..59_999 {
        assert!(!push(&mut lease, &mut counters, millis, 2_000));
    }
    assert_eq!(counters.writes, writes);
    assert!(push(&mut lease, &mut counters, 60_000, 2_000));
}

#[test]
fn under_load_fifty_pushes_share_a_write() {
    let (mut lease, mut counters) = (Lease::default(), Counters::default());
    // 250 pushes a second of 30 samples, for two minutes.
    let pushes = 30_000;
    for number in 0..pushes {
        assert!(push(&mut lease, &mut counters, 40_000 + number * 4, 30), "push {number}");
    }
    assert!(counters.writes * 50 <= pushes, "{} writes", counters.writes);
}

#[test]
fn instances_that_hosts_drop_after_128_pushes_ask_twice_and_leave_nothing_unspent() {
    let mut counters = Counters::default();
    for instance in 0..100 {
        let mut lease = Lease::default();
        for number in 0..128 {
            let due = Due { life: 127 - number, ..due(40_100 + instance * 512 + number * 4, 10) };
            assert!(pay(&mut lease, &mut counters, &due), "push {number} of instance {instance}: {lease:?}");
        }
        // Where a window ended, the instance could not know how much would come until then.
        assert!(lease.left.requests <= 1, "{lease:?}");
    }
    let windows = u64::try_from(counters.values.len()).unwrap();
    assert!(counters.writes <= 2 * 100 + 10 * windows, "{} writes", counters.writes);
}

#[test]
fn an_instance_that_saw_one_push_took_no_more_than_that() {
    let (mut lease, mut counters) = (Lease::default(), Counters::default());
    push(&mut lease, &mut counters, 40_000, 2_000);
    assert_eq!(Amount::unpack(counters.values[&40]), Amount::push(2_000));
}

#[test]
fn pushes_that_have_come_already_are_paid_for_at_once() {
    let (mut lease, mut counters) = (Lease::default(), Counters::default());
    for waiting in (0..50).rev() {
        assert!(pay(&mut lease, &mut counters, &Due { waiting, life: 0, ..due(40_000, 20) }));
    }
    assert_eq!((counters.writes, lease.left), (1, Amount::default()));
}

#[test]
fn of_a_burst_no_more_is_leased_than_half_of_what_came() {
    let (mut lease, mut counters) = (Lease::default(), Counters::default());
    for number in 1..=60 {
        push(&mut lease, &mut counters, 50_000, 20);
        assert!(lease.left.requests * 2 <= number, "push {number}: {lease:?}");
    }
    assert!(counters.writes <= 12, "{} writes", counters.writes);
}

#[test]
fn whoever_asks_last_finds_something_left() {
    let (mut first, mut second, mut counters) = (Lease::default(), Lease::default(), Counters::default());
    // 900 pushes a second of 11 samples is as much as there may be.
    for number in 0..9_000 {
        push(&mut first, &mut counters, 40_000 + number * 10 / 9, 11);
    }
    let left = RATE.budget().minus(Amount::unpack(counters.values[&40]));
    assert!(left.units * 8 >= RATE.budget().units, "{left:?}");
    assert!(push(&mut second, &mut counters, 50_000, 11));
}

#[test]
fn exactly_one_instance_opens_a_window() {
    let mut counters = Counters::default();
    let mut opened = 0;
    for _ in 0..10 {
        let Step::Ask(ask) = Lease::default().spend(&RATE, &due(40_000, 1)) else { panic!() };
        opened += usize::from(Lease::default().receive(&RATE, &ask, counters.increment(&ask)).opened);
    }
    assert_eq!(opened, 1);
}

#[test]
fn an_answer_that_comes_after_its_window_is_still_worth_what_was_asked() {
    let (mut lease, mut counters) = (Lease::default(), Counters::default());
    let Step::Ask(ask) = lease.spend(&RATE, &due(59_999, 5)) else { panic!() };
    assert!(push(&mut lease, &mut counters, 60_001, 5));
    let counter = counters.increment(&ask);
    assert!(lease.receive(&RATE, &ask, counter).admitted);
    assert_eq!(lease.total(), Amount::push(5), "the old window's counter says nothing of the new one");
}

#[test]
fn what_is_given_back_is_there_again_as_long_as_its_window_lasts() {
    let (mut lease, mut counters) = (Lease::default(), Counters::default());
    let last = |millis, units| Due { life: 0, ..due(millis, units) };
    assert!(pay(&mut lease, &mut counters, &last(0, 100)));
    lease.give_back(0, Amount::push(100));
    assert!(pay(&mut lease, &mut counters, &last(19_000, 100)));
    assert_eq!(counters.writes, 1);
    assert!(pay(&mut lease, &mut counters, &last(20_000, 100)));
    lease.give_back(0, Amount::push(100));
    assert!(pay(&mut lease, &mut counters, &last(21_000, 100)));
    assert_eq!(counters.writes, 3, "what was of the window before is of no use");
}
