use super::*;
use crate::tokens::{self, Bounds, NewToken, SecretHash};
use cockpit_core::{ports::Random, scope::Scopes};
use cockpit_fake::{Fake, at_every_pause, begin, paused, run};
use uuid::Uuid;

const PROJECT: ProjectId = ProjectId::from_bytes([7; 16]);

async fn activate(fake: &Fake) -> Activation {
    super::activate(fake, PROJECT, &()).await.unwrap()
}

async fn deactivate(fake: &Fake) {
    let cockpit = find(fake, PROJECT).await.unwrap().unwrap();
    super::deactivate(fake, PROJECT, cockpit, &()).await.unwrap();
}

/// Chooses a plan and creates a token, and returns the number of the activation that the token's pushes go by.
async fn settle(fake: &Fake) -> u64 {
    let cockpit = find(fake, PROJECT).await.unwrap().unwrap();
    assert!(choices::choose_plan(fake, PROJECT, &cockpit, "premium").await.unwrap());
    let secret = SecretHash([5; 32]);
    let (id, name) = (Uuid::from_bytes(fake.bytes()), String::new());
    let (scopes, bounds) = (Scopes::NONE, Bounds::default());
    let new = NewToken { id, project: PROJECT, name, scopes, secret, expires_at: None, bounds };
    tokens::create(fake, &cockpit, new, &()).await.unwrap().done().unwrap();
    tokens::holder(fake, secret).await.unwrap().unwrap().grant.epoch
}

/// What was made for a Cockpit is of the one that there is.
fn check(fake: &Fake, epoch: u64) {
    let cockpit = run(find(fake, PROJECT)).unwrap().unwrap();
    assert_eq!((cockpit.status, cockpit.epoch()), (Status::Ready, epoch));
    assert_eq!(run(choices::plan(fake, PROJECT, &cockpit)).unwrap().as_deref(), Some("premium"));
    assert_eq!(run(tokens::list(fake, PROJECT, &cockpit)).unwrap().len(), 1);
}

#[test]
fn two_activations_at_once_are_the_same_one() {
    at_every_pause(
        || Fake::new(&[]),
        activate,
        async |fake| {
            activate(fake).await;
            settle(fake).await
        },
        |fake, _, epoch| check(fake, epoch),
    );
}

#[test]
fn a_slow_activation_changes_nothing_about_a_later_one() {
    for cycles in [1, 2, 16, 17, 40] {
        at_every_pause(
            || Fake::new(&[]),
            activate,
            async |fake| {
                for _ in 0..cycles {
                    activate(fake).await;
                    deactivate(fake).await;
                }
                activate(fake).await;
                settle(fake).await
            },
            |fake, _, epoch| {
                check(fake, epoch);
                fake.kv.take_operations();
                run(find(fake, PROJECT)).unwrap();
                assert!(fake.kv.take_operations().reads < 6, "whoever set it back puts that right");
                run(deactivate(fake));
                let secret = run(tokens::holder(fake, SecretHash([5; 32]))).unwrap();
                assert_eq!((secret, run(find(fake, PROJECT)).unwrap()), (None, None), "after {cycles} cycles");
            },
        );
    }
}

#[test]
fn however_often_a_project_is_activated_what_tells_of_it_is_bounded() {
    let fake = Fake::new(&[]);
    let marks = || fake.kv.keys().iter().filter(|key| key.starts_with("cockpit/") || key.starts_with("ended/")).count();
    // A hundred within ten minutes, then one a minute.
    for cycle in 1..160 {
        assert!(matches!(run(activate(&fake)), Activation::Done(cockpit) if cockpit.epoch() == cycle));
        fake.kv.take_operations();
        run(deactivate(&fake));
        let seen = fake.kv.take_operations();
        assert!(seen.reads < 150 && seen.writes < 60, "{cycle}: {seen:?}");
        assert_eq!(run(find(&fake, PROJECT)).unwrap(), None);
        assert!(cycle < 150 || marks() == 34, "{cycle}: of sixteen, and two more, not {}", marks());
        fake.pass(if cycle < 100 { 1 } else { 60 });
    }
}

