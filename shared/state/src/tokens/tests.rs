mod deaths;
mod interleaved;
mod races;
mod rotations;
mod slow;

use super::*;
use crate::cockpits::{self, Activation};
use cockpit_core::{ports::Random, scope::Scope};
use cockpit_fake::{Fake, run};

const PROJECT: ProjectId = ProjectId::from_bytes([7; 16]);

fn active() -> Fake {
    let fake = Fake::new(&[]);
    let activation = run(cockpits::activate(&fake, PROJECT, &())).unwrap();
    assert!(matches!(activation, Activation::Done(_)));
    fake
}

async fn deactivate(fake: &Fake, project: ProjectId) -> Result<(), StoreError> {
    let Some(cockpit) = cockpits::find(fake, project).await? else { return Ok(()) };
    cockpits::deactivate(fake, project, cockpit, &()).await.map(drop)
}

fn new(fake: &Fake) -> NewToken {
    let (id, secret) = (Uuid::from_bytes(fake.bytes()), [fake.bytes(), fake.bytes()].concat());
    let scopes = [Scope::WriteMetrics].into_iter().collect();
    let secret = SecretHash(secret.try_into().unwrap());
    NewToken { id, project: PROJECT, name: "agent".into(), scopes, secret, expires_at: None, bounds: Bounds::default() }
}

/// Creates a token for the Cockpit that there is.
async fn create(fake: &Fake, new: NewToken) -> Result<Creation<Token>, StoreError> {
    let Some(cockpit) = cockpits::find(fake, PROJECT).await? else { return Ok(Creation::NoCockpit) };
    super::create(fake, &cockpit, new, &()).await
}

fn made(fake: &Fake) -> Token {
    run(create(fake, new(fake))).unwrap().done().unwrap()
}

fn holds(fake: &Fake, secret: [u8; 32]) -> Option<Held> {
    run(holder(fake, SecretHash(secret))).unwrap()
}

fn cockpit(fake: &Fake) -> Cockpit {
    run(cockpits::find(fake, PROJECT)).unwrap().unwrap()
}

fn ids(fake: &Fake) -> Vec<Uuid> {
    run(list(fake, PROJECT, &cockpit(fake))).unwrap().iter().map(Token::id).collect()
}

#[test]
fn a_token_is_found_listed_and_held_until_it_is_deleted() {
    let fake = active();
    let token = made(&fake);
    assert_eq!(run(find(&fake, token.id())).unwrap(), Some(token.clone()));
    assert_eq!(ids(&fake), [token.id()]);
    let grant = holds(&fake, token.secret).unwrap().grant;
    assert_eq!((grant.id, grant.project, grant.scopes), (token.birth.id, PROJECT, token.scopes()));
    run(delete(&fake, &token, &())).unwrap();
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
    // That it begins is two writes, the secret's removal one.
    fake.kv.die_after(3);
    assert!(run(delete(&fake, &token, &())).is_err());
    fake.kv.die_after(None);
    assert_eq!(holds(&fake, token.secret), None);
    let again = run(find(&fake, token.id())).unwrap().unwrap();
    fake.kv.die_after(3);
    run(delete(&fake, &again, &())).unwrap();
    assert!(ids(&fake).is_empty());
}

#[test]
fn a_cockpit_that_has_ended_gets_no_tokens() {
    let fake = active();
    let ended = cockpit(&fake);
    for next in [false, true] {
        run(deactivate(&fake, PROJECT)).unwrap();
        if next {
            run(cockpits::activate(&fake, PROJECT, &())).unwrap();
        }
        assert_eq!(run(super::create(&fake, &ended, new(&fake), &())).unwrap(), Creation::NoCockpit);
        let made = fake.kv.keys().into_iter().filter(|key| key.starts_with("token/") || key.starts_with("secret/"));
        assert_eq!(made.collect::<Vec<_>>(), Vec::<String>::new());
    }
}

/// What is kept of a project besides what says that it once had a Cockpit.
fn left(fake: &Fake) -> Vec<String> {
    let marks = ["cockpit/", "cockpits/", "ended/"];
    let counts = |key: &String| key.ends_with("/next") || key.ends_with("/floor");
    fake.kv.keys().into_iter().filter(|key| !counts(key) && !marks.iter().any(|mark| key.starts_with(mark))).collect()
}

#[test]
fn deactivation_leaves_nothing_but_counters_and_that_there_was_a_cockpit() {
    let fake = active();
    let tokens = [made(&fake), made(&fake)];
    run(rotate(&fake, &tokens[0], SecretHash([2; 32]), soon(&fake))).unwrap();
    run(note_use(&fake, tokens[0].id(), fake.now())).unwrap();
    // No rotation is under way any more.
    fake.pass(700);
    run(deactivate(&fake, PROJECT)).unwrap();
    for secret in [tokens[0].secret, tokens[1].secret, [2; 32]] {
        assert_eq!(holds(&fake, secret), None);
    }
    assert_eq!(left(&fake), Vec::<String>::new());
}

#[test]
fn a_deactivation_that_dies_anywhere_is_finished_by_the_next() {
    for died in 0.. {
        let fake = active();
        let token = made(&fake);
        fake.kv.fail_after(died);
        if run(deactivate(&fake, PROJECT)).is_ok() {
            assert!(died > 5);
            break;
        }
        fake.kv.fail_after(None);
        fake.pass(700);
        run(deactivate(&fake, PROJECT)).unwrap();
        assert_eq!(holds(&fake, token.secret), None, "after {died} operations");
        assert_eq!(left(&fake), Vec::<String>::new(), "after {died} operations");
    }
}

fn soon(fake: &Fake) -> Timestamp {
    Timestamp::from_micros(fake.micros.get() + 60_000_000)
}

#[test]
fn the_log_stays_short_however_many_tokens_come_and_go() {
    let fake = active();
    let kept = made(&fake);
    for _ in 0..400 {
        let token = made(&fake);
        run(delete(&fake, &token, &())).unwrap();
        fake.pass(60);
    }
    assert_eq!(ids(&fake), [kept.id()]);
    fake.kv.take_operations();
    run(list(&fake, PROJECT, &cockpit(&fake))).unwrap();
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
        run(delete(&fake, &token, &())).unwrap();
        fake.pass(60);
    }
    assert_eq!(secrets(), 0);
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
fn what_is_noted_of_a_token_goes_with_it() {
    let fake = active();
    let token = made(&fake);
    run(note_use(&fake, token.id(), fake.now())).unwrap();
    assert!(run(last_used(&fake, token.id())).unwrap().is_some());
    run(delete(&fake, &token, &())).unwrap();
    assert_eq!(run(last_used(&fake, token.id())).unwrap(), None);
}

#[test]
fn the_log_stays_short_however_many_cockpits_come_and_go() {
    let fake = Fake::new(&[]);
    for _ in 0..100 {
        run(cockpits::activate(&fake, PROJECT, &())).unwrap();
        (0..5).for_each(|_| drop(made(&fake)));
        fake.pass(300);
        run(deactivate(&fake, PROJECT)).unwrap();
        fake.pass(300);
    }
    run(cockpits::activate(&fake, PROJECT, &())).unwrap();
    fake.kv.take_operations();
    assert!(ids(&fake).is_empty());
    let reads = fake.kv.take_operations().reads;
    assert!(reads < 40, "{reads} reads to list no token");
}
