//! The tables of the documentation: their scenarios, and the figures that are shown of each.

use crate::{
    host::Reuse,
    outcome::Outcome,
    scenario::{Pace, Scenario, Traffic},
    store::Plan,
    world::{MILLI, SECOND},
};

/// A table.
pub(crate) struct Table {
    title: &'static str,
    columns: &'static [Column],
    rows: fn() -> Vec<Row>,
}

/// One line of it.
pub(crate) type Row = (&'static str, Scenario);

/// One figure.
struct Column {
    title: &'static str,
    show: fn(&Outcome) -> String,
}

/// All of them.
pub(crate) const TABLES: &[Table] = &[
    Table { title: "Rates", columns: RATES, rows: rates },
    Table { title: "Rates where something is wrong", columns: RATES, rows: faults },
    Table { title: "Active series", columns: ACTIVE, rows: active },
];

const RATES: &[Column] = &[
    Column { title: "writes", show: |outcome| format!("{:.4}", outcome.writes) },
    Column { title: "reads", show: |outcome| format!("{:.2}", outcome.reads) },
    Column { title: "too much let in", show: |outcome| format!("{:.1} %", 100.0 * outcome.beyond) },
    Column { title: "too little", show: |outcome| percent(outcome.lost) },
    Column { title: "in the worst window", show: |outcome| percent(outcome.lost_worst) },
    Column { title: "counted too much", show: |outcome| percent(outcome.overcounted) },
];

const ACTIVE: &[Column] = &[
    Column { title: "active at most", show: |outcome| percent(outcome.active) },
    Column { title: "count off by", show: |outcome| format!("{:.2} %", 100.0 * outcome.miscounted) },
    Column { title: "new ones let in at the limit", show: |outcome| format!("{:.2} %", 100.0 * outcome.slipped) },
    Column { title: "active ones refused", show: |outcome| outcome.old_refused.to_string() },
    Column { title: "reads", show: |outcome| format!("{:.2}", outcome.reads) },
    Column { title: "writes for sets", show: |outcome| format!("{:.4}", outcome.writes_for_sets) },
];

fn percent(part: f64) -> String {
    format!("{:.1} %", 100.0 * part)
}

impl Table {
    /// Runs its scenarios, and prints it as Markdown.
    pub(crate) fn print(&self) {
        let titles: Vec<_> = self.columns.iter().map(|column| column.title).collect();
        println!("\n{}\n\n| | {} |\n|---|{}", self.title, titles.join(" | "), "---|".repeat(titles.len()));
        for (name, scenario) in (self.rows)() {
            let outcome = scenario.run();
            let figures: Vec<_> = self.columns.iter().map(|column| (column.show)(&outcome)).collect();
            println!("| {name} | {} |", figures.join(" | "));
        }
    }
}

/// One tenant's pushes, come by chance, five minutes after one minute.
pub(crate) fn busy(nodes: usize, rate: f64, units: u64) -> Scenario {
    let traffic =
        Traffic { tenants: 1, pace: Pace::Random(rate), units, mixed: false, series: 0, fresh: 0, early: false };
    Scenario { nodes, traffic, seconds: 360, ..Scenario::ONE }
}

fn long(scenario: Scenario) -> Scenario {
    Scenario { reuse: Reuse::LONG, ..scenario }
}

pub(crate) fn of(tenants: u64, scenario: Scenario) -> Scenario {
    Scenario { traffic: Traffic { tenants, ..scenario.traffic }, ..scenario }
}

/// Pushes of anything from one sample to twice as many as it would be.
fn mixed(scenario: Scenario) -> Scenario {
    Scenario { traffic: Traffic { mixed: true, units: 2 * scenario.traffic.units, ..scenario.traffic }, ..scenario }
}

fn bursts(many: u64, scenario: Scenario) -> Scenario {
    Scenario { traffic: Traffic { pace: Pace::Bursts(many, 5 * SECOND), ..scenario.traffic }, ..scenario }
}

/// A limit of 20,000 pushes a second, for more nodes than the default would keep busy.
fn raised(scenario: Scenario) -> Scenario {
    Scenario { quotas: "metrics_requests_per_second=20000 samples_per_second=200000", ..scenario }
}

fn rates() -> Vec<Row> {
    vec![
        ("1 node, 900 pushes/s", busy(1, 900.0, 10)),
        ("1 node, 250/s", busy(1, 250.0, 20)),
        ("1 node, 50/s", busy(1, 50.0, 100)),
        ("1 node, 50/s of 1 to 200 samples", mixed(busy(1, 50.0, 100))),
        ("1 node, 10/s", busy(1, 10.0, 200)),
        ("1 node, 10/s, long-lived", long(busy(1, 10.0, 200))),
        ("1 node, 5/s of 2,000 samples: the limit", busy(1, 5.0, 2_000)),
        ("1 node, 5/s of 2,000, long-lived", long(busy(1, 5.0, 2_000))),
        ("1 node, 2/s", busy(1, 2.0, 200)),
        ("1 node, 2/s, long-lived", long(busy(1, 2.0, 200))),
        ("1 node, 50 at once every 5 s", bursts(50, busy(1, 1.0, 200))),
        ("1 node, 2,000/s: twice the limit", busy(1, 2_000.0, 8)),
        ("10 nodes, 900/s", busy(10, 900.0, 10)),
        ("10 nodes, 50/s", busy(10, 50.0, 100)),
        ("10 nodes, 50/s, long-lived", long(busy(10, 50.0, 100))),
        ("10 nodes, 2,000/s: twice the limit", busy(10, 2_000.0, 8)),
        ("10 nodes, 20/s of 2,000 samples: four times the limit", busy(10, 20.0, 2_000)),
        ("1,000 nodes, 18,000/s of 20,000", raised(Scenario { seconds: 120, ..busy(1_000, 18_000.0, 8) })),
        ("1,000 nodes, 40,000/s: twice the limit", raised(Scenario { seconds: 120, ..busy(1_000, 40_000.0, 8) })),
        ("1,000 nodes, 1,000/s: the limit", busy(1_000, 1_000.0, 8)),
        ("1,000 nodes, 1,000/s, long-lived", long(busy(1_000, 1_000.0, 8))),
        ("1 node, 100 tenants, 200/s", of(100, busy(1, 200.0, 200))),
        ("1 node, 100 tenants, 200/s, long-lived", long(of(100, busy(1, 200.0, 200)))),
        ("100 nodes, a million tenants, 30,000/s", million()),
        ("the same, long-lived", long(million())),
    ]
}

/// Each pushes about every half minute.
fn million() -> Scenario {
    of(1_000_000, Scenario { warm: 60, seconds: 120, ..busy(100, 30_000.0, 200) })
}

/// Ten locations with ten nodes, which learn of each other's writes after a second on average.
pub(crate) const TEN: Plan = Plan { places: 10, lag: SECOND, near: MILLI / 2, far: 80 * MILLI, apart: false, fails: 0 };

fn faults() -> Vec<Row> {
    let twice = busy(10, 2_000.0, 8);
    vec![
        ("10 nodes at twice the limit", twice),
        ("clocks up to 5 s off", Scenario { skew: 5 * SECOND, ..twice }),
        ("one push in 1,000 crashes its instance", Scenario { crash: 1_000, ..twice }),
        ("one operation in 20 fails; rates stay open", Scenario { store: Plan { fails: 20, ..Plan::ONE }, ..twice }),
        ("10 locations, counters in one of them", Scenario { store: TEN, ..twice }),
        ("10 locations, each with counters of its own", Scenario { store: Plan { apart: true, ..TEN }, ..twice }),
    ]
}

/// So many series are sent again and again, 20 pushes a second, and so many of each push are new.
pub(crate) fn full(nodes: usize, series: u64, fresh: u64) -> Scenario {
    let traffic =
        Traffic { tenants: 1, pace: Pace::Random(20.0), units: 400, mixed: false, series, fresh, early: false };
    Scenario { nodes, traffic, quotas: "active_series=20000", seconds: 1_500, warm: 660, ..Scenario::ONE }
}

fn active() -> Vec<Row> {
    let large = Traffic {
        tenants: 1,
        pace: Pace::Random(5.0),
        units: 2_000,
        mixed: false,
        series: 250_000,
        fresh: 0,
        early: false,
    };
    let large = Scenario { traffic: large, quotas: "samples_per_second=20000", ..full(1, 0, 0) };
    let more = Scenario { traffic: Traffic { series: 350_000, ..large.traffic }, ..large };
    vec![
        ("1 node, 250,000 series of 250,000", large),
        ("1 node, 350,000 of 250,000", more),
        ("10 nodes, 350,000 of 250,000", Scenario { nodes: 10, ..more }),
        ("1 node, 20,000 of 20,000", full(1, 20_000, 0)),
        ("10 nodes, 30,000 of 20,000", full(10, 30_000, 0)),
        ("10 nodes, 30,000 of 20,000, long-lived", long(full(10, 30_000, 0))),
        ("100 nodes, 30,000 of 20,000", full(100, 30_000, 0)),
        ("1 node, 15,000, and 400 new ones a second", full(1, 15_000, 20)),
        ("10 nodes, 15,000, and 400 new ones a second", full(10, 15_000, 20)),
        ("10 locations, 20,000 of 20,000", Scenario { store: TEN, ..full(10, 20_000, 0) }),
        ("10 locations, 30,000 of 20,000", Scenario { store: TEN, ..full(10, 30_000, 0) }),
        ("the same, of a sender that was there before", early(Scenario { store: TEN, ..full(10, 30_000, 0) })),
        ("1,000 nodes, 30,000 of 20,000, 400 pushes/s", crowd()),
        ("the same, of a sender that was there before", early(crowd())),
    ]
}

fn crowd() -> Scenario {
    let full = full(1_000, 30_000, 0);
    let traffic = Traffic { pace: Pace::Random(400.0), units: 20, ..full.traffic };
    Scenario { traffic, seconds: 960, ..full }
}

fn early(scenario: Scenario) -> Scenario {
    Scenario { traffic: Traffic { early: true, ..scenario.traffic }, ..scenario }
}
