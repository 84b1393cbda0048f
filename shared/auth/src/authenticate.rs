//! From a request's headers to whom it is from.

use crate::{credential, known};
use cockpit_core::{
    Fault, Principal, Refusal,
    ports::{Clock, Config, Kv, Memory},
    routes::Access,
};
use http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Finds out who calls, as far as a row with this access needs to know.
///
/// A token costs one read of the store, and only if its form and checksum are right and this instance has not
/// looked it up lately.
pub async fn authenticate<P: Kv + Config + Clock + Memory>(
    ports: &P,
    access: Access,
    headers: &HeaderMap,
) -> Result<Principal, Refusal> {
    match access {
        Access::Public(_) => Ok(Principal::Anonymous),
        Access::Admin => manager(ports, headers).await,
        Access::AnyToken | Access::Holder(_) => holder(ports, headers).await,
    }
}

async fn manager(config: &impl Config, headers: &HeaderMap) -> Result<Principal, Refusal> {
    let given = credential::management_key(headers).ok_or(Refusal::Unauthenticated)?;
    let admin_key = config.variable("admin_key").await?.unwrap_or_default();
    if admin_key.is_empty() {
        let fault = Fault::new("the gateway has no admin key, ask its operator", "the variable admin_key is not set");
        return Err(Refusal::Unavailable(fault));
    }
    if same(given, &admin_key) { Ok(Principal::Admin) } else { Err(Refusal::Unauthenticated) }
}

async fn holder<P: Kv + Config + Clock + Memory>(ports: &P, headers: &HeaderMap) -> Result<Principal, Refusal> {
    let secret = credential::token(headers).ok_or(Refusal::Unauthenticated)?;
    let (project, scopes) = known::holder(ports, secret.hash()).await?.ok_or(Refusal::Unauthenticated)?;
    Ok(Principal::Token { project, scopes })
}

/// Compares two secrets in a time that tells nothing of either, not even their lengths.
fn same(given: &str, wanted: &str) -> bool {
    Sha256::digest(given.as_bytes()).ct_eq(&Sha256::digest(wanted.as_bytes())).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;
    use cockpit_core::{
        ProjectId, Scope,
        ports::{Clock, Random},
    };
    use cockpit_fake::{Fake, run};
    use cockpit_state::{NewToken, Token, cockpits, tokens};
    use uuid::Uuid;

    const KEY: &str = "3d2c1f3e-6f0a-4a52-9c3e-0d5a3f1b2c4d";
    const PROJECT: ProjectId = ProjectId::from_bytes([7; 16]);

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())])
    }

    fn with_token() -> (Fake, Secret, Token) {
        let fake = Fake::new(&[("admin_key", KEY)]);
        run(cockpits::activate(&fake, PROJECT)).unwrap();
        let secret = Secret::generate(&fake);
        let id = Uuid::from_bytes(fake.bytes());
        let scopes = [Scope::WriteMetrics].into_iter().collect();
        let new = NewToken { id, project: PROJECT, name: "t".into(), scopes, secret: secret.hash() };
        let token = run(tokens::create(&fake, new)).unwrap().unwrap();
        assert!(token.created_at() <= fake.now());
        (fake, secret, token)
    }

    fn token(fake: &Fake, secret: &Secret) -> Result<Principal, Refusal> {
        run(authenticate(fake, Access::AnyToken, &headers("x-token", secret.expose())))
    }

    #[test]
    fn a_live_token_is_its_project_and_scopes() {
        let (fake, secret, created) = with_token();
        let want = Principal::Token { project: PROJECT, scopes: created.scopes() };
        assert_eq!(token(&fake, &secret).unwrap(), want);
    }

    #[test]
    fn a_revoked_or_unknown_token_is_nobody() {
        let (fake, secret, created) = with_token();
        run(tokens::delete(&fake, &created)).unwrap();
        for secret in [secret, Secret::generate(&fake)] {
            assert!(matches!(token(&fake, &secret), Err(Refusal::Unauthenticated)));
        }
    }

    #[test]
    fn a_failing_store_is_never_reported_as_a_bad_token() {
        let (fake, secret, _) = with_token();
        fake.kv.fail_after(0);
        assert!(matches!(token(&fake, &secret), Err(Refusal::Unavailable(_))));
    }

    #[test]
    fn an_impossible_token_never_reaches_the_store() {
        let fake = Fake::new(&[]);
        let refused = run(authenticate(&fake, Access::AnyToken, &headers("x-token", "ckp_invented")));
        assert!(matches!(refused, Err(Refusal::Unauthenticated)));
        assert_eq!(fake.kv.take_operations(), cockpit_fake::Operations::default());
    }

    #[test]
    fn only_the_management_key_manages() {
        let (fake, secret, _) = with_token();
        let call = |value: &str| run(authenticate(&fake, Access::Admin, &headers("x-auth-token", value)));
        assert_eq!(call(KEY).unwrap(), Principal::Admin);
        for wrong in ["", "x", secret.expose(), &KEY.to_uppercase()] {
            assert!(matches!(call(wrong), Err(Refusal::Unauthenticated)), "{wrong}");
        }
    }

    #[test]
    fn without_a_configured_key_nobody_manages_and_it_is_our_fault() {
        for fake in [Fake::new(&[]), Fake::new(&[("admin_key", "")])] {
            let refused = run(authenticate(&fake, Access::Admin, &headers("x-auth-token", "x")));
            assert!(matches!(refused, Err(Refusal::Unavailable(_))));
        }
    }
}
