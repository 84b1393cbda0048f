//! Up to three calls at once, one operation of the store after another in an order that a seed decides. Some die, and time
//! passes. What was acknowledged is there, and what was taken away has left nothing.

use super::*;
use cockpit_fake::step;
use std::{cell::RefCell, collections::BTreeSet, pin::Pin, rc::Rc};

const SEEDS: u64 = 600;

/// How often something happens in a round.
const TURNS: usize = 300;

/// No call lives as long.
const LONGEST_MICROS: i64 = 600_000_000;

#[test]
fn however_calls_interleave_what_is_acknowledged_holds_and_what_is_taken_away_is_gone() {
    for seed in 1..=SEEDS {
        let world = played(seed);
        world.send_again();
        world.check(seed);
        world.end(seed);
    }
}

/// What callers know.
#[derive(Default)]
struct Told {
    given: Vec<Given>,
    deleted: BTreeSet<Uuid>,
    ended: BTreeSet<u64>,
}

/// A secret that somebody was given.
#[derive(Clone, Copy, Debug)]
struct Given {
    id: Uuid,
    epoch: u64,
    secret: [u8; 32],
}

/// Numbers that look like chance.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        let sides = u64::try_from(all.len()).unwrap();
        (sides > 0).then(|| all[usize::try_from(self.roll(sides)).unwrap()])
    }
}

struct Call {
    began: i64,
    rest: Pin<Box<dyn Future<Output = ()>>>,
}

#[derive(Clone)]
struct World {
    fake: Fake,
    told: Rc<RefCell<Told>>,
}

/// A world in which much has happened; what was under way at the end has died.
fn played(seed: u64) -> World {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let world = World { fake: active(), told: Rc::default() };
    run(world.clone().create());
    let mut calls = Vec::new();
    for _ in 0..TURNS {
        let chosen = usize::try_from(dice.roll(3)).unwrap();
        match dice.roll(40) {
            0 => world.fake.pass(dice.one_of(&[30, 150, 598]).unwrap()),
            1 if chosen < calls.len() => drop(calls.swap_remove(chosen)),
            2..10 if calls.len() < 3 => calls.push(world.call(&mut dice)),
            _ => {
                let is_over = |call: &mut Call| (0..=dice.roll(8)).any(|_| step(&mut call.rest).is_some());
                if calls.get_mut(chosen).is_some_and(is_over) {
                    calls.swap_remove(chosen);
                }
            }
        }
        calls.retain(|call| world.fake.micros.get() - call.began < LONGEST_MICROS);
    }
    world
}

impl World {
    fn call(&self, dice: &mut Dice) -> Call {
        let world = self.clone();
        let given = dice.one_of(self.told.borrow().given.rchunks(4).next().unwrap_or_default());
        let rest: Pin<Box<dyn Future<Output = ()>>> = match (dice.roll(10), given) {
            (0..3, _) | (3..8, None) => Box::pin(world.create()),
            (3..6, Some(given)) => Box::pin(world.rotate(given.id)),
            (6..8, Some(given)) => Box::pin(world.delete(given.id)),
            (8, _) => Box::pin(world.deactivate()),
            _ => Box::pin(async move { drop(cockpits::activate(&world.fake, PROJECT, &()).await) }),
        };
        Call { began: self.fake.micros.get(), rest }
    }

    async fn create(self) {
        if let Creation::Done(token) = create(&self.fake, new(&self.fake)).await.unwrap() {
            let given = Given { id: token.id(), epoch: token.birth.epoch, secret: token.secret };
            self.told.borrow_mut().given.push(given);
        }
    }

    async fn rotate(self, id: Uuid) {
        let Some(token) = find(&self.fake, id).await.unwrap() else { return };
        let secret = new(&self.fake).secret;
        if rotate(&self.fake, &token, secret, soon(&self.fake)).await.unwrap() == Rotated::Done {
            self.told.borrow_mut().given.push(Given { id, epoch: token.birth.epoch, secret: secret.0 });
        }
    }

    async fn delete(self, id: Uuid) {
        let Some(token) = find(&self.fake, id).await.unwrap() else { return };
        self.told.borrow_mut().deleted.insert(id);
        delete(&self.fake, &token, &()).await.unwrap();
    }

    async fn deactivate(self) {
        let Some(cockpit) = cockpits::find(&self.fake, PROJECT).await.unwrap() else { return };
        self.told.borrow_mut().ended.insert(cockpit.epoch());
        cockpits::deactivate(&self.fake, PROJECT, cockpit, &()).await.unwrap();
    }

    /// Sends again what may have died.
    fn send_again(&self) {
        let cockpit = run(cockpits::find(&self.fake, PROJECT)).unwrap();
        if cockpit.is_some_and(|cockpit| self.told.borrow().ended.contains(&cockpit.epoch())) {
            run(self.clone().deactivate());
        }
        let deleted = self.told.borrow().deleted.clone();
        deleted.into_iter().for_each(|id| run(self.clone().delete(id)));
    }

    /// A token is found and listed until it is deleted or its Cockpit ends, and no secret works longer.
    fn check(&self, seed: u64) {
        let told = self.told.borrow();
        let cockpit = run(cockpits::find(&self.fake, PROJECT)).unwrap();
        let epoch = cockpit.as_ref().map(Cockpit::epoch);
        let listed = if epoch.is_some() { ids(&self.fake) } else { Vec::new() };
        assert!(epoch.is_none_or(|epoch| !told.ended.contains(&epoch)), "seed {seed}");
        for given in &told.given {
            let lives = epoch == Some(given.epoch) && !told.deleted.contains(&given.id);
            let is_found = run(find(&self.fake, given.id)).unwrap().is_some();
            assert_eq!((is_found, listed.contains(&given.id)), (lives, lives), "seed {seed}: {given:?}");
            let works = holds(&self.fake, given.secret).is_some();
            let is_rotated = run(last_rotation(&self.fake, given.id)).unwrap().is_some();
            assert!(if lives { works || is_rotated } else { !works }, "seed {seed}: {given:?} works: {works}");
        }
    }

    /// Nothing is left once no call is under way any more and the Cockpit goes, or one more after it.
    fn end(&self, seed: u64) {
        self.fake.pass(700);
        run(cockpits::activate(&self.fake, PROJECT, &())).unwrap();
        made(&self.fake);
        self.fake.pass(700);
        run(deactivate(&self.fake, PROJECT)).unwrap();
        assert_eq!(left(&self.fake), Vec::<String>::new(), "seed {seed}");
    }
}
