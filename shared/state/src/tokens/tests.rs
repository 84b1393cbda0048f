use super::*;
use crate::cockpits::{self, Activation, Cockpit};
use cockpit_core::{ports::Random, scope::Scope};
use cockpit_fake::{Fake, both, run, yield_now};

const PROJECT: ProjectId = ProjectId::from_bytes([7; 16]);

fn active() -> Fake {
    let fake = Fake::new(&[]);
    let activation = run(cockpits::activate(&fake, PROJECT, async || Ok(()))).unwrap();
    assert!(matches!(activation, Activation::Done(_)));
    fake
}

async fn deactivate(fake: &Fake, project: ProjectId) -> Result<Option<Cockpit>, StoreError> {
    cockpits::deactivate(fake, project, async || Ok(())).await
}

fn new(fake: &Fake) -> NewToken {
    let (id, secret) = (Uuid::from_bytes(fake.bytes()), [fake.bytes(), fake.bytes()].concat());
    let scopes = [Scope::WriteMetrics].into_iter().collect();
    let secret = SecretHash(secret.try_into().unwrap());
    NewToken { id, project: PROJECT, name: "agent".into(), scopes, secret, expires_at: None, bounds: Bounds::default() }
}

fn made(fake: &Fake) -> Token {
    run(create(fake, new(fake))).unwrap().done().unwrap()
}

fn holds(fake: &Fake, secret: [u8; 32]) -> Option<Held> {
    run(holder(fake, SecretHash(secret))).unwrap()
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
    let grant = holds(&fake, token.secret).unwrap().grant;
    assert_eq!((grant.id, grant.project, grant.scopes), (token.id, PROJECT, token.scopes()));
    run(delete(&fake, &token)).unwrap();
    assert_eq!(run(find(&fake, token.id())).unwrap(), None);
    assert!(ids(&fake).is_empty());
    assert_eq!(holds(&fake, token.secret), None);
}

#[test]
fn a_push_costs_one_read() {
    let fake = active();
    let token = made(&fake);
    fake.kv.take_operations();
    holds(&fake, token.secret);
    let seen = fake.kv.take_operations();
    assert_eq!((seen.reads, seen.writes), (1, 0));
}

#[test]
fn a_creation_that_dies_between_two_writes_shows_no_token_and_can_be_repeated() {
    // The number in the log, the pointer, the secret, the token.
    for survived in 0..4 {
        let fake = active();
        fake.kv.die_after(survived);
        assert!(run(create(&fake, new(&fake))).is_err(), "{survived} writes were enough");
        fake.kv.die_after(None);
        assert!(ids(&fake).is_empty(), "after {survived} writes");
        let token = made(&fake);
        assert_eq!(ids(&fake), [token.id()]);
    }
    let fake = active();
    fake.kv.die_after(4);
    assert!(run(create(&fake, new(&fake))).is_ok());
}

#[test]
fn a_deletion_that_dies_leaves_a_dead_secret_and_can_be_repeated() {
    let fake = active();
    let token = made(&fake);
    fake.kv.die_after(1);
    assert!(run(delete(&fake, &token)).is_err());
    fake.kv.die_after(None);
    assert_eq!(holds(&fake, token.secret), None);
    let again = run(find(&fake, token.id())).unwrap().unwrap();
    fake.kv.die_after(1);
    run(delete(&fake, &again)).unwrap();
    assert!(ids(&fake).is_empty());
}

#[test]
fn without_a_cockpit_there_are_no_tokens() {
    let fake = Fake::new(&[]);
    assert_eq!(run(create(&fake, new(&fake))).unwrap(), Creation::NoCockpit);
    assert_eq!(fake.kv.keys(), Vec::<String>::new());
}

#[test]
fn deactivation_leaves_nothing_but_the_counter_and_its_floor() {
    let fake = active();
    let tokens = [made(&fake), made(&fake)];
    run(deactivate(&fake, PROJECT)).unwrap();
    for token in tokens {
        assert_eq!(holds(&fake, token.secret), None);
    }
    let left = |key: &String| !key.ends_with("/next") && !key.ends_with("/floor");
    assert_eq!(fake.kv.keys().into_iter().filter(left).collect::<Vec<_>>(), Vec::<String>::new());
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
        assert_eq!(holds(&fake, token.secret), None, "after {died} operations");
        let left = |key: &String| !key.ends_with("/next") && !key.ends_with("/floor");
        assert!(!fake.kv.keys().iter().any(left), "{:?}", fake.kv.keys());
        died += 1;
    }
    assert!(died > 5);
}

