//! A scenario: who sends what to how many nodes, and what goes wrong meanwhile.

use crate::{
    dice::mix,
    host::{Node, Ports, Reuse},
    outcome::{Ledger, Outcome, parts},
    store::{Plan, Store},
    world::{MILLI, Micros, Runner, SECOND, World},
};
use cockpit_core::{Permit, Principal, ProjectId, Scope, ports::Clock, principal::TokenGrant, routes::ROUTES};
use cockpit_quota::{
    Amount, Limits, Meter, Signal,
    usage::{self, Reason},
};
use std::{cell::RefCell, rc::Rc};

/// When a run begins: at the start of a window, a minute and an epoch.
const BEGIN: Micros = 1_700_000_400 * SECOND;

/// How long a body takes to arrive, and a backend to answer.
const BODY: Micros = 2 * MILLI;
const BACKEND: Micros = 10 * MILLI;

/// How long before the others a first push comes.
const EARLY: Micros = 20 * SECOND;

/// The usage of so many tenants is compared with what they were let send.
const LOOKED_AT: u64 = 1_000;

/// How pushes follow each other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// At the same distance, so many a second.
    Even(f64),
    /// By chance, so many a second on average.
    Random(f64),
    /// So many at once, then a pause.
    Bursts(u64, Micros),
}

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traffic {
    /// How many send; each push is one of theirs.
    pub(crate) tenants: u64,
    pub(crate) pace: Pace,
    /// Samples of a push.
    pub(crate) units: u64,
    /// Whether that is the most a push has, and any number is as likely.
    pub(crate) mixed: bool,
    /// How many series a tenant has, sent in turn; none are counted if this is 0.
    pub(crate) series: u64,
    /// How many of each push are new.
    pub(crate) fresh: u64,
    /// Whether a first push comes so much before all others that it is known of everywhere.
    pub(crate) early: bool,
}

/// A scenario.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) nodes: usize,
    pub(crate) store: Plan,
    pub(crate) reuse: Reuse,
    pub(crate) quotas: &'static str,
    pub(crate) traffic: Traffic,
    /// How far clocks are off at most.
    pub(crate) skew: Micros,
    /// An instance crashes once in so many pushes; never if this is 0.
    pub(crate) crash: u64,
    pub(crate) seconds: u64,
    /// What happens in these first seconds is not counted among operations.
    pub(crate) warm: u64,
    pub(crate) seed: u64,
}

impl Traffic {
    /// Samples of the push of this number.
    fn units(&self, number: u64) -> u64 {
        if self.mixed { 1 + mix(number) % self.units } else { self.units }
    }
}

impl Scenario {
    /// One node, one tenant, a store on the same machine, a minute after a minute.
    pub(crate) const ONE: Self = Self {
        nodes: 1,
        store: Plan::ONE,
        reuse: Reuse::SPIN,
        quotas: "",
        traffic: Traffic {
            tenants: 1,
            pace: Pace::Even(100.0),
            units: 20,
            mixed: false,
            series: 2_000,
            fresh: 0,
            early: false,
        },
        skew: 0,
        crash: 0,
        seconds: 120,
        warm: 60,
        seed: 1,
    };

    /// Runs it.
    pub(crate) fn run(self) -> Outcome {
        let world = World::new(self.seed, BEGIN);
        let skew = |dice: &crate::dice::Dice| {
            i64::try_from(dice.below(2 * self.skew + 1)).unwrap_or(0) - i64::try_from(self.skew).unwrap_or(0)
        };
        let node = |number| Rc::new(Node::new(number % self.store.places, skew(&world.dice)));
        let running = Rc::new(Running {
            nodes: (0..self.nodes).map(node).collect(),
            store: Rc::new(Store::new(self.store)),
            ledger: RefCell::default(),
            limits: Limits::DEFAULT.with(self.quotas).unwrap(),
            quotas: self.quotas.into(),
            scenario: self,
            world,
        });
        running.world.spawn(None, traffic(Rc::clone(&running)));
        running.world.run_until(BEGIN + self.warm * SECOND);
        running.store.used.take();
        let warm = running.ledger.borrow().pushes;
        // The last pushes are answered too, by the slowest clock.
        running.world.run_until(BEGIN + (self.seconds + 20) * SECOND);
        running.outcome(warm)
    }
}

/// A scenario that runs.
struct Running {
    scenario: Scenario,
    world: Rc<World>,
    store: Rc<Store>,
    nodes: Vec<Rc<Node>>,
    ledger: RefCell<Ledger>,
    limits: Limits,
    quotas: Rc<str>,
}

/// Sends pushes until the end.
async fn traffic(running: Rc<Running>) {
    let (world, scenario) = (&running.world, running.scenario);
    let end = BEGIN + scenario.seconds * SECOND;
    if scenario.traffic.early {
        running.send(0);
        world.sleep(EARLY).await;
    }
    for number in 0.. {
        let at_once = match scenario.traffic.pace {
            Pace::Bursts(many, pause) => {
                world.sleep(pause).await;
                many
            }
            Pace::Even(rate) => {
                world.sleep((SECOND as f64 / rate) as u64).await;
                1
            }
            Pace::Random(rate) => {
                world.sleep(world.dice.pause((SECOND as f64 / rate) as u64)).await;
                1
            }
        };
        if world.now() >= end {
            break;
        }
        (0..at_once).for_each(|more| running.send(number * at_once + more));
    }
}

