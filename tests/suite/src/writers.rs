//! Eight writers at once for a minute, on stores as they are deployed: what they were let send, held against the limits.
//!
//! Each writer is a thread with a connection of its own, in which one instance of the push function follows another. The
//! quota code is the real one, the clock is the machine's. Chance is the same in every run; who is faster is not.

mod instance;

use crate::{e2e::fresh_folder, redis::Redis, store::Port};
use cockpit_core::{
    Permit, Principal, ProjectId, Scope, Timestamp, TokenGrant,
    ports::{Clock, Kv},
    routes::{Lookup, lookup},
};
use cockpit_fake::run;
use cockpit_quota::{
    Amount, Limits, Meter, Settings, Signal,
    usage::{self, Reason},
};
use cockpit_runtime::kv::Sqlite;
use http::Method;
use instance::Instance;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, SystemTime},
};

const WRITERS: u64 = 8;

/// In microseconds.
const MINUTE: i64 = 60_000_000;

/// Pushes that an instance serves in Spin unless it is told otherwise.
const REUSE: u64 = 128;

/// Series in a push.
const BATCH: u64 = 20;

/// How long the backend takes.
const BACKEND: Duration = Duration::from_millis(2);

/// Limits that a part of the windows stay below, and series that are too many in the end.
const QUOTAS: &str = "samples_per_second=40000 metrics_requests_per_second=1000 active_series=20000";

const PROJECT: ProjectId = ProjectId::from_bytes([7; 16]);

/// By when everybody knows what somebody let in, in microseconds.
const LAG: i64 = 10_000_000;

/// What is known of everything that was sent.
#[derive(Debug, Default)]
struct Ledger {
    windows: BTreeMap<u64, Window>,
    /// Which series were let in, and when for the first time.
    series: HashMap<u64, i64>,
    /// New series that were refused, and such as had been let in lately; each time counts.
    refused: [u64; 2],
    /// Which were refused that had been let in before that.
    lost: HashSet<u64>,
    pushes: u64,
    reads: u64,
    writes: u64,
}

/// What became of a window's budget.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    offered: Amount,
    admitted: Amount,
    leased: Amount,
}

type Shared = Mutex<Ledger>;

fn with<T>(ledger: &Shared, then: impl FnOnce(&mut Ledger) -> T) -> T {
    then(&mut ledger.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Ledger {
    fn window(&mut self, start: u64) -> &mut Window {
        self.windows.entry(start).or_default()
    }

    /// Notes what became of a series of a push that began at this moment.
    fn judge(&mut self, series: u64, admitted: bool, began: i64) {
        match (self.series.get(&series), admitted) {
            (None, true) => drop(self.series.insert(series, now().micros())),
            (Some(_), true) => {}
            (None, false) => self.refused[0] += 1,
            (Some(first), false) if *first > began - LAG => self.refused[1] += 1,
            (Some(_), false) => drop(self.lost.insert(series)),
        }
    }
}

fn limits() -> Limits {
    Settings::default().plan().limits.with(QUOTAS).unwrap()
}

fn permit() -> Permit {
    let Lookup::Found(found) = lookup(&Method::POST, "", "/api/v1/push") else { panic!("there is such a row") };
    let grant = TokenGrant::new(PROJECT, [Scope::WriteMetrics].into_iter().collect());
    Permit::grant(Principal::Token(grant), found.route).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "real stores take real time")]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
}

/// A number as good as random, from others.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Writes through one connection until it is time to stop: by turns more than is allowed and less.
fn write(kv: impl Kv, writer: u64, begins: i64, ledger: &Shared) {
    let mut instance = Instance::new(kv, ledger, writer);
    for push in 0.. {
        let started = now();
        let gone = started.micros() - begins;
        if gone > MINUTE {
            break;
        }
        if push % REUSE == 0 {
            instance.restart();
        }
        instance.begin(started);
        serve(&instance, mix(writer << 32 | push), gone, ledger);
        let pause = if started.micros() / 20_000_000 % 2 == 0 { 5 } else { 25 };
        thread::sleep(Duration::from_millis(pause));
    }
}

