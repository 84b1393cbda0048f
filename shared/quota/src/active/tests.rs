mod parts;

use super::{
    Active, Basis, EPOCH, Verdict, epoch,
    locations::{Locations, Slots},
    store,
};
use crate::life::Ahead;
use cockpit_core::ports::Clock;
use cockpit_fake::{Fake, Operations, run};
use std::cell::RefCell;

/// An identity as a keyed hash gives it.
fn identity(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 29)
}

/// Judges an identity, and marks it if it may go in.
fn admit(active: &mut Active, number: u64, basis: Basis) -> Verdict {
    let verdict = active.judge(identity(number), basis);
    if verdict == Verdict::Accepted {
        active.hold(identity(number));
        active.mark(identity(number));
        active.release(identity(number));
    }
    verdict
}

/// Where the set is.
fn slots() -> Slots {
    Locations::default().slots("active")
}

/// One instance before a store.
struct Instance<'f> {
    fake: &'f Fake,
    active: RefCell<Active>,
    limit: u64,
}

impl<'f> Instance<'f> {
    fn new(fake: &'f Fake, limit: u64) -> Self {
        let active = RefCell::new(Active::unread(limit, epoch(fake.now()), cockpit_core::ports::Random::bytes(fake)));
        run(store::read(fake, &slots(), &active)).unwrap();
        Self { fake, active, limit }
    }

    /// Pushes a batch; says how many were refused.
    fn push(&self, numbers: std::ops::Range<u64>) -> u64 {
        self.begin();
        let basis = self.active.borrow().basis(self.fake.now());
        let mut refused = self.judge(numbers.clone(), basis);
        if refused.is_none() {
            run(store::merge(self.fake, &slots(), &self.active)).unwrap();
            refused = self.judge(numbers, Basis::Certain);
        }
        if self.active.borrow().is_due(self.fake.now(), Ahead::Many) {
            run(store::merge(self.fake, &slots(), &self.active)).unwrap();
        }
        refused.unwrap()
    }

    fn begin(&self) {
        self.active.borrow_mut().begin(self.limit, self.fake.now());
        if self.active.borrow().is_unread() {
            run(store::read(self.fake, &slots(), &self.active)).unwrap();
        }
    }

    /// How many are refused, if that is sure.
    fn judge(&self, numbers: std::ops::Range<u64>, basis: Basis) -> Option<u64> {
        let mut active = self.active.borrow_mut();
        let verdicts: Vec<_> = numbers.map(|number| admit(&mut active, number, basis)).collect();
        let refused = verdicts.iter().filter(|verdict| **verdict == Verdict::Refused).count();
        (!verdicts.contains(&Verdict::Unsure)).then(|| u64::try_from(refused).unwrap())
    }

    fn count(&self) -> u64 {
        self.active.borrow().count()
    }
}

#[test]
fn at_the_limit_nothing_active_is_refused_and_99_new_ones_of_100_are() {
    for limit in [100, 5_000, 250_000] {
        let fake = Fake::new(&[]);
        let instance = Instance::new(&fake, limit);
        let mut refused = 0;
        for start in (0..limit).step_by(1_000) {
            refused += instance.push(start..(start + 1_000).min(limit));
        }
        assert!(refused * 100 <= limit, "{refused} refused below the limit of {limit}");
        // The filter counts within a percent, so the last few may find it full.
        while instance.count() < limit {
            instance.push(1_000_000..1_000_100);
            instance.push(2_000_000..2_002_000);
        }
        let known: u64 = (0..limit - refused).step_by(1_000).map(|start| instance.push(start..start + 100)).sum();
        assert!(known <= refused, "{known} active ones refused at {limit}");
        let strangers = 10_000;
        let refused = instance.push(5_000_000..5_000_000 + strangers);
        assert!(refused * 100 >= strangers * 99, "{refused} of {strangers} at {limit}");
    }
}

#[test]
fn what_was_not_seen_for_twenty_minutes_makes_room() {
    let fake = Fake::new(&[]);
    let instance = Instance::new(&fake, 100);
    assert_eq!(instance.push(0..100), 0);
    assert_eq!(instance.push(100..101), 1);
    let epoch = i64::try_from(EPOCH).unwrap();
    fake.pass(epoch);
    assert_eq!((instance.push(0..50), instance.push(100..101)), (0, 1), "seen in the epoch before");
    fake.pass(epoch);
    assert_eq!((instance.push(100..150), instance.count()), (0, 100));
    fake.pass(epoch * 5);
    assert_eq!((instance.push(0..1), instance.count()), (0, 1));
}

