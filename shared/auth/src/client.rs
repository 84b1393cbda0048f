//! Where a caller is: the address of its connection, or what a proxy that the operator trusts says of it.

use cockpit_core::{ConfigError, ports::Config};
use http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The host's header with the address of the connection. It is appended, so only the last one is the host's own.
const PEER: &str = "spin-client-addr";

const FORWARDED: &str = "x-forwarded-for";

/// The caller's address; `None` if the host does not tell. `trusted_proxies` lists the networks of proxies.
pub async fn address(config: &impl Config, headers: &HeaderMap) -> Result<Option<IpAddr>, ConfigError> {
    let text = config.variable("trusted_proxies").await?.unwrap_or_default();
    let trusted =
        networks(&text).ok_or_else(|| ConfigError("trusted_proxies must be networks such as 10.0.0.0/8".into()))?;
    let Some(peer) = headers.get_all(PEER).iter().next_back().and_then(|value| parse(value.to_str().ok()?)) else {
        return Ok(None);
    };
    let hops = headers.get_all(FORWARDED).iter().flat_map(|value| value.to_str().unwrap_or_default().split(','));
    let mut address = peer;
    for hop in hops.collect::<Vec<_>>().into_iter().rev() {
        if !contains(&trusted, address) {
            break;
        }
        let Some(before) = parse(hop.trim()) else { break };
        address = before;
    }
    Ok(Some(address))
}

/// Whether an address is in one of these networks.
pub(crate) fn is_in(address: IpAddr, networks: &[String]) -> bool {
    networks.iter().filter_map(|network| network.parse::<IpNet>().ok()).any(|network| network.contains(&address))
}

fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// Networks with spaces or commas between them.
fn networks(text: &str) -> Option<Vec<IpNet>> {
    let parts = text.split([',', ' ']).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().ok()).collect()
}

/// An address with or without a port. IPv4 in IPv6's clothes is IPv4.
fn parse(text: &str) -> Option<IpAddr> {
    let address = text.parse::<SocketAddr>().map(|socket| socket.ip()).or_else(|_| text.parse());
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cockpit_fake::{Fake, run};
    use http::{HeaderName, HeaderValue};

    fn seen(trusted: &str, headers: &[(&'static str, &'static str)]) -> Option<String> {
        let fake = Fake::new(&[("trusted_proxies", trusted)]);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        run(address(&fake, &map)).unwrap().map(|address| address.to_string())
    }

    #[test]
    fn the_connection_tells_and_callers_cannot_pretend() {
        let want = |text: &str| Some(text.to_owned());
        assert_eq!(seen("", &[(PEER, "192.0.2.1:9")]), want("192.0.2.1"));
        assert_eq!(seen("", &[(PEER, "10.0.0.1:1"), (PEER, "[2001:db8::1]:9")]), want("2001:db8::1"));
        assert_eq!(seen("", &[(PEER, "192.0.2.1:9"), (FORWARDED, "10.0.0.1")]), want("192.0.2.1"));
        assert_eq!(seen("", &[(PEER, "[::ffff:192.0.2.1]:9")]), want("192.0.2.1"));
        assert_eq!(seen("", &[(FORWARDED, "10.0.0.1")]), None);
    }

    #[test]
    fn a_trusted_proxy_tells_for_others_as_far_as_it_is_trusted() {
        let proxies = "10.0.0.0/8, 2001:db8::/32";
        for (forwarded, want) in [
            ("192.0.2.1", "192.0.2.1"),
            ("203.0.113.9, 192.0.2.1", "192.0.2.1"),
            ("203.0.113.9, 192.0.2.1, 10.0.0.7", "192.0.2.1"),
            ("nonsense, 10.0.0.7", "10.0.0.7"),
            ("10.0.0.8", "10.0.0.8"),
            ("", "10.0.0.1"),
        ] {
            let seen = seen(proxies, &[(PEER, "10.0.0.1:9"), (FORWARDED, forwarded)]);
            assert_eq!(seen.as_deref(), Some(want), "{forwarded}");
        }
        let two = [(PEER, "10.0.0.1:9"), (FORWARDED, "203.0.113.9"), (FORWARDED, "192.0.2.1")];
        assert_eq!(seen(proxies, &two).as_deref(), Some("192.0.2.1"));
    }

    #[test]
    fn proxies_that_are_no_networks_are_our_fault() {
        let fake = Fake::new(&[("trusted_proxies", "10.0.0.0/8 proxy")]);
        assert!(run(address(&fake, &HeaderMap::new())).is_err());
    }

    #[test]
    fn an_address_is_in_a_network_or_not() {
        let networks = ["10.0.0.0/8".to_owned(), "2001:db8::/32".to_owned()];
        for (address, want) in [("10.1.2.3", true), ("11.0.0.1", false), ("2001:db8::1", true), ("::1", false)] {
            assert_eq!(is_in(address.parse().unwrap(), &networks), want, "{address}");
        }
    }
}
