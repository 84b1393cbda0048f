//! That a token is in use: noted seldom, because each note is a write.

use cockpit_core::{
    Timestamp,
    memory::Recent,
    ports::{Clock, Kv, Log, Memory, StoreError},
};
use cockpit_state::tokens;
use std::cell::RefCell;
use uuid::Uuid;

/// The most tokens whose use an instance remembers; each takes about 100 bytes.
const AT_MOST: usize = 4_096;

/// A token's use is noted once in this many microseconds.
const PAUSE: i64 = 5 * 60 * 1_000_000;

/// When the use of each token was last noted, as far as this instance knows.
#[derive(Debug)]
struct Noted(RefCell<Recent<[u8; 16], Timestamp>>);

impl Default for Noted {
    fn default() -> Self {
        Self(RefCell::new(Recent::new(AT_MOST)))
    }
}

/// Notes the use of a token, unless that was done in the last five minutes. An instance that meets a token reads once
/// whether it was. Nothing here fails a request.
pub(crate) async fn note<P: Kv + Clock + Memory + Log>(ports: &P, id: [u8; 16]) {
    let (now, noted) = (ports.now(), ports.recall::<Noted>());
    let known = noted.0.borrow_mut().get(&id).copied();
    if known.is_some_and(|at| is_fresh(at, now)) {
        return;
    }
    let at = write(ports, Uuid::from_bytes(id), now).await.unwrap_or_else(|cause| {
        ports.line(&format!("the use of a token is not noted: {cause}"));
        now
    });
    noted.0.borrow_mut().insert(id, at, 1);
}

/// When the use was noted: by somebody else, or now.
async fn write(kv: &impl Kv, id: Uuid, now: Timestamp) -> Result<Timestamp, StoreError> {
    if let Some(at) = tokens::last_used(kv, id).await?.filter(|at| is_fresh(*at, now)) {
        return Ok(at);
    }
    tokens::note_use(kv, id, now).await.map(|()| now)
}

fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    now.micros().saturating_sub(at.micros()) < PAUSE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::with_token;
    use cockpit_fake::{Fake, run};

    fn writes(fake: &Fake, id: Uuid) -> u64 {
        fake.kv.take_operations();
        run(note(fake, id.into_bytes()));
        fake.kv.take_operations().writes
    }

    #[test]
    fn a_use_is_written_once_in_five_minutes_however_many_instances_see_it() {
        let (fake, _, token) = with_token(&[], |_| {});
        assert_eq!(run(tokens::last_used(&fake, token.id())).unwrap(), None);
        assert_eq!(writes(&fake, token.id()), 1);
        assert_eq!(writes(&fake, token.id()), 0);
        fake.forget();
        assert_eq!(writes(&fake, token.id()), 0, "another instance reads that it was noted");
        fake.pass(301);
        assert_eq!(writes(&fake, token.id()), 1);
        assert_eq!(run(tokens::last_used(&fake, token.id())).unwrap(), Some(fake.now()));
    }

    #[test]
    fn a_failing_store_is_logged_once_and_hinders_nobody() {
        let (fake, _, token) = with_token(&[], |_| {});
        fake.kv.fail_after(0);
        run(note(&fake, token.id().into_bytes()));
        run(note(&fake, token.id().into_bytes()));
        assert_eq!(fake.logged.borrow().len(), 1);
    }

    #[test]
    fn a_token_that_is_gone_leaves_no_trace() {
        let (fake, _, token) = with_token(&[], |_| {});
        run(tokens::delete(&fake, &token)).unwrap();
        run(note(&fake, token.id().into_bytes()));
        assert!(fake.kv.keys().iter().all(|key| !key.starts_with("used/")));
    }
}
