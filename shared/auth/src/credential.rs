//! Where callers put a token: `X-Token`, `Authorization`, or `X-Scope-OrgID`, in this order.
//!
//! The first that is present decides. A plain tenant id in `X-Scope-OrgID` beside an `Authorization` is
//! what mimirtool sends, and is ignored.

use crate::secret::Secret;
use base64::{Engine, engine::general_purpose::STANDARD};
use cockpit_core::project::parse_uuid;
use http::{HeaderMap, header::AUTHORIZATION};

/// The token a data-plane request carries; `None` if it carries none that could be one of ours.
pub(crate) fn token(headers: &HeaderMap) -> Option<Secret> {
    if headers.contains_key("x-token") {
        return Secret::parse(single(headers, "x-token")?);
    }
    if headers.contains_key(AUTHORIZATION) {
        return authorization(single(headers, AUTHORIZATION.as_str())?);
    }
    Secret::parse(single(headers, "x-scope-orgid")?)
}

/// The management key a request carries.
pub(crate) fn management_key(headers: &HeaderMap) -> Option<&str> {
    single(headers, "x-auth-token")
}

/// The management key that a scraper carries, which may be able to send nothing but a bearer.
pub(crate) fn observers_key(headers: &HeaderMap) -> Option<&str> {
    if headers.contains_key("x-auth-token") {
        return management_key(headers);
    }
    let (scheme, rest) = single(headers, AUTHORIZATION.as_str())?.split_once(' ')?;
    // A token is never a UUID.
    Some(rest.trim()).filter(|key| scheme.eq_ignore_ascii_case("bearer") && parse_uuid(key).is_some())
}

fn authorization(value: &str) -> Option<Secret> {
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Secret::parse(rest.trim());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    Secret::parse(pair.split_once(':')?.1)
}

/// A header's value; `None` if it is there twice, because a proxy before us may have looked at the other one.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then(|| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cockpit_fake::Fake;
    use http::{HeaderName, HeaderValue};

    fn find(headers: &[(&str, String)]) -> Option<Secret> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(value).unwrap()))
            .fold(HeaderMap::new(), |mut map, (name, value)| {
                map.append(name, value);
                map
            });
        token(&headers)
    }

    fn basic(user: &str, password: &str) -> String {
        format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
    }

    #[test]
    fn every_way_to_send_a_token_works() {
        let secret = Secret::generate(&Fake::new(&[]));
        let text = secret.expose();
        for (name, value) in [
            ("x-token", text.to_owned()),
            ("X-TOKEN", format!(" {text} ")),
            ("authorization", format!("Bearer {text}")),
            ("authorization", format!("bearer  {text}")),
            ("authorization", basic("any", text)),
            ("authorization", basic("", text)),
            ("x-scope-orgid", text.to_owned()),
        ] {
            assert_eq!(find(&[(name, value.clone())]), Some(secret.clone()), "{name}: {value}");
        }
    }

    #[test]
    fn the_first_present_header_decides() {
        let fake = Fake::new(&[]);
        let [first, second] = [Secret::generate(&fake), Secret::generate(&fake)];
        let [a, b] = [first.expose(), second.expose()];
        let bearer = format!("Bearer {b}");
        assert_eq!(find(&[("authorization", bearer.clone()), ("x-token", a.into())]), Some(first.clone()));
        assert_eq!(find(&[("x-scope-orgid", a.into()), ("authorization", bearer.clone())]), Some(second.clone()));
        assert_eq!(find(&[("x-scope-orgid", "tenant-7".into()), ("authorization", bearer.clone())]), Some(second));
        assert_eq!(find(&[("x-token", "wrong".into()), ("authorization", bearer)]), None);
    }

    #[test]
    fn what_cannot_be_a_token_is_none() {
        let secret = Secret::generate(&Fake::new(&[]));
        let text = secret.expose();
        for (name, value) in [
            ("x-scope-orgid", "tenant-7".to_owned()),
            ("authorization", text.to_owned()),
            ("authorization", format!("Digest {text}")),
            ("authorization", format!("Basic {text}")),
            ("authorization", "Basic %%%".to_owned()),
            ("authorization", basic(text, "password")),
            ("cookie", text.to_owned()),
        ] {
            assert_eq!(find(&[(name, value.clone())]), None, "{name}: {value}");
        }
        assert_eq!(find(&[("x-token", text.into()), ("x-token", text.into())]), None, "sent twice");
        assert_eq!(find(&[]), None);
    }
}
