use super::*;
use crate::{Numbered, Plan};

/// Gives the project a budget of so many series for each of these teams.
pub(super) fn budget(fake: &Fake, budgets: &[(&str, u64)]) {
    budget_of(fake, PROJECT, budgets);
}

fn budget_of(fake: &Fake, project: ProjectId, budgets: &[(&str, u64)]) {
    let budgets = (0..).zip(budgets).map(|(number, (team, series))| {
        let selector = Selector::new([("team".to_owned(), (*team).to_owned())]).unwrap();
        Numbered { number, budget: Budget { selector, active_series: Some(*series), active_streams: None } }
    });
    run(settings::save(fake, project, 0, &Settings::new(Plan::standard(), budgets.collect()))).unwrap();
}

/// Pushes series that carry the labels of these bits.
fn push_marked(fake: &Fake, marks: u64, series: std::ops::Range<u64>) -> u64 {
    run(push_with(fake, &permit(), series, |_| marks)).unwrap()
}

#[test]
fn a_budget_limits_the_series_that_it_is_for_and_no_others() {
    let fake = Fake::new(&[("quotas", "active_series=1000")]);
    budget(&fake, &[("a", 50)]);
    assert_eq!(push_marked(&fake, 1, 0..60), 10);
    assert_eq!(push_marked(&fake, 0, 100..200), 0);
    assert_eq!(push_marked(&fake, 1, 0..50), 0, "what is active is not refused");
    fake.forget();
    assert_eq!((push_marked(&fake, 1, 0..50), push_marked(&fake, 1, 300..400)), (0, 100));
    let total = used(&fake);
    assert_eq!((total.cut, total.cut_budget), (0, 110));
}

#[test]
fn a_series_that_several_budgets_are_for_must_find_room_in_all_and_counts_in_none_if_it_does_not() {
    let fake = Fake::new(&[("quotas", "active_series=100")]);
    budget(&fake, &[("a", 50), ("b", 20)]);
    assert_eq!(push_marked(&fake, 0b11, 0..60), 40);
    assert_eq!(push_marked(&fake, 0b01, 100..140), 10, "twenty of both took as many places of the first");
    assert_eq!(push_marked(&fake, 0b10, 200..210), 10);
    assert_eq!(push_marked(&fake, 0, 300..360), 10, "fifty are active, and the Cockpit has a hundred places");
}

#[test]
fn a_push_that_was_begun_under_other_budgets_counts_for_none_that_it_does_not_know() {
    let fake = Fake::new(&[]);
    budget(&fake, &[("a", 50), ("b", 20)]);
    assert_eq!(push_marked(&fake, 0b11, 0..10), 0);
    let begun = run(Meter::open(&fake, &permit(), Signal::Metrics)).unwrap();
    let selector = Selector::new([("team".to_owned(), "b".to_owned())]).unwrap();
    let other = Numbered { number: 1, budget: Budget { selector, active_series: Some(20), active_streams: None } };
    run(settings::save(&fake, PROJECT, 0, &Settings::new(Plan::standard(), vec![other]))).unwrap();
    fake.pass(20);
    assert_eq!(push_marked(&fake, 0b1, 0..10), 0);
    assert_eq!(push_marked(&fake, 0b1, 0..10), 0, "of the budget that is left");
    let cut = run(judge(&begun, 100..160, |_| 0b01)).unwrap();
    run(begun.pay(60)).unwrap();
    assert_eq!((cut, push_marked(&fake, 0b1, 200..220)), (20, 10));
}