/// One push, as `functions/metrics-push` serves it, of series of which there are ever more.
fn serve(instance: &Instance<'_, impl Kv>, seed: u64, gone: i64, ledger: &Shared) {
    let known = 1_000 + u64::try_from(40_000 * gone / MINUTE).unwrap();
    let series: Vec<_> = (0..BATCH).map(|place| mix(mix(seed + place) % known)).collect();
    let (need, began) = (Amount::push(1 + mix(seed) % 200), instance.now());
    let window = limits().metrics.rate.window(began).start;
    with(ledger, |ledger| {
        ledger.pushes += 1;
        let offered = &mut ledger.window(window).offered;
        *offered = offered.plus(need);
    });
    let permit = permit();
    let Ok(meter) = run(Meter::open(instance, &permit, Signal::Metrics)) else { return };
    let judge = || Ok(series.iter().map(|series| meter.admit(*series, 0)).collect::<Vec<_>>());
    let verdicts = run(meter.judge(judge)).unwrap();
    let paid = run(meter.pay(need.units)).is_ok();
    // Nothing of a push that is refused becomes active.
    if !paid {
        return;
    }
    with(ledger, |ledger| {
        let judged = series.iter().zip(&verdicts);
        judged.for_each(|(series, admitted)| ledger.judge(*series, *admitted, began.micros()));
        let admitted = &mut ledger.window(window).admitted;
        *admitted = admitted.plus(need);
    });
    let cut = verdicts.iter().filter(|admitted| !**admitted).count();
    run(meter.close(&[(Reason::Active, u64::try_from(cut).unwrap())]));
    thread::sleep(BACKEND);
    run(meter.part());
}

/// Has everybody write through connections of their own, and looks at what came of it.
fn check<K: Kv>(connect: impl Fn() -> K + Sync) {
    let (ledger, begins) = (Shared::default(), now().micros());
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (connect, ledger) = (&connect, &ledger);
            scope.spawn(move || write(connect(), writer, begins, ledger));
        }
    });
    let ledger = ledger.into_inner().unwrap();
    let kv = connect();
    rates_are_kept_and_used_up(&ledger);
    usage_is_what_was_leased(&ledger, &kv);
    series_are_counted(&ledger, kv);
    let Ledger { pushes, reads, writes, .. } = ledger;
    assert!(writes * 8 < pushes && reads * 5 < pushes, "{reads} reads and {writes} writes for {pushes} pushes");
}

fn rates_are_kept_and_used_up(ledger: &Ledger) {
    let budget = limits().metrics.rate.budget();
    let full = |window: &Window| window.offered.units > budget.units;
    for (start, window) in &ledger.windows {
        assert!(budget.covers(window.admitted), "{start}: {window:?}");
        let due = window.offered.min(budget);
        assert!(window.admitted.units * 100 >= due.units * 93, "{start}: {window:?}");
    }
    let windows = || ledger.windows.values();
    assert!(windows().any(full) && !windows().all(full), "{:?}", ledger.windows);
}

fn usage_is_what_was_leased(ledger: &Ledger, kv: &impl Kv) {
    let rate = limits().metrics.rate;
    let sum =
        |part: fn(&Window) -> Amount| ledger.windows.values().fold(Amount::default(), |sum, one| sum.plus(part(one)));
    let (admitted, leased) = (sum(|one| one.admitted), sum(|one| one.leased.min(limits().metrics.rate.budget())));
    let ever = run(usage::read(kv, &Signal::Metrics.sender(PROJECT, 0), &rate, now())).unwrap().ever;
    assert_eq!((ever.units, ever.requests), (leased.units, leased.requests));
    assert!(leased.covers(admitted) && leased.units * 100 <= admitted.units * 115, "{leased:?} of {admitted:?}");
    assert!(ever.cut > 0 && ever.throttled > 0, "{ever:?}");
}

fn series_are_counted(ledger: &Ledger, kv: impl Kv) {
    let (unused, most) = (Shared::default(), limits().metrics.active);
    let mut instance = Instance::new(kv, &unused, WRITERS);
    instance.begin(now());
    let permit = permit();
    let counted = run(Meter::open(&instance, &permit, Signal::Metrics)).unwrap().active();
    let active = u64::try_from(ledger.series.len()).unwrap();
    assert!(active.abs_diff(counted) * 100 <= active, "{counted} of {active}");
    assert!(active.abs_diff(most) * 100 <= most, "{active} of {most}");
    let ([new, lately], lost) = (ledger.refused, u64::try_from(ledger.lost.len()).unwrap());
    // What an instance wrote with its last push is lost if another one overwrites it after the last look, as it may on a
    // machine that has much else to do.
    assert!(new > 1_000 && lately * 50 < new && lost * 1_000 <= active, "{:?}, {lost}", ledger.refused);
}

#[test]
fn no_limit_is_exceeded_and_nothing_is_lost_track_of_on_sqlite() {
    let file = fresh_folder("writers").join("kv.db");
    check(|| Port(Sqlite::open(&file).unwrap()));
}

#[test]
fn no_limit_is_exceeded_and_nothing_is_lost_track_of_on_redis() {
    let redis = Redis::start("writers-redis");
    check(|| redis.connect());
}
