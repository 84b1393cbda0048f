//! Two secrets for a while.

use super::*;

fn ends(fake: &Fake, secret: [u8; 32]) -> Option<Timestamp> {
    run(retires_at(fake, SecretHash(secret))).unwrap()
}

#[test]
fn a_rotated_token_has_two_secrets_for_a_while_and_then_one() {
    let fake = active();
    let token = made(&fake);
    let until = soon(&fake);
    assert_eq!(run(rotate(&fake, &token, SecretHash([2; 32]), until)).unwrap(), Rotated::Done);
    assert!(holds(&fake, token.secret).is_some() && holds(&fake, [2; 32]).is_some());
    assert_eq!((ends(&fake, token.secret), ends(&fake, [2; 32])), (Some(until), None));
    let rotation = run(last_rotation(&fake, token.id())).unwrap().unwrap();
    assert_eq!((rotation.at().micros(), rotation.until()), (fake.micros.get(), until));
    fake.pass(61);
    let later = soon(&fake);
    assert_eq!(run(rotate(&fake, &token, SecretHash([3; 32]), later)).unwrap(), Rotated::Done);
    assert_eq!(holds(&fake, token.secret), None, "what is over is removed");
    assert_eq!((ends(&fake, [2; 32]), ends(&fake, [3; 32])), (Some(later), None));
    run(rotate(&fake, &token, SecretHash([4; 32]), fake.now())).unwrap();
    assert_eq!(holds(&fake, [3; 32]), None, "without grace it is over at once");
    run(delete(&fake, &token, &())).unwrap();
    assert!((2..5).all(|byte| holds(&fake, [byte; 32]).is_none()));
}

#[test]
fn a_token_that_is_rotated_for_ever_keeps_a_short_log_and_loses_no_secret() {
    let fake = active();
    let token = made(&fake);
    let month = Timestamp::from_micros(fake.micros.get() + 31 * 86_400_000_000);
    run(rotate(&fake, &token, SecretHash([2; 32]), month)).unwrap();
    for turn in 0..100 {
        fake.pass(60);
        let secret = SecretHash([100 + turn; 32]);
        assert_eq!(run(rotate(&fake, &token, secret, fake.now())).unwrap(), Rotated::Done);
        if turn % 10 == 0 {
            run(delete(&fake, &made(&fake), &())).unwrap();
        }
    }
    assert!(holds(&fake, token.secret).is_some(), "it works for a month");
    fake.kv.take_operations();
    assert_eq!(ids(&fake), [token.id()]);
    let reads = fake.kv.take_operations().reads;
    assert!(reads < 120, "{reads} reads to list one token");
    run(delete(&fake, &token, &())).unwrap();
    let secrets = fake.kv.keys().into_iter().filter(|key| key.starts_with("secret/"));
    assert_eq!(secrets.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn only_so_many_secrets_are_on_their_way_out() {
    let fake = active();
    let token = made(&fake);
    for byte in 1..=4 {
        let want = if byte < 4 { Rotated::Done } else { Rotated::TooMany };
        assert_eq!(run(rotate(&fake, &token, SecretHash([byte; 32]), soon(&fake))).unwrap(), want);
    }
}

#[test]
fn a_token_whose_deletion_died_is_not_rotated_until_nobody_can_be_deleting_it() {
    let fake = active();
    let token = made(&fake);
    fake.kv.die_after(2);
    assert!(run(delete(&fake, &token, &())).is_err());
    fake.kv.die_after(None);
    let before = fake.kv.keys();
    assert_eq!(run(rotate(&fake, &token, SecretHash([2; 32]), soon(&fake))).unwrap(), Rotated::Gone);
    assert_eq!(fake.kv.keys(), before);
    fake.pass(601);
    assert_eq!(run(rotate(&fake, &token, SecretHash([2; 32]), soon(&fake))).unwrap(), Rotated::Done);
    assert!(holds(&fake, [2; 32]).is_some());
    run(delete(&fake, &token, &())).unwrap();
    assert!([token.secret, [2; 32]].into_iter().all(|secret| holds(&fake, secret).is_none()));
}

#[test]
fn a_rotation_that_dies_anywhere_can_be_repeated_and_takes_no_secret_that_is_in_use() {
    for survived in 0..5 {
        let fake = active();
        let token = made(&fake);
        fake.kv.die_after(survived);
        assert!(run(rotate(&fake, &token, SecretHash([2; 32]), soon(&fake))).is_err(), "{survived}");
        fake.kv.die_after(None);
        assert!(holds(&fake, token.secret).is_some(), "after {survived}");
        assert_eq!(run(rotate(&fake, &token, SecretHash([3; 32]), soon(&fake))).unwrap(), Rotated::Done);
        assert_eq!((ends(&fake, [3; 32]), ends(&fake, token.secret)), (None, Some(soon(&fake))));
        run(delete(&fake, &token, &())).unwrap();
        let secrets = fake.kv.keys().into_iter().filter(|key| key.starts_with("secret/"));
        assert_eq!(secrets.count(), 0, "after {survived}");
    }
}

#[test]
fn nothing_is_rotated_in_a_cockpit_that_is_being_removed() {
    // The mark, and the secret's removal.
    for survived in 1..3 {
        let fake = active();
        let token = made(&fake);
        fake.kv.die_after(survived);
        assert!(run(deactivate(&fake, PROJECT)).is_err());
        fake.kv.die_after(None);
        assert_eq!(run(find(&fake, token.id())).unwrap(), Some(token.clone()));
        let rotated = run(rotate(&fake, &token, SecretHash([2; 32]), soon(&fake))).unwrap();
        assert_eq!((rotated, holds(&fake, [2; 32])), (Rotated::NoCockpit, None), "after {survived}");
        assert_eq!(run(last_rotation(&fake, token.id())).unwrap(), None);
    }
}

#[test]
fn a_rotation_that_died_beside_as_many_retiring_secrets_as_may_be_but_one_can_be_repeated() {
    for survived in 0.. {
        let fake = active();
        let token = made(&fake);
        for byte in 2..4 {
            assert_eq!(run(rotate(&fake, &token, SecretHash([byte; 32]), soon(&fake))).unwrap(), Rotated::Done);
        }
        fake.kv.die_after(survived);
        let rotated = run(rotate(&fake, &token, SecretHash([4; 32]), soon(&fake)));
        fake.kv.die_after(None);
        if rotated.is_ok() {
            assert!(survived > 3);
            break;
        }
        let again = run(rotate(&fake, &token, SecretHash([5; 32]), soon(&fake))).unwrap();
        assert_eq!(again, Rotated::Done, "died after {survived}");
    }
}
