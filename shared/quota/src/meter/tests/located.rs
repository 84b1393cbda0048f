//! A gateway in several locations, before one store or before stores that learn of each other's writes late.

use super::*;
use crate::forget;
use cockpit_core::memory::Shelf;

const ALL: [&str; 3] = ["ams fra nyc", "fra ams nyc", "nyc ams fra"];

/// A location with memory of its own, and the same store.
fn location(fake: &Fake, locations: &'static str) -> Fake {
    let mut other = Fake::new(&[("quotas", "active_series=1000"), ("locations", locations)]);
    other.kv = Rc::clone(&fake.kv);
    other.micros.set(fake.micros.get());
    other.memory.replace(Shelf::default());
    other
}

/// Where the store has something of sets: those of a location, or all.
fn sets(fake: &Fake, at: &str) -> Vec<String> {
    fake.kv.keys().into_iter().filter(|key| key.starts_with("active/") && key.contains(at)).collect()
}

/// How many are active by what a new instance finds.
fn known(place: &Fake) -> u64 {
    place.forget();
    run(Meter::open(place, &permit(), Signal::Metrics)).unwrap().active()
}

#[test]
fn locations_share_what_is_active_and_none_writes_over_what_another_wrote() {
    let fake = Fake::new(&[]);
    let places = ALL.map(|all| location(&fake, all));
    for (place, start) in places.iter().zip([0, 300, 600]) {
        assert_eq!(run(push(place, start..start + 300)).unwrap(), 0);
    }
    assert_eq!((sets(&fake, "/@").len(), sets(&fake, "").len()), (3, 4), "and the key");
    let before = ["/@ams/", "/@fra/"]
        .map(|at| sets(&fake, at).into_iter().map(|key| run(fake.get(&key)).unwrap()).collect::<Vec<_>>());
    places[2].forget();
    assert_eq!(run(push(&places[2], 900..1_000)).unwrap(), 0);
    assert_eq!(run(push(&places[2], 0..950)).unwrap(), 0, "all of them are known everywhere");
    assert_eq!(run(push(&places[2], 2_000..2_010)).unwrap(), 10, "and the limit is one for all");
    let after = ["/@ams/", "/@fra/"]
        .map(|at| sets(&fake, at).into_iter().map(|key| run(fake.get(&key)).unwrap()).collect::<Vec<_>>());
    assert_eq!(before, after);
}

#[test]
fn locations_that_each_made_a_key_agree_on_one() {
    let fake = Fake::new(&[]);
    let (one, two) = (location(&fake, ALL[0]), location(&fake, ALL[1]));
    // No two have the same chance.
    cockpit_core::ports::Random::bytes(&two);
    // The second has not heard of the first yet.
    assert_eq!(run(push(&one, 0..300)).unwrap(), 0);
    let late = sets(&fake, "").into_iter().map(|key| (run(fake.get(&key)).unwrap().unwrap(), key)).collect::<Vec<_>>();
    late.iter().for_each(|(_, key)| run(fake.delete(key)).unwrap());
    assert_eq!(run(push(&two, 300..600)).unwrap(), 0);
    late.iter().for_each(|(value, key)| run(fake.set(key, value)).unwrap());
    assert_eq!(known(&one), 300, "what is under the other key means nothing here");
    for place in [&one, &two] {
        place.micros.set(fake.micros.get() + 61_000_000);
        run(push(place, 0..1)).unwrap();
        run(push(place, 300..600)).unwrap();
    }
    let key = |place: &Fake| {
        run(Meter::open(place, &permit(), Signal::Metrics)).unwrap().with_view([0; 16], |view| {
            view.begin(fake.now());
            view.key()
        })
    };
    assert_eq!(key(&one), key(&two));
    assert_eq!((known(&one), known(&two)), (600, 600));
}

#[test]
fn budgets_hold_in_all_locations_together() {
    let fake = Fake::new(&[]);
    budgets::budget(&fake, &[("a", 500)]);
    let (one, two) = (location(&fake, ALL[0]), location(&fake, ALL[1]));
    assert_eq!(run(push_with(&one, &permit(), 0..300, |_| 1)).unwrap(), 0);
    assert_eq!(run(push_with(&two, &permit(), 300..600, |_| 1)).unwrap(), 100);
}

#[test]
fn a_location_whose_clock_is_far_ahead_takes_nothing_from_the_others() {
    let fake = Fake::new(&[]);
    let (one, two) = (location(&fake, ALL[0]), location(&fake, ALL[1]));
    one.pass(1_200);
    assert_eq!(run(push(&one, 0..300)).unwrap(), 0);
    assert_eq!(run(push(&two, 300..600)).unwrap(), 0);
    assert_eq!(known(&two), 300);
}

#[test]
fn the_sets_of_all_locations_are_forgotten() {
    let fake = Fake::new(&[]);
    for (all, start) in ALL.into_iter().zip([0, 10, 20]) {
        assert_eq!(run(push(&location(&fake, all), start..start + 10)).unwrap(), 0);
    }
    assert_eq!(sets(&fake, "/@").len(), 3);
    run(forget(&fake, &location_names(ALL[1]), PROJECT, 0, 0..2)).unwrap();
    assert_eq!(sets(&fake, ""), Vec::<String>::new());
}

fn location_names(text: &'static str) -> Locations {
    run(Locations::read(&Fake::new(&[("locations", text)]))).unwrap()
}
