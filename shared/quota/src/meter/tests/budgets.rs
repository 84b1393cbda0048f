use super::*;
use crate::{Numbered, Plan};

/// Gives the project a budget of so many series for each of these teams.
fn budget(fake: &Fake, budgets: &[(&str, u64)]) {
    let budgets = (0..).zip(budgets).map(|(number, (team, series))| {
        let selector = Selector::new([("team".to_owned(), (*team).to_owned())]).unwrap();
        Numbered { number, budget: Budget { selector, active_series: Some(*series), active_streams: None } }
    });
    run(settings::save(fake, PROJECT, 0, &Settings::new(Plan::standard(), budgets.collect()))).unwrap();
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
fn the_refusal_names_the_budget_and_what_it_has() {
    let fake = Fake::new(&[]);
    budget(&fake, &[("a", 5)]);
    push_marked(&fake, 1, 0..5);
    let meter = run(Meter::open(&fake, &permit(), Signal::Metrics)).unwrap();
    assert_eq!(meter.watched(), [("team".to_owned(), "a".to_owned())]);
    assert!(!meter.admit(identity(9), 1) && meter.is_over_budget());
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
fn lose_key(fake: &Fake) {
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
    let shown = run(async { Meter::peek(&fake, &permit(), Signal::Metrics).await?.usage().await }).unwrap();
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
