//! Sets of several parts, which are written and read one after another.

use super::super::Stored;
use super::*;
use cockpit_fake::paused;

/// Two parts, and exact up to 15,625.
const LIMIT: u64 = 500_000;

/// What an instance that first meets the sender knows of these: how many are active, and how many of them.
fn known(fake: &Fake, numbers: std::ops::Range<u64>) -> (u64, usize) {
    let instance = Instance::new(fake, LIMIT);
    let active = instance.active.borrow();
    let knows = |number| active.current.contains(number) || active.previous.contains(number);
    (active.count(), numbers.filter(|number| knows(identity(*number))).count())
}

/// An instance with marks of three epochs: many in the first and the last, which share a slot, few between them.
/// Those of the last are not in the store yet.
fn long_at_work(fake: &Fake) -> Instance<'_> {
    let epoch = i64::try_from(EPOCH).unwrap();
    let instance = Instance::new(fake, LIMIT);
    instance.push(0..200_000);
    fake.pass(epoch);
    instance.push(900_000..900_010);
    fake.pass(epoch);
    instance.begin();
    instance.judge(300_000..340_000, Basis::Certain);
    instance
}

fn mark(active: &RefCell<Active>, mut numbers: std::ops::Range<u64>) {
    assert!(numbers.all(|number| admit(&mut active.borrow_mut(), number, Basis::Certain) == Verdict::Accepted));
}

fn near(count: u64, want: u64) -> bool {
    count.abs_diff(want) * 100 <= want
}

#[test]
fn what_is_left_of_an_older_set_is_no_part_of_the_one_that_is_being_written() {
    let fake = Fake::new(&[]);
    let writer = long_at_work(&fake);
    fake.kv.die_after(1);
    assert!(run(store::merge(&fake, &slots(), &writer.active)).is_err());
    fake.kv.die_after(None);
    let (count, _) = known(&fake, 0..0);
    assert!(count <= 40_010, "{count}: of 40,010 some are known");
    assert!(known(&fake, 0..200_000).1 <= 20, "what was active half an hour ago is not");
    assert_eq!(known(&fake, 900_000..900_010).1, 10, "what was active in the epoch before is");
}

#[test]
fn whoever_comes_between_two_parts_loses_no_mark_of_the_writer_and_none_of_its_own() {
    for pause in 0..20 {
        let fake = Fake::new(&[]);
        let writer = long_at_work(&fake);
        let other = async {
            let active = RefCell::new(Active::unread(LIMIT, epoch(fake.now()), [1; 16]));
            store::read(&fake, &slots(), &active).await.unwrap();
            mark(&active, 400_000..400_100);
            store::merge(&fake, &slots(), &active).await.unwrap();
            active
        };
        let Some((merged, other)) = paused(store::merge(&fake, &slots(), &writer.active), pause, other) else {
            return;
        };
        merged.unwrap();
        fake.pass(4);
        for active in [&other, &writer.active].into_iter().filter(|one| one.borrow().is_due(fake.now(), Ahead::Many)) {
            run(store::merge(&fake, &slots(), active)).unwrap();
        }
        let (count, theirs) = known(&fake, 300_000..340_000);
        assert!(near(count, 40_110) && theirs == 40_000, "{count} and {theirs} after {pause} operations");
        assert_eq!(known(&fake, 400_000..400_100).1, 100, "after {pause} operations");
    }
}

#[test]
fn nobody_makes_another_key_for_a_sender_whose_first_parts_are_being_written() {
    let fake = Fake::new(&[]);
    let writer = Instance::new(&fake, LIMIT);
    writer.judge(0..40_000, Basis::Certain);
    fake.kv.die_after(1);
    assert!(run(store::merge(&fake, &slots(), &writer.active)).is_err());
    fake.kv.die_after(None);
    let key = |instance: &Instance| instance.active.borrow().key();
    assert_eq!(key(&Instance::new(&fake, LIMIT)), key(&writer));
}

#[test]
fn sets_of_another_size_are_no_parts_of_this_one() {
    let fake = Fake::new(&[]);
    let writer = Instance::new(&fake, LIMIT);
    writer.push(0..100_000);
    let key = writer.active.borrow().key();
    let larger = RefCell::new(Active::unread(2 * LIMIT, epoch(fake.now()), [1; 16]));
    larger.borrow_mut().read(Stored { key, current: None, previous: None }, fake.now());
    mark(&larger, 100_000..150_000);
    fake.kv.die_after(1);
    assert!(run(store::merge(&fake, &slots(), &larger)).is_err());
    fake.kv.die_after(None);
    let instance = Instance::new(&fake, LIMIT);
    assert_eq!(instance.active.borrow().key(), key);
}
