//! What happens while something else happens.

use super::*;
use cockpit_fake::{at_every_pause, both, go_on_until, paused};

/// A log that the next creation sweeps: what was deleted fills its beginning, behind a token that lives.
fn swept_next() -> (Fake, Token) {
    let fake = active();
    let kept = made(&fake);
    for _ in 0..20 {
        run(delete(&fake, &made(&fake), &())).unwrap();
    }
    fake.pass(700);
    (fake, kept)
}

#[test]
fn no_token_outlives_a_cockpit_that_is_deactivated_meanwhile() {
    let look = |fake: &Fake| {
        assert!(!fake.kv.keys().iter().any(|key| key.starts_with("secret/")), "{:?}", fake.kv.keys());
        fake.pass(700);
        run(cockpits::activate(fake, PROJECT, &())).unwrap();
        assert!(ids(fake).is_empty());
        run(deactivate(fake, PROJECT)).unwrap();
        assert_eq!(left(fake), Vec::<String>::new());
    };
    at_every_pause(
        active,
        async |fake| create(fake, new(fake)).await.unwrap(),
        async |fake| deactivate(fake, PROJECT).await.unwrap(),
        |fake, created, _| {
            assert!(created.done().is_none());
            look(fake);
        },
    );
    at_every_pause(
        active,
        async |fake| deactivate(fake, PROJECT).await.unwrap(),
        async |fake| create(fake, new(fake)).await.unwrap(),
        |fake, _, _| look(fake),
    );
}

#[test]
fn what_is_created_for_a_cockpit_is_not_in_the_one_that_follows() {
    at_every_pause(
        active,
        async |fake| create(fake, new(fake)).await.unwrap(),
        async |fake| {
            deactivate(fake, PROJECT).await.unwrap();
            cockpits::activate(fake, PROJECT, &()).await.unwrap();
        },
        |fake, created, ()| {
            // It may have found the one that follows.
            let own = created.done();
            assert!(own.iter().all(|token| token.birth.epoch == cockpit(fake).epoch()));
            assert_eq!(ids(fake), own.iter().map(Token::id).collect::<Vec<_>>());
            let secrets = fake.kv.keys().into_iter().filter(|key| key.starts_with("secret/"));
            assert_eq!(secrets.count(), usize::from(own.is_some()));
        },
    );
}

#[test]
fn a_creation_under_way_is_not_taken_for_one_that_died() {
    at_every_pause(
        || swept_next().0,
        async |fake| create(fake, new(fake)).await.unwrap(),
        async |fake| {
            fake.pass(60);
            create(fake, new(fake)).await.unwrap()
        },
        |fake, one, two| {
            let (one, two) = (one.done().unwrap(), two.done().unwrap());
            assert!(
                [&one, &two].iter().all(|token| ids(fake).contains(&token.id()) && holds(fake, token.secret).is_some())
            );
        },
    );
}

#[test]
fn a_deactivation_misses_no_token_that_is_moved_in_the_log_meanwhile() {
    at_every_pause(
        || swept_next().0,
        async |fake| deactivate(fake, PROJECT).await.unwrap(),
        async |fake| create(fake, new(fake)).await.unwrap(),
        |fake, _, _| {
            let secrets = fake.kv.keys().into_iter().filter(|key| key.starts_with("secret/"));
            assert_eq!(secrets.collect::<Vec<_>>(), Vec::<String>::new());
        },
    );
}

#[test]
fn a_list_misses_no_token_that_is_moved_in_the_log_meanwhile() {
    let kept = std::cell::Cell::new(None);
    let world = || {
        let (fake, token) = swept_next();
        kept.set(Some(token.id()));
        fake
    };
    at_every_pause(
        world,
        async |fake| list(fake, PROJECT, &cockpits::find(fake, PROJECT).await.unwrap().unwrap()).await.unwrap(),
        async |fake| create(fake, new(fake)).await.unwrap(),
        |_, listed, _| assert!(listed.iter().any(|token| Some(token.id()) == kept.get())),
    );
}

#[test]
fn a_slow_deactivation_does_nothing_to_a_later_cockpit() {
    let later = async |fake: &Fake| {
        deactivate(fake, PROJECT).await.unwrap();
        let activation = cockpits::activate(fake, PROJECT, &()).await.unwrap();
        (activation, create(fake, new(fake)).await.unwrap().done())
    };
    let first = std::cell::RefCell::new(None);
    at_every_pause(
        || {
            let fake = active();
            made(&fake);
            first.replace(Some(cockpit(&fake)));
            fake
        },
        async |fake| {
            let first = first.borrow().clone().unwrap();
            cockpits::deactivate(fake, PROJECT, first, &()).await.unwrap()
        },
        later,
        |fake, _, (activation, token)| {
            // Where the first has ended the Cockpit already, the second finds none, and the rest is the same.
            let (Activation::Done(_), Some(token)) = (&activation, &token) else { panic!("{activation:?}") };
            assert_eq!(ids(fake), [token.id()]);
            assert!(holds(fake, token.secret).is_some());
        },
    );
}