#[test]
fn no_token_outlives_a_cockpit_that_is_deactivated_meanwhile() {
    for head_start in 0..40 {
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
        let held = holds(&fake, secret.0);
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
    fake.kv.die_after(3);
    assert!(run(create(&fake, new(&fake))).is_err());
    fake.kv.die_after(None);
    let secrets = || fake.kv.keys().iter().filter(|key| key.starts_with("secret/")).count();
    assert_eq!(secrets(), 1, "the crash came after the secret was written");
    for _ in 0..60 {
        let token = made(&fake);
        run(delete(&fake, &token)).unwrap();
        fake.pass(60);
    }
    assert_eq!(secrets(), 0);
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
    run(delete(&fake, &tokens[0])).unwrap();
    assert!(run(create(&fake, new(&fake))).unwrap().done().is_some());
}

#[test]
fn tokens_whose_time_is_over_make_room() {
    let fake = active();
    let end = Timestamp::from_micros(fake.micros.get() + 1_000_000);
    for _ in 0..MOST {
        run(create(&fake, NewToken { expires_at: Some(end), ..new(&fake) })).unwrap().done().unwrap();
    }
    fake.pass(1);
    let token = made(&fake);
    assert_eq!(ids(&fake), [token.id()]);
}

#[test]
fn a_rotated_token_has_two_secrets_for_a_while_and_then_one() {
    let fake = active();
    let token = made(&fake);
    let until = Timestamp::from_micros(fake.micros.get() + 60_000_000);
    assert_eq!(run(rotate(&fake, &token, SecretHash([2; 32]), until)).unwrap(), Rotated::Done);
    assert_eq!(holds(&fake, token.secret).unwrap().ends_at, Some(until));
    assert_eq!(holds(&fake, [2; 32]).unwrap().ends_at, None);
    let rotation = run(last_rotation(&fake, token.id())).unwrap().unwrap();
    assert_eq!((rotation.at().micros(), rotation.until()), (fake.micros.get(), until));
    fake.pass(61);
    let later = Timestamp::from_micros(fake.micros.get() + 60_000_000);
    assert_eq!(run(rotate(&fake, &token, SecretHash([3; 32]), later)).unwrap(), Rotated::Done);
    assert_eq!(holds(&fake, token.secret), None, "what is over is removed");
    assert_eq!(holds(&fake, [2; 32]).unwrap().ends_at, Some(later));
    run(delete(&fake, &token)).unwrap();
    assert!([2, 3].into_iter().all(|byte| holds(&fake, [byte; 32]).is_none()));
    assert!(fake.kv.keys().iter().all(|key| !key.starts_with("rotat")), "{:?}", fake.kv.keys());
}

#[test]
fn only_so_many_secrets_are_on_their_way_out() {
    let fake = active();
    let token = made(&fake);
    let until = Timestamp::from_micros(fake.micros.get() + 60_000_000);
    for byte in 0..=3 {
        let want = if byte < 3 { Rotated::Done } else { Rotated::TooMany };
        assert_eq!(run(rotate(&fake, &token, SecretHash([byte; 32]), until)).unwrap(), want);
    }
}

#[test]
fn a_rotation_that_dies_anywhere_can_be_repeated_and_takes_no_secret_that_is_in_use() {
    for survived in 0..5 {
        let fake = active();
        let token = made(&fake);
        let until = Timestamp::from_micros(fake.micros.get() + 60_000_000);
        fake.kv.die_after(survived);
        assert!(run(rotate(&fake, &token, SecretHash([2; 32]), until)).is_err(), "{survived}");
        fake.kv.die_after(None);
        assert!(holds(&fake, token.secret).is_some_and(|held| held.ends_at.is_none()), "after {survived}");
        assert_eq!(run(rotate(&fake, &token, SecretHash([3; 32]), until)).unwrap(), Rotated::Done);
        assert_eq!(holds(&fake, [3; 32]).unwrap().ends_at, None);
        assert_eq!(holds(&fake, token.secret).unwrap().ends_at, Some(until));
        run(delete(&fake, &token)).unwrap();
        let secrets = fake.kv.keys().into_iter().filter(|key| key.starts_with("secret/"));
        assert_eq!(secrets.count(), 0, "after {survived}");
    }
}

#[test]
fn no_secret_outlives_a_token_that_is_deleted_while_it_is_rotated() {
    for head_start in 0..30 {
        let fake = active();
        let token = made(&fake);
        let until = Timestamp::from_micros(fake.micros.get() + 60_000_000);
        let wait_then_delete = async {
            for _ in 0..head_start {
                yield_now().await;
            }
            delete(&fake, &token).await.unwrap();
        };
        let (rotated, ()) = run(both(rotate(&fake, &token, SecretHash([2; 32]), until), wait_then_delete));
        let keys = fake.kv.keys().into_iter().filter(|key| key.starts_with("secret/") || key.starts_with("rotat"));
        assert_eq!(keys.collect::<Vec<_>>(), Vec::<String>::new(), "head start {head_start}, rotated {rotated:?}");
    }
}

#[test]
fn of_two_rotations_at_once_a_secret_stays_that_does_not_retire() {
    for head_start in 0..20 {
        let fake = active();
        let token = made(&fake);
        let until = Timestamp::from_micros(fake.micros.get() + 60_000_000);
        let second = async {
            for _ in 0..head_start {
                yield_now().await;
            }
            rotate(&fake, &token, SecretHash([3; 32]), until).await.unwrap()
        };
        let _ = run(both(rotate(&fake, &token, SecretHash([2; 32]), until), second));
        let lasting = [2, 3].into_iter().filter(|byte| holds(&fake, [*byte; 32]).unwrap().ends_at.is_none());
        assert!(lasting.count() >= 1, "{head_start}");
        run(delete(&fake, &token)).unwrap();
        assert!([2, 3].into_iter().all(|byte| holds(&fake, [byte; 32]).is_none()));
    }
}
