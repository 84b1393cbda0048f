//! From a request's headers to whom it is from.

use crate::{
    client::{self, Origin},
    credential, known, sight,
};
use cockpit_core::{
    Fault, Principal, Refusal, Timestamp, TokenGrant,
    ports::{Clock, Config, Kv, Log, Memory},
    project::parse_uuid,
    routes::Access,
};
use cockpit_state::{SecretHash, api_keys, tokens::Held};
use http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The ports that telling who calls needs.
pub trait Ports: Kv + Config + Clock + Memory + Log {}

impl<T: Kv + Config + Clock + Memory + Log> Ports for T {}

/// Finds out who calls, as far as a row with this access needs to know.
///
/// A token costs one read of the store, and only if its form and checksum are right and this instance has not
/// looked it up lately; so does an API key.
pub async fn authenticate<P: Ports>(ports: &P, access: Access, headers: &HeaderMap) -> Result<Principal, Refusal> {
    match access {
        Access::Public(_) => Ok(Principal::Anonymous),
        Access::Admin | Access::Manager(_) => manager(ports, credential::management_key(headers)).await,
        Access::Observer(_) => match credential::observers_key(headers) {
            Some(key) => manager(ports, Some(key)).await,
            None => holder(ports, headers).await.map(Principal::Token),
        },
        Access::AnyToken | Access::Holder(_) => holder(ports, headers).await.map(Principal::Token),
    }
}

async fn manager(ports: &(impl Kv + Config + Clock), given: Option<&str>) -> Result<Principal, Refusal> {
    let given = given.ok_or(Refusal::Unauthenticated)?;
    let admin_key = ports.variable("admin_key").await?.unwrap_or_default();
    if admin_key.is_empty() {
        let fault = Fault::new("the gateway has no admin key, ask its operator", "the variable admin_key is not set");
        return Err(Refusal::Unavailable(fault));
    }
    if same(given, &admin_key) { Ok(Principal::Admin) } else { key(ports, given).await }
}

async fn key(ports: &(impl Kv + Clock), given: &str) -> Result<Principal, Refusal> {
    // What is no UUID is no API key, and costs the store nothing.
    parse_uuid(given).ok_or(Refusal::Unauthenticated)?;
    let secret = SecretHash(Sha256::digest(given.as_bytes()).into());
    let (key, expires_at) = api_keys::holder(ports, secret).await?.ok_or(Refusal::Unauthenticated)?;
    if expires_at.is_some_and(|end| end <= ports.now()) {
        return Err(Refusal::Expired);
    }
    Ok(Principal::Key(key))
}

async fn holder<P: Ports>(ports: &P, headers: &HeaderMap) -> Result<TokenGrant, Refusal> {
    let secret = credential::token(headers).ok_or(Refusal::Unauthenticated)?.hash();
    let held = known::holder(ports, secret).await?.ok_or(Refusal::Unauthenticated)?;
    let is_over = |end: Timestamp| end <= ports.now();
    if held.expires_at.is_some_and(is_over) {
        return Err(Refusal::Unauthenticated);
    }
    admit(ports, &held, headers).await?;
    if sight::look(ports, secret, held.grant.id).await?.is_some_and(is_over) {
        return Err(Refusal::Unauthenticated);
    }
    Ok(held.grant.clone())
}

/// Refuses a token from outside the networks it is bound to.
async fn admit(config: &impl Config, held: &Held, headers: &HeaderMap) -> Result<(), Refusal> {
    if held.networks.is_empty() {
        return Ok(());
    }
    match client::origin(config, headers).await? {
        Origin::At(address) if client::is_in(address, &held.networks) => Ok(()),
        Origin::At(_) | Origin::Unreadable => Err(Refusal::Restricted("the token may not be used from this address")),
        Origin::Unknown => {
            let public = "the gateway cannot tell where callers are, ask its operator";
            Err(Refusal::Unavailable(Fault::new(public, "the host sets no spin-client-addr")))
        }
    }
}

