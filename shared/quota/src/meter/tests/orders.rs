//! Pushes at once in any order, with any pauses: nothing active is refused, and no limit is exceeded.

use super::*;
use crate::meter::tests::{budgets::budget, stepped::Task};
use cockpit_fake::{Dice, step, yield_now};
use std::collections::BTreeMap;

const AT_ONCE: u64 = 16;
const LIMIT: usize = 100;
const BUDGET: usize = 40;

fn place(dice: &mut Dice) -> usize {
    usize::try_from(dice.roll(AT_ONCE)).unwrap()
}

/// What became of a push that was paid for.
struct Verdicts {
    good: Vec<u64>,
    cut: Vec<u64>,
    epoch: u64,
}

/// Which series are active, by the epoch in which each was last let in.
#[derive(Clone, Default)]
struct Truth(BTreeMap<u64, u64>);

impl Truth {
    fn count(&self, counts: impl Fn(u64) -> bool) -> usize {
        let epoch = self.0.values().max().copied().unwrap_or(0);
        self.0.iter().filter(|(one, at)| **at + 1 >= epoch && counts(**one)).count()
    }

    fn refused(&self, Verdicts { cut, epoch, .. }: &Verdicts) -> Vec<u64> {
        cut.iter().copied().filter(|one| self.0.get(one).is_some_and(|at| at + 1 >= *epoch)).collect()
    }
}

fn epoch_of(meter: &Meter<'_, Fake>) -> u64 {
    meter.with_view(0, |view| view.group().borrow().whole().borrow().epoch())
}

/// Pushes these. Of what was judged before an epoch ended and paid for after it, the places may be others' by then.
async fn verdicts(
    fake: &Fake,
    permit: &Permit,
    series: Vec<u64>,
    marks: impl Fn(u64) -> u64,
) -> Result<Verdicts, Refusal> {
    let meter = Meter::open(fake, permit, Signal::Metrics).await?;
    let admit = |number: &u64| meter.admit(identity(*number), marks(*number));
    let (good, cut) = meter.judge(|| Ok(series.iter().partition::<Vec<u64>, _>(|number| admit(number)))).await?;
    let judged = epoch_of(&meter);
    meter.pay(1).await?;
    let epoch = epoch_of(&meter);
    let knows = |one: u64| meter.with_view(true, |view| view.knows(identity(one), marks(one)));
    let good = good.into_iter().filter(|one| epoch == judged || knows(*one)).collect();
    meter.close(&[]).await;
    Ok(Verdicts { good, cut, epoch })
}

/// Sixteen pushes at once, which go on by one operation each as the dice say, while time passes and the store fails.
fn at_once(seed: u64) {
    let (mut dice, permit, mut truth) = (Dice(seed), permit(), Truth::default());
    let (with_budget, failing) = (seed % 2 == 1, seed % 4 > 1);
    let quotas = format!("active_series={LIMIT}");
    let fake = Fake::new(&[("active_on_failure", "closed"), ("rates_on_failure", "closed"), ("quotas", &quotas)]);
    if with_budget {
        budget(&fake, &[("a", u64::try_from(BUDGET).unwrap())]);
    }
    let marks = move |number: u64| u64::from(with_budget && number.is_multiple_of(2));
    let mut tasks: Vec<Option<(Task<'_, _>, Truth)>> = (0..AT_ONCE).map(|_| None).collect();
    for turn in 0..3_000 {
        let place = place(&mut dice);
        let Some((task, before)) = &mut tasks[place] else {
            let (start, many) = (dice.roll(160), 1 + dice.roll(30));
            let push = verdicts(&fake, &permit, (start..start + many).collect(), marks);
            tasks[place] = Some((Box::pin(push), truth.clone()));
            continue;
        };
        fake.kv.fail_after((failing && dice.roll(40) == 0).then_some(0));
        let ended = step(task);
        fake.kv.fail_after(None);
        match ended {
            Some(Ok(verdicts)) => {
                let (wrong, epoch) = (before.refused(&verdicts), verdicts.epoch);
                assert!(wrong.is_empty(), "seed {seed}, turn {turn}: {wrong:?} are active and were refused");
                truth.0.extend(verdicts.good.into_iter().map(|one| (one, epoch)));
                tasks[place] = None;
                let (all, part) = (truth.count(|_| true), truth.count(|one| marks(one) == 1));
                assert!(all <= LIMIT && part <= BUDGET, "seed {seed}, turn {turn}: {all} and {part} of the budget");
            }
            Some(Err(refusal)) => {
                assert!(failing && matches!(refusal, Refusal::Unavailable(_)), "{refusal:?}");
                tasks[place] = None;
            }
            None => {}
        }
        let millis = if dice.roll(400) == 0 { 300_000 } else { dice.roll(40) };
        fake.micros.set(fake.micros.get() + i64::try_from(millis).unwrap() * 1_000);
    }
}

#[test]
fn in_any_order_nothing_active_is_refused_and_no_limit_is_exceeded() {
    (0..60).for_each(at_once);
}

#[test]
fn in_any_order_a_window_lets_in_its_budget_and_one_instance_all_of_it() {
    let permit = permit();
    for seed in 0..100_u64 {
        let mut dice = Dice(seed);
        let one = Fake::new(&[("quotas", "samples_per_second=500")]);
        let instances: Vec<Fake> = (0..1 + seed % 3)
            .map(|_| {
                let mut other = one.clone();
                other.memory = Rc::default();
                other
            })
            .collect();
        let (budget, alone) = (10_000, instances.len() == 1);
        let (mut admitted, mut begun) = (0, 0);
        let mut tasks: Vec<Option<Task<'_, Result<u64, Refusal>>>> = (0..16).map(|_| None).collect();
        let most = 1 + dice.roll(1_500);
        for turn in 0..600 {
            let place = place(&mut dice);
            if tasks[place].is_none() {
                let units = 1 + dice.roll(most);
                let refunds = dice.roll(4) == 0;
                if turn > 500 || alone && begun + units > budget {
                    continue;
                }
                begun += units;
                let fake = &instances[usize::try_from(dice.roll(3)).unwrap() % instances.len()];
                let permit = &permit;
                tasks[place] = Some(Box::pin(async move {
                    let meter = Meter::open(fake, permit, Signal::Metrics).await?;
                    yield_now().await;
                    meter.pay(units).await?;
                    yield_now().await;
                    if refunds {
                        meter.refund();
                        return Ok(0);
                    }
                    Ok(units)
                }));
            } else if let Some(Some(paid)) = tasks[place].as_mut().map(step) {
                assert!(!alone || paid.is_ok(), "seed {seed}: {begun} of {budget}: {paid:?}");
                admitted += paid.unwrap_or(0);
                tasks[place] = None;
            }
            one.micros.set(one.micros.get() + i64::try_from(dice.roll(20)).unwrap() * 1_000);
        }
        drop(tasks);
        assert!(one.micros.get() / 20_000_000 == 1_699_565_000_165_521 / 20_000_000, "one window");
        assert!(admitted <= budget, "seed {seed}: {admitted} of {budget}");
    }
}
