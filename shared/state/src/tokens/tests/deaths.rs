//! What a call that died leaves behind.

use super::*;
use cockpit_fake::at_every_pause;

/// A token whose deletion died when its secret worked no more, and a creation so much later that the log was swept.
fn half_deleted(fake: &Fake) -> Token {
    let token = made(fake);
    // That it begins is two writes, the secret's removal one.
    fake.kv.die_after(3);
    assert!(run(delete(fake, &token, &())).is_err());
    fake.kv.die_after(None);
    fake.pass(700);
    made(fake);
    token
}

#[test]
fn a_token_whose_deletion_died_is_listed_until_it_is_gone() {
    let fake = active();
    let token = half_deleted(&fake);
    assert_eq!(run(find(&fake, token.id())).unwrap(), Some(token.clone()));
    assert!(ids(&fake).contains(&token.id()));
    run(delete(&fake, &token, &())).unwrap();
    assert!(!ids(&fake).contains(&token.id()));
}

#[test]
fn a_token_whose_deletion_died_counts_until_it_is_gone() {
    let fake = active();
    (2..MOST).for_each(|_| drop(made(&fake)));
    let token = half_deleted(&fake);
    assert_eq!(run(create(&fake, new(&fake))).unwrap(), Creation::Full(MOST));
    run(delete(&fake, &token, &())).unwrap();
    made(&fake);
}

#[test]
fn a_token_whose_deletion_died_goes_with_its_cockpit_even_if_it_is_rotated_meanwhile() {
    let token = std::cell::RefCell::new(None);
    let world = || {
        let fake = active();
        token.replace(Some(half_deleted(&fake)));
        fake
    };
    let own = || token.borrow().clone().unwrap();
    at_every_pause(
        world,
        async |fake| deactivate(fake, PROJECT).await.unwrap(),
        async |fake| rotate(fake, &own(), SecretHash([2; 32]), soon(fake)).await.unwrap(),
        |fake, (), rotated| {
            assert_eq!(holds(fake, [2; 32]), None, "{rotated:?}");
            assert_eq!(run(collection::find::<Token>(fake, own().birth.id)).unwrap(), None);
        },
    );
}

#[test]
fn a_token_whose_record_cannot_be_read_keeps_no_token_alive() {
    let fake = active();
    let tokens = [made(&fake), made(&fake)];
    run(rotate(&fake, &tokens[0], SecretHash([2; 32]), soon(&fake))).unwrap();
    run(fake.set(&format!("token/{}", tokens[0].id()), b"damaged")).unwrap();
    fake.pass(700);
    run(deactivate(&fake, PROJECT)).unwrap();
    assert!([tokens[0].secret, tokens[1].secret, [2; 32]].into_iter().all(|secret| holds(&fake, secret).is_none()));
    assert_eq!(left(&fake), Vec::<String>::new());
}