impl Running {
    fn send(self: &Rc<Self>, number: u64) {
        let world = &self.world;
        let node = Rc::clone(&self.nodes[usize::try_from(world.dice.below(self.nodes.len() as u64)).unwrap()]);
        let tenant = world.dice.below(self.scenario.traffic.tenants);
        let instance = node.instance(&self.scenario.reuse, world.now());
        let runner: Rc<dyn Runner> = Rc::clone(&instance) as Rc<dyn Runner>;
        if world.dice.once_in(self.scenario.crash) {
            let (world, instance) = (Rc::clone(world), Rc::clone(&instance));
            self.world.spawn(None, async move {
                world.sleep(world.dice.below(20 * MILLI)).await;
                instance.crash();
            });
        }
        let ports = self.ports(node, instance);
        let running = Rc::clone(self);
        world.spawn(Some(runner), async move {
            running.push(&ports, tenant, number).await;
            ports.instance.rest(ports.world.now());
        });
    }

    fn ports(&self, node: Rc<Node>, instance: Rc<crate::host::Instance>) -> Ports {
        let (world, store, quotas) = (Rc::clone(&self.world), Rc::clone(&self.store), Rc::clone(&self.quotas));
        Ports { world, store, node, instance, quotas }
    }

    /// One push, as `functions/metrics-push` serves it.
    async fn push(&self, ports: &Ports, tenant: u64, number: u64) {
        let rate = self.limits.metrics.rate;
        let need = Amount::push(self.scenario.traffic.units(number));
        self.ledger.borrow_mut().pushes += 1;
        let window = rate.window(ports.now());
        let Ok(meter) = Meter::open(ports, &permit(tenant), Signal::Metrics).await else {
            return self.ledger.borrow_mut().offer(tenant, window, need);
        };
        self.world.sleep(self.world.dice.around(BODY)).await;
        let series = self.series(number);
        let judge = || Ok(series.iter().map(|series| meter.admit(*series, 0)).collect::<Vec<_>>());
        let Ok(verdicts) = meter.judge(judge).await else {
            return self.ledger.borrow_mut().offer(tenant, window, need);
        };
        let (window, second) = (rate.window(ports.now()), seconds(ports));
        self.ledger.borrow_mut().offer(tenant, window, need);
        match meter.pay(need.units).await {
            Ok(()) => self.ledger.borrow_mut().admit(tenant, window, need),
            Err(_) => return,
        }
        let cut = verdicts.iter().filter(|admitted| !**admitted).count();
        meter.close(&[(Reason::Active, u64::try_from(cut).unwrap_or(0))]).await;
        let limit = self.limits.metrics.active;
        for (series, admitted) in series.into_iter().zip(verdicts) {
            self.ledger.borrow_mut().judge(tenant, limit, second, series, admitted);
        }
        self.world.sleep(self.world.dice.around(BACKEND)).await;
        meter.part().await;
    }

    /// The series of a push: those whose turn it is, and some that nobody has seen.
    fn series(&self, number: u64) -> Vec<u64> {
        let Traffic { units, series, fresh, .. } = self.scenario.traffic;
        if series == 0 {
            return Vec::new();
        }
        let known = (0..units.saturating_sub(fresh)).map(|at| mix((number * units + at) % series));
        let new = (0..fresh).map(|at| mix((1 << 40) + number * fresh + at));
        known.chain(new).collect()
    }

    fn outcome(&self, warm: u64) -> Outcome {
        let mut outcome = self.ledger.borrow().figures(self.limits.metrics.rate.budget());
        let (pushes, used) = (outcome.pushes - warm, self.store.used.take());
        (outcome.reads, outcome.writes) = (parts(used.reads, pushes), parts(used.writes(), pushes));
        outcome.writes_for_sets = parts(used.writes_of("active"), pushes);
        outcome.keys = parts(u64::try_from(self.store.keys()).unwrap_or(0), self.scenario.traffic.tenants);
        let (counted, active) = self.look();
        let admitted = self.ledger.borrow().admitted(LOOKED_AT);
        outcome.overcounted = counted.units as f64 / admitted.units as f64 - 1.0;
        let truth = self.ledger.borrow().active(0);
        outcome.miscounted = if truth == 0 { 0.0 } else { active as f64 / truth as f64 - 1.0 };
        outcome
    }

    /// What the gateway itself says was used, by the first tenants, and how many series of the first are active: asked by
    /// an instance that knows nothing else.
    fn look(&self) -> (Amount, u64) {
        let ports = self.ports(Rc::clone(&self.nodes[0]), Rc::default());
        let (tenants, rate) = (self.scenario.traffic.tenants, self.limits.metrics.rate);
        let found = Rc::new(RefCell::new((Amount::default(), 0)));
        let noted = Rc::clone(&found);
        self.world.spawn(None, async move {
            for tenant in 0..tenants.min(LOOKED_AT) {
                let sender = Signal::Metrics.sender(project(tenant), 0);
                let total = loop {
                    // A store may fail by chance.
                    if let Ok(history) = usage::read(&ports, &sender, &rate, ports.now()).await {
                        break history.total();
                    }
                };
                let mut found = noted.borrow_mut();
                found.0 = found.0.plus(Amount { units: total.units, requests: total.requests });
            }
            if let Ok(meter) = Meter::open(&ports, &permit(0), Signal::Metrics).await {
                noted.borrow_mut().1 = meter.active();
            }
        });
        self.world.run_until(self.world.now() + 3_600 * SECOND);
        let found = found.borrow();
        *found
    }
}

fn seconds(ports: &Ports) -> u64 {
    u64::try_from(ports.now().micros() / 1_000_000).unwrap_or(0)
}

fn project(tenant: u64) -> ProjectId {
    ProjectId::from_bytes(u128::from(tenant).to_be_bytes())
}

fn permit(tenant: u64) -> Permit {
    let route = ROUTES.iter().find(|route| route.function == "metrics-push").unwrap();
    let token = TokenGrant::new(project(tenant), Scope::ALL.into_iter().collect());
    Permit::grant(Principal::Token(token), route).unwrap()
}

#[cfg(test)]
mod tests;
