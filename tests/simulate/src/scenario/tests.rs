use super::{Pace, Scenario, Traffic};
use crate::{
    host::Reuse,
    store::Plan,
    tables::{TEN, busy, full},
    world::SECOND,
};

/// The same for a minute.
fn brief(scenario: Scenario) -> Scenario {
    Scenario { warm: 20, seconds: 80, ..scenario }
}

#[test]
fn no_window_lets_in_more_than_its_budget_whatever_goes_wrong() {
    let twice = brief(busy(10, 2_000.0, 8));
    for (what, scenario) in [
        ("one node", brief(busy(1, 2_000.0, 8))),
        ("ten nodes", twice),
        ("few and large pushes", brief(busy(10, 20.0, 2_000))),
        ("clocks that are off", Scenario { skew: 5 * SECOND, ..twice }),
        ("instances that crash", Scenario { crash: 100, ..twice }),
        ("instances that live long", Scenario { reuse: Reuse::LONG, ..twice }),
        ("ten locations", Scenario { store: TEN, ..twice }),
        ("ten locations and all of that", Scenario { store: TEN, skew: 5 * SECOND, crash: 100, ..twice }),
    ] {
        for seed in 1..4 {
            let outcome = Scenario { seed, ..scenario }.run();
            assert_eq!(outcome.beyond, 0.0, "{what}, seed {seed}");
            assert!(outcome.overcounted >= 0.0, "{what}, seed {seed}: {outcome:?}");
        }
    }
}

#[test]
fn what_dropped_instances_take_with_them_is_little() {
    for (scenario, average, worst) in [
        (busy(1, 2_000.0, 8), 0.01, 0.02),
        (busy(10, 2_000.0, 8), 0.01, 0.02),
        (busy(10, 20.0, 2_000), 0.15, 0.3),
        (Scenario { crash: 1_000, ..busy(10, 2_000.0, 8) }, 0.06, 0.1),
        (Scenario { store: TEN, ..busy(10, 2_000.0, 8) }, 0.06, 0.1),
    ] {
        let outcome = brief(scenario).run();
        assert!(outcome.lost <= average && outcome.lost_worst <= worst, "{outcome:?}");
    }
}

#[test]
fn counters_that_each_location_keeps_for_itself_bound_what_each_lets_in() {
    let outcome = Scenario { store: Plan { apart: true, ..TEN }, ..brief(busy(10, 20_000.0, 8)) }.run();
    assert!(outcome.beyond > 5.0 && outcome.beyond <= 9.0, "nine locations let in as much again: {outcome:?}");
}

#[test]
fn a_push_costs_at_most_a_read_and_a_fiftieth_of_a_write_under_load() {
    for (scenario, writes) in [
        (busy(1, 900.0, 10), 0.0205),
        (busy(1, 250.0, 20), 0.0205),
        (busy(1, 50.0, 100), 0.03),
        (Scenario { reuse: Reuse::LONG, ..busy(1, 50.0, 100) }, 0.01),
        (Scenario { reuse: Reuse::LONG, ..busy(1, 10.0, 200) }, 0.03),
    ] {
        let traffic = Traffic { series: 20_000, ..scenario.traffic };
        // The epoch's first minute is over, in which each series is marked once.
        let outcome = Scenario { traffic, warm: 120, seconds: 420, ..scenario }.run();
        assert!(outcome.writes <= writes && outcome.reads <= 1.0, "{outcome:?}");
    }
}

#[test]
fn at_the_limit_new_series_are_refused_and_active_ones_are_not() {
    let large = Traffic {
        tenants: 1,
        pace: Pace::Random(5.0),
        units: 2_000,
        mixed: false,
        series: 350_000,
        fresh: 0,
        early: false,
    };
    for (what, scenario, off, lost) in [
        ("one node", full(1, 30_000, 0), 0.01, 0),
        ("exactly full", full(1, 20_000, 0), 0.01, 0),
        ("ten nodes", full(10, 30_000, 0), 0.01, 0),
        // One in a thousand is taken for known, and never counted: in a quarter of an hour 360,000 are tried.
        ("new ones all the time", full(1, 15_000, 20), 0.03, 0),
        // A mark may be overwritten before its instance has looked again, and the next scrape finds no room: of 7 million.
        ("ten locations, exactly full", Scenario { store: TEN, ..full(10, 20_000, 0) }, 0.01, 20),
        (
            "a quarter million",
            Scenario { traffic: large, quotas: "samples_per_second=20000", ..full(1, 0, 0) },
            0.01,
            0,
        ),
    ] {
        let outcome = Scenario { seconds: 900, ..scenario }.run();
        assert!(outcome.old_refused <= lost, "{what}: {outcome:?}");
        assert!(outcome.slipped <= 0.01 && outcome.miscounted.abs() <= off, "{what}: {outcome:?}");
    }
}