/// Compares two secrets in a time that tells nothing of either, not even their lengths.
fn same(given: &str, wanted: &str) -> bool {
    Sha256::digest(given.as_bytes()).ct_eq(&Sha256::digest(wanted.as_bytes())).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Secret,
        fixture::{KEY, PROJECT, with_token},
    };
    use cockpit_core::routes::Right;
    use cockpit_fake::{Fake, run};
    use cockpit_state::{NewApiKey, NewToken, tokens};
    use http::HeaderName;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), value.parse().unwrap())])
    }

    fn token(fake: &Fake, secret: &Secret) -> Result<Principal, Refusal> {
        run(authenticate(fake, Access::AnyToken, &headers("x-token", secret.expose())))
    }

    fn manage(fake: &Fake, key: &str) -> Result<Principal, Refusal> {
        run(authenticate(fake, Access::Manager(Right::Read), &headers("x-auth-token", key)))
    }

    #[test]
    fn a_live_token_is_its_project_and_what_it_may_do() {
        let (fake, secret, created) = with_token(&[], |new| new.bounds.policy = Some("{a=\"b\"}".into()));
        let Principal::Token(grant) = token(&fake, &secret).unwrap() else { panic!() };
        assert_eq!((grant.project, grant.scopes), (PROJECT, created.scopes()));
        assert_eq!((grant.id, grant.policy.as_deref()), (created.id().into_bytes(), Some("{a=\"b\"}")));
    }

    #[test]
    fn a_revoked_or_unknown_token_is_nobody() {
        let (fake, secret, created) = with_token(&[], |_| {});
        run(tokens::delete(&fake, &created, &())).unwrap();
        for secret in [secret, Secret::generate(&fake)] {
            assert!(matches!(token(&fake, &secret), Err(Refusal::Unauthenticated)));
        }
    }

    #[test]
    fn a_token_ends_when_it_was_told_to_even_where_it_is_remembered() {
        for remembered in ["0", "60"] {
            let end = |new: &mut NewToken| new.expires_at = Some(Timestamp::from_micros(1_699_565_030_000_000));
            let (fake, secret, _) = with_token(&[("revocation_seconds", remembered)], end);
            assert!(token(&fake, &secret).is_ok());
            fake.pass(30);
            assert!(matches!(token(&fake, &secret), Err(Refusal::Unauthenticated)), "{remembered}");
        }
    }

    #[test]
    fn a_secret_retires_when_another_has_taken_its_place_whichever_ends_first() {
        for (expires, retires) in [(30, 60), (60, 30)] {
            let at = |seconds: i64| Timestamp::from_micros(1_699_565_000_165_521 + seconds * 1_000_000);
            let (fake, secret, created) = with_token(&[], |new| new.expires_at = Some(at(expires)));
            let other = Secret::generate(&fake);
            run(tokens::rotate(&fake, &created, other.hash(), at(retires))).unwrap();
            assert!(token(&fake, &secret).is_ok() && token(&fake, &other).is_ok());
            fake.pass(30);
            assert!(matches!(token(&fake, &secret), Err(Refusal::Unauthenticated)));
            assert_eq!(token(&fake, &other).is_ok(), expires == 60);
        }
    }

    #[test]
    fn a_token_bound_to_networks_is_good_from_there_only() {
        let (fake, secret, _) = with_token(&[], |new| new.bounds.networks = vec!["192.0.2.0/24".into()]);
        let from = |peer: Option<&str>| {
            let mut headers = headers("x-token", secret.expose());
            headers.extend(peer.map(|peer| (HeaderName::from_static("spin-client-addr"), peer.parse().unwrap())));
            run(authenticate(&fake, Access::AnyToken, &headers))
        };
        assert!(from(Some("192.0.2.9:1")).is_ok());
        assert!(matches!(from(Some("198.51.100.9:1")), Err(Refusal::Restricted(_))));
        assert!(matches!(from(None), Err(Refusal::Unavailable(_))), "a host that does not tell is our fault");
    }

    #[test]
    fn a_failing_store_is_never_reported_as_a_bad_token_or_key() {
        let (fake, secret, _) = with_token(&[], |_| {});
        fake.kv.fail_after(0);
        assert!(matches!(token(&fake, &secret), Err(Refusal::Unavailable(_))));
        assert!(matches!(manage(&fake, "1d2c1f3e-6f0a-4a52-9c3e-0d5a3f1b2c4d"), Err(Refusal::Unavailable(_))));
    }

    #[test]
    fn an_impossible_token_or_key_never_reaches_the_store() {
        let fake = Fake::new(&[("admin_key", KEY)]);
        let refused = run(authenticate(&fake, Access::AnyToken, &headers("x-token", "ckp_invented")));
        assert!(matches!(refused, Err(Refusal::Unauthenticated)));
        assert!(matches!(manage(&fake, "invented"), Err(Refusal::Unauthenticated)));
        assert_eq!(fake.kv.take_operations(), cockpit_fake::Operations::default());
    }

    #[test]
    fn the_management_key_manages_and_nothing_like_it_does() {
        let (fake, secret, _) = with_token(&[], |_| {});
        assert_eq!(manage(&fake, KEY).unwrap(), Principal::Admin);
        for wrong in ["", "x", secret.expose(), &KEY.to_uppercase()] {
            assert!(matches!(manage(&fake, wrong), Err(Refusal::Unauthenticated)), "{wrong}");
        }
    }

    #[test]
    fn an_api_key_is_its_projects_until_it_ends() {
        let secret = "1d2c1f3e-6f0a-4a52-9c3e-0d5a3f1b2c4d";
        let fake = Fake::new(&[("admin_key", KEY)]);
        let new = NewApiKey {
            access_key: "SCWX".into(),
            description: String::new(),
            projects: vec![PROJECT],
            default: PROJECT,
            writes: false,
            expires_at: Some(Timestamp::from_micros(1_699_565_030_000_000)),
            secret: SecretHash(Sha256::digest(secret.as_bytes()).into()),
        };
        run(api_keys::create(&fake, new)).unwrap().done().unwrap();
        fake.kv.take_operations();
        let Principal::Key(key) = manage(&fake, secret).unwrap() else { panic!() };
        assert_eq!((key.access_key.as_str(), key.projects.as_slice(), key.writes), ("SCWX", &[PROJECT][..], false));
        assert_eq!(fake.kv.take_operations().reads, 1);
        fake.pass(30);
        assert!(matches!(manage(&fake, secret), Err(Refusal::Expired)));
    }

    #[test]
    fn without_a_configured_key_nobody_manages_and_it_is_our_fault() {
        for fake in [Fake::new(&[]), Fake::new(&[("admin_key", "")])] {
            assert!(matches!(manage(&fake, "x"), Err(Refusal::Unavailable(_))));
        }
    }
}
