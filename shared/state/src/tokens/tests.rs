use super::*;
use crate::cockpits::{Activation, activate, deactivate};
use cockpit_core::{ports::Random, scope::Scope};
use cockpit_fake::{Fake, both, run, yield_now};

const PROJECT: ProjectId = ProjectId::from_bytes([7; 16]);

fn active() -> Fake {
    let fake = Fake::new(&[]);
    assert!(matches!(run(activate(&fake, PROJECT)).unwrap(), Activation::Done(_)));
    fake
}

fn new(fake: &Fake) -> NewToken {
    let (id, secret) = (Uuid::from_bytes(fake.bytes()), [fake.bytes(), fake.bytes()].concat());
    let scopes = [Scope::WriteMetrics].into_iter().collect();
    NewToken { id, project: PROJECT, name: "agent".into(), scopes, secret: SecretHash(secret.try_into().unwrap()) }
}

fn made(fake: &Fake) -> Token {
    run(create(fake, new(fake))).unwrap().unwrap()
}

fn ids(fake: &Fake) -> Vec<Uuid> {
    run(list(fake, PROJECT)).unwrap().iter().map(Token::id).collect()
}

#[test]
fn a_token_is_found_listed_and_held_until_it_is_deleted() {
    let fake = active();
    let token = made(&fake);
    assert_eq!(run(find(&fake, token.id())).unwrap(), Some(token.clone()));
    assert_eq!(ids(&fake), [token.id()]);
    assert_eq!(run(holder(&fake, SecretHash(token.secret))).unwrap(), Some((PROJECT, token.scopes())));
    run(delete(&fake, &token)).unwrap();
    assert_eq!(run(find(&fake, token.id())).unwrap(), None);
    assert!(ids(&fake).is_empty());
    assert_eq!(run(holder(&fake, SecretHash(token.secret))).unwrap(), None);
}

#[test]
fn a_push_costs_one_read() {
    let fake = active();
    let token = made(&fake);
    fake.kv.take_operations();
    run(holder(&fake, SecretHash(token.secret))).unwrap();
    let seen = fake.kv.take_operations();
    assert_eq!((seen.reads, seen.writes), (1, 0));
}

#[test]
fn a_creation_that_dies_anywhere_shows_no_token_and_can_be_repeated() {
    for survived in 0..8 {
        let fake = active();
        fake.kv.fail_after(survived);
        assert!(run(create(&fake, new(&fake))).is_err(), "{survived} operations were enough");
        fake.kv.fail_after(None);
        // Only the last step, the confirmation, comes after the token is whole.
        let whole = usize::from(survived == 7);
        assert_eq!(ids(&fake).len(), whole, "after {survived} operations");
        let token = made(&fake);
        assert!(ids(&fake).contains(&token.id()));
    }
}

#[test]
fn a_deletion_that_dies_leaves_a_dead_secret_and_can_be_repeated() {
    let fake = active();
    let token = made(&fake);
    fake.kv.fail_after(1);
    assert!(run(delete(&fake, &token)).is_err());
    fake.kv.fail_after(None);
    assert_eq!(run(holder(&fake, SecretHash(token.secret))).unwrap(), None);
    let again = run(find(&fake, token.id())).unwrap().unwrap();
    run(delete(&fake, &again)).unwrap();
    assert!(ids(&fake).is_empty());
}

#[test]
fn without_a_cockpit_there_are_no_tokens() {
    let fake = Fake::new(&[]);
    assert_eq!(run(create(&fake, new(&fake))).unwrap(), None);
    assert_eq!(fake.kv.keys(), Vec::<String>::new());
}

#[test]
fn deactivation_leaves_nothing_but_the_counter_and_its_floor() {
    let fake = active();
    let tokens = [made(&fake), made(&fake)];
    run(deactivate(&fake, PROJECT)).unwrap();
    for token in tokens {
        assert_eq!(run(holder(&fake, SecretHash(token.secret))).unwrap(), None);
    }
    assert_eq!(fake.kv.keys(), [format!("tokens/{PROJECT}/floor"), format!("tokens/{PROJECT}/next")]);
}

#[test]
fn a_deactivation_that_dies_anywhere_is_finished_by_the_next() {
    let mut died = 0;
    loop {
        let fake = active();
        let token = made(&fake);
        fake.kv.fail_after(died);
        if run(deactivate(&fake, PROJECT)).is_ok() {
            break;
        }
        fake.kv.fail_after(None);
        run(deactivate(&fake, PROJECT)).unwrap();
        assert_eq!(run(holder(&fake, SecretHash(token.secret))).unwrap(), None, "after {died} operations");
        assert!(fake.kv.keys().iter().all(|key| key.starts_with("tokens/")), "{:?}", fake.kv.keys());
        died += 1;
    }
    assert!(died > 5);
}

#[test]
fn no_token_outlives_a_cockpit_that_is_deactivated_meanwhile() {
    for head_start in 0..24 {
        let fake = active();
        let wait_then_deactivate = async {
            for _ in 0..head_start {
                yield_now().await;
            }
            deactivate(&fake, PROJECT).await.unwrap();
        };
        let fresh = new(&fake);
        let secret = fresh.secret;
        let (created, ()) = run(both(create(&fake, fresh), wait_then_deactivate));
        let held = run(holder(&fake, secret)).unwrap();
        assert_eq!(held, None, "head start {head_start}, created {created:?}");
        assert!(ids(&fake).is_empty());
    }
}

#[test]
fn concurrent_creations_are_all_kept() {
    let fake = active();
    let batch = || async { [create(&fake, new(&fake)).await, create(&fake, new(&fake)).await] };
    let _ = run(both(both(batch(), batch()), both(batch(), batch())));
    assert_eq!(ids(&fake).len(), 8);
}

#[test]
fn the_log_stays_short_however_many_tokens_come_and_go() {
    let fake = active();
    let kept = made(&fake);
    for _ in 0..400 {
        let token = made(&fake);
        run(delete(&fake, &token)).unwrap();
        fake.pass(60);
    }
    assert_eq!(ids(&fake), [kept.id()]);
    fake.kv.take_operations();
    run(list(&fake, PROJECT)).unwrap();
    let reads = fake.kv.take_operations().reads;
    assert!(reads < 80, "{reads} reads to list one token");
}

#[test]
fn what_a_crashed_creation_left_is_swept() {
    let fake = active();
    fake.kv.fail_after(6);
    assert!(run(create(&fake, new(&fake))).is_err());
    fake.kv.fail_after(None);
    let secrets = || fake.kv.keys().iter().filter(|key| key.starts_with("secret/")).count();
    assert_eq!(secrets(), 1, "the crash came after the secret was written");
    for _ in 0..60 {
        let token = made(&fake);
        run(delete(&fake, &token)).unwrap();
        fake.pass(60);
    }
    assert_eq!(secrets(), 0);
}