#[test]
fn what_a_call_left_that_died_when_its_cockpit_had_ended_goes_with_the_next() {
    for operations in 0..4 {
        for survived in 0..4 {
            let fake = Fake::new(&[]);
            run(activate(&fake));
            let cockpit = run(find(&fake, PROJECT)).unwrap().unwrap();
            let dying = choices::choose_plan(&fake, PROJECT, &cockpit, "premium");
            let end = async {
                deactivate(&fake).await;
                fake.kv.fail_after(survived);
            };
            drop(paused(dying, operations, end));
            fake.kv.fail_after(None);
            if run(find(&fake, PROJECT)).unwrap().is_none() {
                run(activate(&fake));
            }
            run(deactivate(&fake));
            let left = fake.kv.keys().into_iter().find(|key| key.starts_with("plan/"));
            assert_eq!(left, None, "paused after {operations}, died after {survived}");
        }
    }
}

/// A project in which an activation that had seen no Cockpit was slow while so many came and went and another began, set
/// back where to look, and died.
fn set_back(cycles: u64) -> Fake {
    let fake = Fake::new(&[]);
    let rest = async {
        for _ in 0..cycles {
            activate(&fake).await;
            fake.pass(1);
            deactivate(&fake).await;
        }
        activate(&fake).await;
        fake.kv.die_after(1);
    };
    let (slow, ()) = paused(super::activate(&fake, PROJECT, &()), SAW_NONE, rest).unwrap();
    assert!(slow.is_err());
    fake.kv.die_after(None);
    fake.pass(700);
    fake
}

/// An activation has seen that there is no Cockpit once it has read where to look, and that nothing is there.
const SAW_NONE: usize = 2;

#[test]
fn after_an_activation_that_set_them_back_and_died_no_number_is_given_again() {
    let fake = set_back(20);
    assert_eq!(run(find(&fake, PROJECT)).unwrap().unwrap().epoch(), 21);
    run(deactivate(&fake));
    assert!(matches!(run(activate(&fake)), Activation::Done(cockpit) if cockpit.epoch() == 22));
}

#[test]
fn after_an_activation_that_set_them_back_and_died_a_deactivation_that_dies_can_be_repeated() {
    for survived in 0.. {
        let fake = set_back(20);
        let cockpit = run(find(&fake, PROJECT)).unwrap().unwrap();
        fake.kv.die_after(survived);
        let ended = run(super::deactivate(&fake, PROJECT, cockpit, &()));
        fake.kv.die_after(None);
        if ended.is_ok() {
            assert!(survived > 5);
            break;
        }
        assert!(run(find(&fake, PROJECT)).unwrap().is_some(), "died after {survived}");
        run(deactivate(&fake));
        assert_eq!(run(find(&fake, PROJECT)).unwrap(), None);
    }
}

#[test]
fn a_slow_deactivation_of_an_earlier_cockpit_does_not_hide_the_present_one() {
    let fake = Fake::new(&[]);
    let mut activation = std::pin::pin!(super::activate(&fake, PROJECT, &()));
    begin(&mut activation, SAW_NONE);
    for _ in 0..20 {
        run(activate(&fake));
        fake.pass(1);
        run(deactivate(&fake));
    }
    run(activate(&fake));
    fake.pass(560);
    let ending = run(find(&fake, PROJECT)).unwrap().unwrap();
    let mut deactivation = std::pin::pin!(super::deactivate(&fake, PROJECT, ending, &()));
    begin(&mut deactivation, 0);
    run(deactivate(&fake));
    run(activate(&fake));
    let epoch = run(settle(&fake));
    fake.kv.die_after(1);
    assert!(run(activation).is_err());
    fake.kv.die_after(None);
    fake.pass(60);
    run(deactivation).unwrap();
    check(&fake, epoch);
}