#[test]
fn a_steady_sender_costs_the_store_a_look_a_minute_within_an_epoch() {
    let fake = Fake::new(&[]);
    let instance = Instance::new(&fake, 250_000);
    instance.push(0..2_000);
    fake.pass(5);
    instance.push(0..2_000);
    fake.kv.take_operations();
    for _ in 0..100 {
        instance.push(0..2_000);
        fake.pass(1);
    }
    assert_eq!(fake.kv.take_operations(), Operations { reads: 1, writes: 0 });
}

#[test]
fn a_new_instance_knows_what_another_saw() {
    let fake = Fake::new(&[]);
    assert_eq!(Instance::new(&fake, 100).push(0..100), 0);
    let other = Instance::new(&fake, 100);
    assert_eq!((other.count(), other.push(0..100), other.push(100..200)), (100, 0, 100));
}

#[test]
fn an_old_view_is_refreshed_before_anything_new_is_let_in() {
    let fake = Fake::new(&[]);
    let (first, second) = (Instance::new(&fake, 100), Instance::new(&fake, 100));
    first.push(0..80);
    fake.pass(4);
    assert_eq!(second.push(100..200), 80);
    assert_eq!(second.count(), 100);
}

#[test]
fn from_half_of_the_limit_on_not_even_a_few_are_let_in_on_an_old_view() {
    let fake = Fake::new(&[]);
    let (first, second) = (Instance::new(&fake, 10_000), Instance::new(&fake, 10_000));
    second.push(0..6_000);
    fake.pass(1);
    first.push(0..11_000);
    fake.pass(3);
    assert_eq!(second.push(20_000..20_020), 20);
}

#[test]
fn near_the_limit_two_instances_share_what_is_left() {
    let fake = Fake::new(&[]);
    let (first, second) = (Instance::new(&fake, 100), Instance::new(&fake, 100));
    first.push(0..90);
    fake.pass(4);
    second.push(0..90);
    fake.micros.set(fake.micros.get() + 5_000);
    assert_eq!(first.push(100..105), 0);
    fake.micros.set(fake.micros.get() + 5_000);
    assert_eq!(second.push(200..220), 15);
}

#[test]
fn nothing_that_others_let_in_is_refused_on_an_old_view() {
    let fake = Fake::new(&[]);
    let first = Instance::new(&fake, 1_000);
    first.push(0..999);
    let second = Instance::new(&fake, 1_000);
    // There is room for one, and each lets in one at the same time.
    assert_eq!((second.push(1_000..1_001), first.push(2_000..2_001)), (0, 0));
    fake.pass(4);
    first.push(0..10);
    assert_eq!((second.push(2_000..2_001), second.push(3_000..3_010)), (0, 10));
    fake.kv.take_operations();
    (0..10).for_each(|_| assert_eq!(second.push(3_000..3_010), 10));
    assert_eq!(fake.kv.take_operations(), Operations::default(), "a look is good for a while");
}

#[test]
fn a_merge_that_lost_a_race_is_repeated() {
    let fake = Fake::new(&[]);
    Instance::new(&fake, 1_000).push(0..1);
    let (first, second) = (Instance::new(&fake, 1_000), Instance::new(&fake, 1_000));
    fake.pass(1);
    // Both read, then both write: the fake yields before each operation.
    for (instance, number) in [(&first, 10), (&second, 20)] {
        instance.active.borrow_mut().begin(1_000, fake.now());
        admit(&mut instance.active.borrow_mut(), number, Basis::Certain);
    }
    let at = slots();
    let merges = (store::merge(&fake, &at, &first.active), store::merge(&fake, &at, &second.active));
    let (one, two) = run(cockpit_fake::both(merges.0, merges.1));
    one.unwrap();
    two.unwrap();
    assert_eq!(Instance::new(&fake, 1_000).count(), 3);
    let (slow, _) = (Instance::new(&fake, 1_000), fake.pass(1));
    run(cockpit_core::ports::Kv::delete(&fake, &fake.kv.keys()[0])).unwrap();
    assert_eq!(slow.push(30..31), 0);
    fake.pass(4);
    first.push(0..1);
    fake.pass(4);
    first.push(0..1);
    second.push(0..1);
    fake.kv.take_operations();
    fake.pass(4);
    first.push(0..1);
    second.push(0..1);
    assert_eq!(fake.kv.take_operations(), Operations::default(), "they rest once all is there");
    assert_eq!(Instance::new(&fake, 1_000).count(), 4, "what was lost came back");
}