#[test]
fn the_refusal_names_the_budget_and_what_it_has() {
    let fake = Fake::new(&[]);
    budget(&fake, &[("a", 5)]);
    push_marked(&fake, 1, 0..5);
    let meter = run(Meter::open(&fake, &permit(), Signal::Metrics)).unwrap();
    assert_eq!(meter.watched(), [("team".to_owned(), "a".to_owned())]);
    assert_eq!(run(judge(&meter, 9..10, |_| 1)).unwrap(), 1);
    assert!(meter.is_over_budget());
    assert_eq!(meter.excess(), r#"the budget {team="a"} has 5 of 5"#);
    let full = meter.full();
    assert_eq!((&*full.owner, full.limit, full.current), (r#"budget {team="a"}"#, 5, 5));
}

#[test]
fn a_sender_pays_for_budgets_only_once_it_sends_what_they_are_for() {
    let fake = Fake::new(&[]);
    let cost = |fake: &Fake, marks| {
        fake.forget();
        fake.kv.take_operations();
        push_marked(fake, marks, 0..50);
        fake.kv.take_operations()
    };
    budget(&fake, &[("a", 50), ("b", 50), ("c", 50)]);
    push_marked(&fake, 0b111, 0..50);
    let none = cost(&fake, 0);
    let one = cost(&fake, 0b001);
    assert_eq!((one.reads - none.reads, one.writes - none.writes), (2, 0), "its two epochs");
    fake.kv.take_operations();
    push_marked(&fake, 0b001, 0..50);
    assert_eq!(fake.kv.take_operations().reads, 0);
}

#[test]
fn a_budget_that_is_set_later_counts_what_it_sees_and_one_that_is_removed_limits_nothing() {
    let fake = Fake::new(&[]);
    assert_eq!(push_marked(&fake, 0, 0..100), 0);
    budget(&fake, &[("a", 60)]);
    fake.pass(20);
    push_marked(&fake, 0, 0..1);
    assert_eq!(push_marked(&fake, 1, 0..100), 40);
    run(settings::save(&fake, PROJECT, 0, &Settings::default())).unwrap();
    fake.pass(20);
    push_marked(&fake, 0, 0..1);
    assert_eq!(push_marked(&fake, 1, 0..100), 0);
}

/// Removes the project's own set, and with it the key that all identities are hashed with.
pub(super) fn lose_key(fake: &Fake) {
    let whole = format!("active/{}/", Signal::Metrics.sender(PROJECT, 0));
    for key in fake.kv.keys().into_iter().filter(|key| key.starts_with(&whole) && !key.contains("/b")) {
        run(fake.delete(&key)).unwrap();
    }
}

#[test]
fn what_was_counted_under_another_key_counts_for_nothing() {
    let fake = Fake::new(&[]);
    budget(&fake, &[("a", 100)]);
    push_marked(&fake, 1, 0..60);
    lose_key(&fake);
    fake.forget();
    assert_eq!(push_marked(&fake, 1, 100..150), 0, "identities are others now, and so is the key");
    fake.forget();
    assert_eq!(push_marked(&fake, 1, 200..300), 50, "only what came since counts, and that does");
}

#[test]
fn an_instance_that_learns_of_another_key_forgets_what_it_counted_under_the_old_one() {
    let fake = Fake::new(&[]);
    budget(&fake, &[("a", 100)]);
    push_marked(&fake, 1, 0..100);
    lose_key(&fake);
    let one = fake.memory.take();
    push_marked(&fake, 0, 1_000..1_001);
    fake.memory.replace(one);
    fake.pass(61);
    push_marked(&fake, 0, 1_000..1_001);
    assert_eq!(push_marked(&fake, 1, 200..260), 0);
}

#[test]
fn what_was_counted_under_another_key_is_told_to_nobody() {
    let fake = Fake::new(&[]);
    budget(&fake, &[("a", 100)]);
    push_marked(&fake, 1, 0..90);
    lose_key(&fake);
    let one = fake.memory.take();
    push_marked(&fake, 1, 1_000..1_050);
    fake.memory.replace(one);
    fake.pass(61);
    push_marked(&fake, 0, 2_000..2_001);
    fake.forget();
    assert_eq!(push_marked(&fake, 1, 200..260), 10, "there are fifty");
}

#[test]
fn a_push_that_learns_of_another_key_is_judged_anew_by_what_was_counted_under_it() {
    let fake = Fake::new(&[("quotas", "active_series=200")]);
    budget(&fake, &[("a", 100)]);
    push_marked(&fake, 1, 0..100);
    lose_key(&fake);
    let one = fake.memory.take();
    push_marked(&fake, 1, 1_000..1_050);
    fake.memory.replace(one);
    fake.pass(4);
    assert_eq!(push_marked(&fake, 1, 200..260), 10);
}

#[test]
fn instances_share_a_budget() {
    let fake = Fake::new(&[]);
    budget(&fake, &[("a", 100)]);
    let (one, two) = (fake.memory.take(), cockpit_core::memory::Shelf::default());
    fake.memory.replace(one);
    push_marked(&fake, 1, 0..60);
    let one = fake.memory.replace(two);
    assert_eq!(push_marked(&fake, 1, 60..110), 10);
    fake.pass(4);
    fake.memory.replace(one);
    assert_eq!(push_marked(&fake, 1, 200..220), 20, "the first has learnt what the second let in");
    assert_eq!(push_marked(&fake, 1, 60..100), 0);
}

#[test]
fn budgets_that_cannot_be_read_let_series_in_or_not_as_the_operator_says() {
    for (rule, admitted) in [("open", true), ("closed", false)] {
        let fake = Fake::new(&[("active_on_failure", rule)]);
        budget(&fake, &[("a", 5)]);
        push_marked(&fake, 0, 0..1);
        fake.kv.fail_after(0);
        let pushed = run(push_with(&fake, &permit(), 0..10, |_| 1));
        assert_eq!(pushed.is_ok(), admitted, "{pushed:?}");
        assert!(!admitted || pushed.unwrap() == 0);
    }
}

#[test]
fn explain_shows_how_much_of_each_budget_is_used() {
    let fake = Fake::new(&[]);
    budget(&fake, &[("a", 50), ("b", 20)]);
    push_marked(&fake, 1, 0..30);
    fake.forget();
    let shown = run(async { Meter::open(&fake, &permit(), Signal::Metrics).await?.usage().await }).unwrap();
    let shown: Vec<_> = shown.iter().map(|used| (&*used.owner, used.what, used.used, used.limit)).collect();
    assert_eq!(
        shown[2..],
        [
            ("cockpit", "active series", 30, 250_000),
            (r#"budget {team="a"}"#, "active series", 30, 50),
            (r#"budget {team="b"}"#, "active series", 0, 20),
        ]
    );
    assert_eq!((shown[0].0, shown[0].1, shown[1].1), ("cockpit", "samples", "pushes"));
}

/// What explain shows of budgets: how much is used, of how much.
fn shown(fake: &Fake) -> Vec<(u64, u64)> {
    let shown = run(async { Meter::open(fake, &permit(), Signal::Metrics).await?.usage().await }).unwrap();
    shown.iter().filter(|used| used.owner.starts_with("budget")).map(|used| (used.used, used.limit)).collect()
}

/// The bytes that the project's sets take in memory between two pushes, all of them and its Cockpit's.
fn remembered(fake: &Fake) -> (usize, usize) {
    let sets = cockpit_core::ports::Memory::recall::<Entries>(fake).sets(&Signal::Metrics.sender(PROJECT, 0)).unwrap();
    let group = sets.borrow();
    let whole = group.whole().borrow().bytes();
    (whole + group.bytes_of_parts(), whole)
}

#[test]
fn a_budget_beyond_the_cockpits_limit_is_kept_and_weighed_as_one_at_that_limit() {
    let fake = Fake::new(&[("quotas", "active_series=20000")]);
    budget(&fake, &[("a", 4_000_000), ("b", 100)]);
    push_marked(&fake, 1, 0..10_000);
    assert_eq!(push_marked(&fake, 1, 0..10_000), 0);
    let (all, whole) = remembered(&fake);
    assert!(all < 2 * whole + 1_000, "{all} bytes, where the Cockpit's own take {whole}");
    assert_eq!(shown(&fake).iter().map(|(_, limit)| *limit).collect::<Vec<_>>(), [20_000, 100]);
    fake.variables.borrow_mut().insert("quotas", "active_series=40000".into());
    assert_eq!(shown(&fake)[0].1, 40_000, "what was chosen stays as it was written");
}

/// A project with twenty budgets whose sets take 1.8 megabytes each, and whose labels all of these series carry.
fn with_large_budgets(series: u64) -> Fake {
    let fake = Fake::new(&[("quotas", "active_series=1000000")]);
    let teams = (0..20).map(|number| number.to_string()).collect::<Vec<_>>();
    budget(&fake, &teams.iter().map(|team| (&**team, 1_000_000)).collect::<Vec<_>>());
    for start in (0..series).step_by(20_000) {
        assert_eq!(push_marked(&fake, u64::MAX, start..start + 20_000), 0);
    }
    fake
}

#[test]
fn sets_of_budgets_take_no_more_than_they_may_between_pushes_and_forget_nothing() {
    let fake = with_large_budgets(40_000);
    let within = |what: &str| {
        let (all, whole) = remembered(&fake);
        assert!(
            all - whole <= 8 << 20 && all > whole + (4 << 20),
            "{what}: {all} bytes, {whole} of them the Cockpit's"
        );
    };
    within("twenty sets of 1.8 megabytes");
    assert!(shown(&fake).iter().all(|(used, _)| used.abs_diff(40_000) < 400), "{:?}", shown(&fake));
    within("after a look at all");
    let meter = run(Meter::open(&fake, &permit(), Signal::Metrics)).unwrap();
    assert_eq!(run(judge(&meter, 0..20_000, |_| u64::MAX)).unwrap(), 0);
    push_marked(&fake, 1, 0..10);
    assert!(remembered(&fake).0 > 30 << 20, "while a push is judged, those it meets are there");
    drop(meter);
    within("after a push that was not paid for");
}

#[test]
fn what_a_push_marked_that_was_dropped_before_its_end_is_told_by_the_next() {
    let fake = with_large_budgets(20_000);
    let meter = run(Meter::open(&fake, &permit(), Signal::Metrics)).unwrap();
    assert_eq!(run(judge(&meter, 20_000..30_000, |_| u64::MAX)).unwrap(), 0);
    run(meter.pay(10_000)).unwrap();
    drop(meter);
    push_marked(&fake, 1, 0..10);
    fake.forget();
    assert!(shown(&fake).iter().all(|(used, _)| used.abs_diff(30_000) < 400), "{:?}", shown(&fake));
}

#[test]
fn of_the_sets_of_budgets_those_are_kept_that_were_met_last() {
    let fake = with_large_budgets(40_000);
    let reads = |team: u64| {
        fake.kv.take_operations();
        push_marked(&fake, 1 << team, 0..10);
        fake.kv.take_operations().reads
    };
    assert!(reads(3) > 0 && reads(3) == 0);
    for team in [10, 11, 12] {
        reads(team);
        assert_eq!(reads(3), 0);
    }
}

#[test]
fn what_a_push_needs_is_not_dropped_by_one_that_ends_meanwhile() {
    for operations in [3, 12, 24, 36, 40, 57] {
        let fake = with_large_budgets(40_000);
        let permit = permit();
        let first = push_with(&fake, &permit, 40_000..44_000, |_| u64::MAX);
        let second = push_with(&fake, &permit, 0..10, |_| 1);
        let (first, second) = cockpit_fake::paused(first, operations, second).unwrap();
        assert_eq!((first.unwrap(), second.unwrap()), (0, 0));
        let shown = shown(&fake);
        assert!(shown.iter().all(|(used, _)| used.abs_diff(44_000) < 400), "after {operations} operations: {shown:?}");
    }
}

#[test]
fn a_sender_that_chose_long_selectors_weighs_as_much_as_they_do() {
    let fake = Fake::new(&[]);
    let teams: Vec<_> = (0..20_u64).map(|number| (format!("{number:0>1020}"), 10)).collect();
    let push_of = |project: u128| {
        let project = ProjectId::from_bytes(project.to_be_bytes());
        let chosen = teams.iter().map(|(team, series)| (&**team, *series)).collect::<Vec<_>>();
        budget_of(&fake, project, &chosen);
        run(push_with(&fake, &permit_of(project), 0..1, |_| 0)).unwrap();
        Signal::Metrics.sender(project, 0)
    };
    let first = push_of(1);
    (2..230).for_each(|project| drop(push_of(project)));
    let entries = cockpit_core::ports::Memory::recall::<Entries>(&fake);
    assert!(entries.of(&first).chosen().is_some(), "two hundred and some are nine megabytes");
    (230..500).for_each(|project| drop(push_of(project)));
    assert!(entries.of(&first).chosen().is_none());
}