#[test]
fn of_two_that_take_over_a_deactivation_neither_removes_what_the_other_made() {
    let abandoned = || {
        let fake = active();
        made(&fake);
        fake.kv.die_after(2);
        assert!(run(deactivate(&fake, PROJECT)).is_err());
        fake.kv.die_after(None);
        fake.pass(121);
        fake
    };
    at_every_pause(
        abandoned,
        async |fake| cockpits::activate(fake, PROJECT, &()).await.unwrap(),
        async |fake| {
            cockpits::activate(fake, PROJECT, &()).await.unwrap();
            create(fake, new(fake)).await.unwrap().done().unwrap()
        },
        |fake, _, token| {
            assert_eq!(ids(fake), [token.id()]);
            assert!(holds(fake, token.secret).is_some());
        },
    );
}

/// A project with one token, which is put here.
fn with_one(token: &std::cell::RefCell<Option<Token>>) -> Fake {
    let fake = active();
    token.replace(Some(made(&fake)));
    fake
}

#[test]
fn no_secret_outlives_a_token_that_is_deleted_while_it_is_rotated() {
    let token = std::cell::RefCell::new(None);
    let world = || with_one(&token);
    let own = || token.borrow().clone().unwrap();
    let rotated = async |fake: &Fake| rotate(fake, &own(), SecretHash([2; 32]), soon(fake)).await.unwrap();
    let deleted = async |fake: &Fake| delete(fake, &own(), &()).await.unwrap();
    let look = |fake: &Fake| {
        for secret in [own().secret, [2; 32]] {
            assert_eq!(holds(fake, secret), None);
        }
        let kept = ["secret/", "retired/", "rotated/", "used/", "token/"];
        let left = fake.kv.keys().into_iter().filter(|key| kept.iter().any(|kept| key.starts_with(kept)));
        assert_eq!(left.collect::<Vec<_>>(), Vec::<String>::new());
    };
    at_every_pause(world, rotated, deleted, |fake, _, ()| look(fake));
    at_every_pause(world, deleted, rotated, |fake, (), _| look(fake));
}

#[test]
fn no_secret_outlives_a_token_whose_deletion_dies_while_it_is_rotated() {
    for survived in 0..40 {
        let token = std::cell::RefCell::new(None);
        let world = || with_one(&token);
        let own = || token.borrow().clone().unwrap();
        let rotated = async |fake: &Fake| rotate(fake, &own(), SecretHash([2; 32]), soon(fake)).await.unwrap();
        // One that is not there is not deleted once more.
        let deleted = async |fake: &Fake| delete(fake, &own(), &()).await.is_ok();
        let look = |fake: &Fake| {
            if run(find(fake, own().id())).unwrap().is_some() {
                run(delete(fake, &own(), &())).unwrap();
            }
            for secret in [own().secret, [2; 32]] {
                assert_eq!(holds(fake, secret), None, "died after {survived}");
            }
        };
        let rotated_and_dies = async |fake: &Fake| {
            rotated(fake).await;
            fake.kv.fail_after(survived);
        };
        at_every_pause(world, deleted, rotated_and_dies, |fake, _, ()| {
            fake.kv.fail_after(None);
            look(fake);
        });
        let dies_deleting = async |fake: &Fake| {
            fake.kv.fail_after(survived);
            deleted(fake).await;
            fake.kv.fail_after(None);
        };
        at_every_pause(world, rotated, dies_deleting, |fake, _, ()| look(fake));
    }
}

#[test]
fn a_rotation_that_dies_while_its_token_is_deleted_brings_no_known_secret_back() {
    for survived in 0..8 {
        for operations in 0..40 {
            let fake = active();
            let token = made(&fake);
            let dying = async {
                let rotated = rotate(&fake, &token, SecretHash([2; 32]), soon(&fake)).await;
                fake.kv.fail_after(None);
                rotated
            };
            let deletion = async {
                delete(&fake, &token, &()).await.unwrap();
                fake.kv.die_after(survived);
            };
            paused(dying, operations, deletion);
            fake.kv.fail_after(None);
            if run(find(&fake, token.id())).unwrap().is_none() {
                assert_eq!(holds(&fake, token.secret), None, "after {operations} operations, {survived} writes");
            }
        }
    }
}

