//! Tokens that an instance has looked up, for as long as a revocation may take to be noticed.
//!
//! Only live tokens are remembered: one that was just created works at once, and strangers cannot fill the memory.

use cockpit_core::{
    ConfigError, Refusal, Timestamp,
    memory::Recent,
    ports::{Clock, Config, Kv, Memory},
};
use cockpit_state::{
    SecretHash,
    tokens::{self, Held},
};
use std::{cell::RefCell, rc::Rc};

/// The most tokens an instance remembers; each takes about 400 bytes, more with networks.
const AT_MOST: usize = 4_096;

/// The longest that a revocation may be configured to take.
const LONGEST: i64 = 3_600;

/// What an instance remembers of tokens.
#[derive(Debug)]
struct Known(RefCell<Recent<[u8; 32], Seen>>);

impl Default for Known {
    fn default() -> Self {
        Self(RefCell::new(Recent::new(AT_MOST)))
    }
}

/// A live token, as it was when the store was asked.
#[derive(Clone, Debug)]
struct Seen {
    held: Rc<Held>,
    asked_at: Timestamp,
}

/// Whom a secret belongs to, if it is live, or was within the bound. At most one read of the store.
pub(crate) async fn holder<P: Kv + Config + Clock + Memory>(
    ports: &P,
    secret: SecretHash,
) -> Result<Option<Rc<Held>>, Refusal> {
    let bound = bound(ports).await?;
    let (now, known) = (ports.now(), ports.recall::<Known>());
    let seen = known.0.borrow_mut().get(&secret.0).cloned();
    if let Some(seen) = seen.filter(|seen| is_fresh(seen.asked_at, now, bound)) {
        return Ok(Some(seen.held));
    }
    let Some(held) = tokens::holder(ports, secret).await?.map(Rc::new) else { return Ok(None) };
    if bound > 0 {
        known.0.borrow_mut().insert(secret.0, Seen { held: Rc::clone(&held), asked_at: now }, 1);
    }
    Ok(Some(held))
}

/// A clock that went back proves nothing about an age.
fn is_fresh(asked_at: Timestamp, now: Timestamp, bound: i64) -> bool {
    let age = now.micros().saturating_sub(asked_at.micros());
    (0..bound.saturating_mul(1_000_000)).contains(&age)
}

/// Seconds that a revocation may take; 0 looks each token up each time.
async fn bound(config: &impl Config) -> Result<i64, ConfigError> {
    let text = config.variable("revocation_seconds").await?.unwrap_or_default();
    if text.is_empty() {
        return Ok(0);
    }
    let seconds = text.parse().ok().filter(|seconds| (0..=LONGEST).contains(seconds));
    seconds.ok_or_else(|| ConfigError(format!("revocation_seconds must be between 0 and {LONGEST}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Secret, fixture};
    use cockpit_fake::{Fake, Operations, run};

    fn with_token(bound: &'static str) -> (Fake, Secret, cockpit_state::Token) {
        fixture::with_token(&[("revocation_seconds", bound)], |_| {})
    }

    fn is_live(fake: &Fake, secret: &Secret) -> bool {
        run(holder(fake, secret.hash())).unwrap().is_some()
    }

    #[test]
    fn a_revocation_is_noticed_within_the_bound_and_at_once_by_a_new_instance() {
        let (fake, secret, token) = with_token("5");
        assert!(is_live(&fake, &secret));
        run(tokens::delete(&fake, &token, &())).unwrap();
        fake.micros.set(fake.micros.get() + 4_999_999);
        assert!(is_live(&fake, &secret));
        fake.micros.set(fake.micros.get() + 1);
        assert!(!is_live(&fake, &secret));
        let (fake, secret, token) = with_token("5");
        assert!(is_live(&fake, &secret));
        run(tokens::delete(&fake, &token, &())).unwrap();
        fake.forget();
        assert!(!is_live(&fake, &secret));
    }

    #[test]
    fn without_a_bound_every_request_asks_the_store() {
        for bound in ["0", ""] {
            let (fake, secret, token) = with_token(bound);
            assert!(is_live(&fake, &secret));
            run(tokens::delete(&fake, &token, &())).unwrap();
            assert!(!is_live(&fake, &secret), "{bound:?}");
        }
    }

    #[test]
    fn a_known_token_costs_the_store_nothing_and_outlives_its_failure() {
        let (fake, secret, _) = with_token("5");
        assert!(is_live(&fake, &secret));
        fake.kv.take_operations();
        fake.kv.fail_after(0);
        assert!(is_live(&fake, &secret));
        assert_eq!(fake.kv.take_operations(), Operations::default());
        fake.pass(5);
        assert!(matches!(run(holder(&fake, secret.hash())), Err(Refusal::Unavailable(_))));
    }

    #[test]
    fn an_unknown_token_is_asked_for_each_time() {
        let (fake, secret, token) = with_token("5");
        run(tokens::delete(&fake, &token, &())).unwrap();
        fake.kv.take_operations();
        assert!(!is_live(&fake, &secret) && !is_live(&fake, &secret));
        assert_eq!(fake.kv.take_operations().reads, 2);
    }

    #[test]
    fn a_bound_that_is_no_number_of_seconds_is_our_fault() {
        for bound in ["-1", "3601", "5s", " "] {
            let (fake, secret, _) = with_token(bound);
            assert!(matches!(run(holder(&fake, secret.hash())), Err(Refusal::Unavailable(_))), "{bound:?}");
        }
    }

    #[test]
    fn a_clock_that_goes_back_does_not_prolong_a_token() {
        let (fake, secret, token) = with_token("5");
        assert!(is_live(&fake, &secret));
        run(tokens::delete(&fake, &token, &())).unwrap();
        fake.pass(-60);
        assert!(!is_live(&fake, &secret));
    }
}
