//! What an instance looks up of a token when it first sees a secret of it, and every five minutes from then on: whether
//! the secret retires, and whether it is known that the token is in use.
//!
//! Two reads, and one write in five minutes for each token, whoever sees it.

use cockpit_core::{
    Refusal, Timestamp,
    memory::Recent,
    ports::{Clock, Kv, Log, Memory, StoreError},
};
use cockpit_state::{SecretHash, tokens};
use std::cell::RefCell;
use uuid::Uuid;

/// The most secrets that an instance remembers; each takes about 120 bytes.
const AT_MOST: usize = 4_096;

/// For so many microseconds what was seen is good enough.
const PAUSE: i64 = 5 * 60 * 1_000_000;

/// What was seen of each secret.
#[derive(Debug)]
struct Sights(RefCell<Recent<[u8; 32], Sight>>);

impl Default for Sights {
    fn default() -> Self {
        Self(RefCell::new(Recent::new(AT_MOST)))
    }
}

/// What was seen of a secret.
#[derive(Clone, Copy, Debug)]
struct Sight {
    at: Timestamp,
    retires_at: Option<Timestamp>,
}

/// When a secret of this token retires, if it does, as of the last five minutes. Notes that the token is in use.
pub(crate) async fn look<P: Kv + Clock + Memory + Log>(
    ports: &P,
    secret: SecretHash,
    id: [u8; 16],
) -> Result<Option<Timestamp>, Refusal> {
    let (now, sights) = (ports.now(), ports.recall::<Sights>());
    let known = sights.0.borrow_mut().get(&secret.0).copied();
    if let Some(sight) = known.filter(|sight| is_fresh(sight.at, now)) {
        return Ok(sight.retires_at);
    }
    let retires_at = tokens::retires_at(ports, secret).await?;
    if retires_at.is_none_or(|end| end > now)
        && let Err(cause) = note(ports, Uuid::from_bytes(id), now).await
    {
        ports.line(&format!("the use of a token is not noted: {cause}"));
    }
    sights.0.borrow_mut().insert(secret.0, Sight { at: now, retires_at }, 1);
    Ok(retires_at)
}

/// Notes that a token is in use, unless somebody did lately.
async fn note(kv: &impl Kv, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
    match tokens::last_used(kv, id).await? {
        Some(at) if is_fresh(at, now) => Ok(()),
        _ => tokens::note_use(kv, id, now).await,
    }
}

fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    now.micros().saturating_sub(at.micros()) < PAUSE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Secret, fixture::with_token};
    use cockpit_fake::{Fake, run};
    use cockpit_state::tokens::Rotated;

    fn sees(fake: &Fake, secret: &Secret, id: Uuid) -> (Option<Timestamp>, u64) {
        fake.kv.take_operations();
        let retires_at = run(look(fake, secret.hash(), id.into_bytes())).unwrap();
        (retires_at, fake.kv.take_operations().writes)
    }

    #[test]
    fn a_use_is_written_once_in_five_minutes_however_many_instances_see_it() {
        let (fake, secret, token) = with_token(&[], |_| {});
        assert_eq!(run(tokens::last_used(&fake, token.id())).unwrap(), None);
        assert_eq!(sees(&fake, &secret, token.id()).1, 1);
        assert_eq!(sees(&fake, &secret, token.id()).1, 0);
        fake.forget();
        assert_eq!(sees(&fake, &secret, token.id()).1, 0, "another instance reads that it was noted");
        fake.pass(301);
        assert_eq!(sees(&fake, &secret, token.id()).1, 1);
        assert_eq!(run(tokens::last_used(&fake, token.id())).unwrap(), Some(fake.now()));
    }

    #[test]
    fn a_rotation_is_seen_by_a_new_instance_at_once_and_by_another_in_five_minutes() {
        let (fake, secret, token) = with_token(&[], |_| {});
        assert_eq!(sees(&fake, &secret, token.id()).0, None);
        let until = Timestamp::from_micros(fake.micros.get() + 60_000_000);
        let rotated = run(tokens::rotate(&fake, &token, SecretHash([2; 32]), until)).unwrap();
        assert_eq!(rotated, Rotated::Done);
        assert_eq!(sees(&fake, &secret, token.id()).0, None);
        fake.pass(300);
        assert_eq!(sees(&fake, &secret, token.id()).0, Some(until));
        fake.forget();
        assert_eq!(sees(&fake, &secret, token.id()).0, Some(until));
    }

    #[test]
    fn a_use_that_cannot_be_noted_is_logged_and_hinders_nobody() {
        let (fake, secret, token) = with_token(&[], |_| {});
        fake.kv.die_after(0);
        assert_eq!(sees(&fake, &secret, token.id()).0, None);
        assert_eq!(fake.logged.borrow().len(), 1);
    }

    #[test]
    fn whether_a_secret_retires_must_be_known() {
        let (fake, secret, token) = with_token(&[], |_| {});
        fake.kv.fail_after(0);
        assert!(matches!(run(look(&fake, secret.hash(), token.id().into_bytes())), Err(Refusal::Unavailable(_))));
    }

    #[test]
    fn a_token_that_is_gone_leaves_no_trace() {
        let (fake, secret, token) = with_token(&[], |_| {});
        run(tokens::delete(&fake, &token, &())).unwrap();
        sees(&fake, &secret, token.id());
        assert!(fake.kv.keys().iter().all(|key| !key.starts_with("used/")));
    }
}