#[test]
fn of_two_rotations_at_once_the_later_stays_and_the_other_retires() {
    let token = std::cell::RefCell::new(None);
    let world = || with_one(&token);
    let own = || token.borrow().clone().unwrap();
    at_every_pause(
        world,
        async |fake| rotate(fake, &own(), SecretHash([2; 32]), soon(fake)).await.unwrap(),
        async |fake| rotate(fake, &own(), SecretHash([3; 32]), soon(fake)).await.unwrap(),
        |fake, _, _| {
            let retires = |secret| run(retires_at(fake, SecretHash(secret))).unwrap().is_some();
            assert!(retires(own().secret));
            assert!(retires([2; 32]) != retires([3; 32]), "one of them stays");
            run(delete(fake, &own(), &())).unwrap();
            assert!([own().secret, [2; 32], [3; 32]].into_iter().all(|secret| holds(fake, secret).is_none()));
        },
    );
}

#[test]
fn concurrent_creations_are_all_kept() {
    let fake = active();
    let batch = || async { [create(&fake, new(&fake)).await, create(&fake, new(&fake)).await] };
    let _ = run(both(both(batch(), batch()), both(batch(), batch())));
    assert_eq!(ids(&fake).len(), 8);
}

#[test]
fn a_project_has_so_many_live_tokens_and_no_more_whoever_races() {
    let fake = active();
    let tokens: Vec<_> = (1..MOST).map(|_| made(&fake)).collect();
    let (one, two) = run(both(create(&fake, new(&fake)), create(&fake, new(&fake))));
    let created = [one.unwrap(), two.unwrap()].into_iter().filter(|creation| matches!(creation, Creation::Done(_)));
    assert!(created.count() <= 1);
    assert!(ids(&fake).len() <= MOST);
    if ids(&fake).len() < MOST {
        made(&fake);
    }
    assert_eq!(run(create(&fake, new(&fake))).unwrap(), Creation::Full(MOST));
    run(delete(&fake, &tokens[0], &())).unwrap();
    assert!(run(create(&fake, new(&fake))).unwrap().done().is_some());
}

#[test]
fn a_token_that_gives_way_leaves_no_secret_of_a_rotation_that_found_it() {
    for survived in 0..40 {
        let fake = active();
        let others: Vec<_> = (1..MOST).map(|_| made(&fake).id()).collect();
        let count = |start: &str| fake.kv.keys().iter().filter(|key| key.starts_with(start)).count();
        // Both have found the last place free.
        let mut slow = std::pin::pin!(create(&fake, new(&fake)));
        go_on_until(&mut slow, || count(&format!("tokens/{PROJECT}/")) > MOST);
        let hundredth = made(&fake).id();
        go_on_until(&mut slow, || count("token/") > MOST);
        let listed = run(list(&fake, PROJECT, &cockpit(&fake))).unwrap();
        let mut listed = listed.into_iter().filter(|token| token.id() != hundredth && !others.contains(&token.id()));
        let extra = listed.next().unwrap();
        go_on_until(&mut slow, || holds(&fake, extra.secret).is_none());
        let rotated = run(rotate(&fake, &extra, SecretHash([2; 32]), soon(&fake))).unwrap();
        fake.kv.fail_after(survived);
        drop(run(slow));
        fake.kv.fail_after(None);
        run(create(&fake, new(&fake))).unwrap();
        if run(find(&fake, extra.id())).unwrap().is_none() {
            assert_eq!(holds(&fake, [2; 32]), None, "{rotated:?}, died after {survived}");
        }
    }
}

#[test]
fn a_rotation_that_died_before_its_secret_worked_retires_no_other() {
    let fake = active();
    let token = made(&fake);
    let is_written = |number| fake.kv.keys().contains(&format!("tokens/{PROJECT}/{number}"));
    let mut rotation = std::pin::pin!(rotate(&fake, &token, SecretHash([2; 32]), fake.now()));
    go_on_until(&mut rotation, || is_written(2));
    let mut dying = Box::pin(rotate(&fake, &token, SecretHash([3; 32]), soon(&fake)));
    go_on_until(&mut dying.as_mut(), || is_written(3));
    drop(dying);
    assert_eq!(run(rotation).unwrap(), Rotated::Done);
    assert!(holds(&fake, [2; 32]).is_some() && holds(&fake, token.secret).is_none());
}

#[test]
fn nothing_is_kept_of_a_secret_that_one_rotation_ends_while_another_has_it_retire() {
    let token = std::cell::RefCell::new(None);
    let own = || token.borrow().clone().unwrap();
    at_every_pause(
        || {
            let fake = with_one(&token);
            run(rotate(&fake, &own(), SecretHash([9; 32]), soon(&fake))).unwrap();
            fake
        },
        async |fake| rotate(fake, &own(), SecretHash([2; 32]), soon(fake)).await.unwrap(),
        async |fake| rotate(fake, &own(), SecretHash([3; 32]), fake.now()).await.unwrap(),
        |fake, _, _| {
            fake.pass(700);
            made(fake);
            run(delete(fake, &own(), &())).unwrap();
            let left = fake.kv.keys().into_iter().find(|key| key.starts_with("retired/"));
            assert_eq!(left, None);
        },
    );
}