#[test]
fn an_instance_that_may_be_dropped_looks_whether_what_it_wrote_stayed() {
    let fake = Fake::new(&[]);
    let instance = Instance::new(&fake, 1_000);
    instance.push(0..10);
    let key = fake.kv.keys().into_iter().next().unwrap();
    let before = run(cockpit_core::ports::Kv::get(&fake, &key)).unwrap().unwrap();
    fake.pass(4);
    instance.push(10..20);
    // Somebody writes who had read before that.
    run(cockpit_core::ports::Kv::set(&fake, &key, &before)).unwrap();
    fake.pass(1);
    instance.push(0..10);
    assert_eq!(Instance::new(&fake, 1_000).count(), 10);
    let due = |ahead| instance.active.borrow().is_due(fake.now(), ahead);
    assert_eq!([Ahead::Many, Ahead::Few, Ahead::None].map(due), [false, true, true]);
    run(store::merge(&fake, &slots(), &instance.active)).unwrap();
    assert_eq!(Instance::new(&fake, 1_000).count(), 20);
}

#[test]
fn with_few_pushes_left_what_is_new_is_shared_at_once_and_what_is_known_is_not() {
    let fake = Fake::new(&[]);
    let instance = Instance::new(&fake, 1_000);
    instance.push(0..10);
    fake.pass(4);
    instance.push(0..10);
    fake.pass(1);
    let due = |ahead| instance.active.borrow().is_due(fake.now(), ahead);
    assert_eq!([Ahead::Many, Ahead::Few].map(due), [false, false]);
    instance.active.borrow_mut().begin(1_000, fake.now());
    admit(&mut instance.active.borrow_mut(), 10, Basis::Certain);
    assert_eq!([Ahead::Many, Ahead::Few].map(due), [false, true]);
}

#[test]
fn what_cannot_be_read_is_replaced() {
    let fake = Fake::new(&[]);
    Instance::new(&fake, 100).push(0..10);
    let key = fake.kv.keys().into_iter().next().unwrap();
    run(cockpit_core::ports::Kv::set(&fake, &key, b"\x01damaged")).unwrap();
    let instance = Instance::new(&fake, 100);
    assert_eq!((instance.count(), instance.push(0..10)), (0, 0));
    assert_eq!(Instance::new(&fake, 100).count(), 10);
}

#[test]
fn a_failing_store_loses_no_mark() {
    let fake = Fake::new(&[]);
    let instance = Instance::new(&fake, 100);
    instance.active.borrow_mut().begin(100, fake.now());
    admit(&mut instance.active.borrow_mut(), 1, Basis::Certain);
    fake.kv.fail_after(0);
    assert!(run(store::merge(&fake, &slots(), &instance.active)).is_err());
    fake.kv.fail_after(None);
    assert!(instance.active.borrow().is_due(fake.now(), Ahead::Many));
}

#[test]
fn what_is_read_while_the_epoch_turns_is_read_again() {
    for operations in 0.. {
        let fake = Fake::new(&[]);
        Instance::new(&fake, 100).push(0..10);
        let active = RefCell::new(Active::unread(100, epoch(fake.now()), cockpit_core::ports::Random::bytes(&fake)));
        let turn = async {
            fake.pass(i64::try_from(EPOCH).unwrap());
            active.borrow_mut().begin(100, fake.now());
        };
        let Some((read, ())) = cockpit_fake::paused(store::read(&fake, &slots(), &active), operations, turn) else {
            break;
        };
        read.unwrap();
        assert_eq!((active.borrow().is_unread(), active.borrow().count()), (true, 0));
        run(store::read(&fake, &slots(), &active)).unwrap();
        assert_eq!((active.borrow().is_unread(), active.borrow().count()), (false, 10));
    }
}
