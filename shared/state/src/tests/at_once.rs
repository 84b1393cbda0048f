//! Creations at once.

use super::*;
use cockpit_fake::begin;

/// Two creations at once, one of them so many operations of the store ahead.
fn two<A>(ahead: usize, one: impl Future<Output = A>, two: impl Future<Output = A>) -> [A; 2] {
    let mut one = std::pin::pin!(one);
    (0..ahead).for_each(|_| begin(&mut one, 0));
    let (one, two) = run(both(one, two));
    [one, two]
}

#[test]
fn of_two_creations_of_the_same_one_is_done_or_to_be_sent_again() {
    for ahead in 0..8 {
        let fake = active();
        let cockpit = cockpit(&fake);
        let make = || contact_points::create(&fake, PROJECT, &cockpit, "a@b.example".into());
        let told = two(ahead, make(), make()).map(Result::unwrap);
        let is_there = run(contact_points::list(&fake, PROJECT, &cockpit)).unwrap().len() == 1;
        assert_eq!(told.iter().any(|told| matches!(told, Creation::Done(_))), is_there, "{ahead}: {told:?}");
        assert!(is_there || told.contains(&Creation::GaveWay), "{ahead}: {told:?}");
    }
}

#[test]
fn of_two_creations_for_the_last_place_one_is_done_or_to_be_sent_again() {
    for ahead in 0..8 {
        let fake = active();
        let cockpit = cockpit(&fake);
        let make = |name: &str| contact_points::create(&fake, PROJECT, &cockpit, format!("{name}@b.example"));
        for number in 1..contact_points::MOST {
            run(make(&number.to_string())).unwrap().done().unwrap();
        }
        let told = two(ahead, make("one"), make("two")).map(Result::unwrap);
        let is_full = run(contact_points::list(&fake, PROJECT, &cockpit)).unwrap().len() == contact_points::MOST;
        assert!(is_full || told.contains(&Creation::GaveWay), "{ahead}: {told:?}");
        assert!(is_full || run(make("again")).unwrap().done().is_some());
    }
}

#[test]
fn of_two_budgets_for_the_last_place_one_is_set_or_to_be_sent_again() {
    for ahead in 0..30 {
        let fake = active();
        for number in 1..budgets::MOST {
            run(budget(&fake, &number.to_string(), 1)).unwrap().done().unwrap();
        }
        let told = two(ahead, budget(&fake, "one", 1), budget(&fake, "two", 1));
        let is_full = run(budgets::list(&fake, PROJECT, &cockpit(&fake))).unwrap().len() == budgets::MOST;
        assert!(is_full || told.iter().any(Result::is_err), "{ahead}: {told:?}");
    }
}
