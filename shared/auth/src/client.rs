//! Where a caller is: the address of its connection, or what a proxy that the operator trusts says of it.

use cockpit_core::{
    ConfigError,
    network::{IpNet, network},
    ports::Config,
};
use http::HeaderMap;
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

/// The host's header with the address of the connection. It is appended, so only the last one is the host's own.
const PEER: &str = "spin-client-addr";

const FORWARDED: &str = "x-forwarded-for";

/// Where a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// At this address.
    At(IpAddr),
    /// Behind a trusted proxy that says something which is no address.
    Unreadable,
    /// The host does not tell.
    Unknown,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(address) => address.fmt(f),
            Self::Unreadable => f.write_str("unreadable"),
            Self::Unknown => Ok(()),
        }
    }
}

/// Where the caller is. `trusted_proxies` lists the networks of proxies.
pub async fn origin(config: &impl Config, headers: &HeaderMap) -> Result<Origin, ConfigError> {
    let text = config.variable("trusted_proxies").await?.unwrap_or_default();
    let trusted = networks(&text);
    let trusted = trusted.ok_or_else(|| ConfigError("trusted_proxies must be networks such as 10.0.0.0/8".into()))?;
    let Some(peer) = headers.get_all(PEER).iter().next_back().and_then(|value| parse(value.as_bytes())) else {
        return Ok(Origin::Unknown);
    };
    let hops: Vec<_> =
        headers.get_all(FORWARDED).iter().flat_map(|value| value.as_bytes().split(|b| *b == b',')).collect();
    let mut address = peer;
    for hop in hops.into_iter().rev() {
        if !contains(&trusted, address) {
            break;
        }
        // Callers can write anything; who cannot be read is nobody in particular, and least of all the proxy.
        let Some(before) = parse(hop) else { return Ok(Origin::Unreadable) };
        address = before;
    }
    Ok(Origin::At(address))
}

/// Whether an address is in one of these networks.
pub(crate) fn is_in(address: IpAddr, networks: &[String]) -> bool {
    networks.iter().filter_map(|text| network(text)).any(|network| network.contains(&address))
}

fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// Networks with spaces or commas between them.
fn networks(text: &str) -> Option<Vec<IpNet>> {
    text.split([',', ' ']).filter(|part| !part.is_empty()).map(network).collect()
}

/// An address with or without a port, an IPv6 one perhaps in brackets.
fn parse(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = text.parse::<SocketAddr>().map(|socket| socket.ip()).or_else(|_| bare.parse());
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cockpit_fake::{Fake, run};
    use http::{HeaderName, HeaderValue};

    fn seen(trusted: &str, headers: &[(&'static str, &str)]) -> String {
        let fake = Fake::new(&[("trusted_proxies", trusted)]);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        match run(origin(&fake, &map)).unwrap() {
            Origin::Unknown => "unknown".into(),
            origin => origin.to_string(),
        }
    }

    #[test]
    fn the_connection_tells_and_callers_cannot_pretend() {
        assert_eq!(seen("", &[(PEER, "192.0.2.1:9")]), "192.0.2.1");
        assert_eq!(seen("", &[(PEER, "10.0.0.1:1"), (PEER, "[2001:db8::1]:9")]), "2001:db8::1");
        assert_eq!(seen("", &[(PEER, "192.0.2.1:9"), (FORWARDED, "10.0.0.1")]), "192.0.2.1");
        assert_eq!(seen("", &[(PEER, "[::ffff:192.0.2.1]:9")]), "192.0.2.1");
        assert_eq!(seen("", &[(FORWARDED, "10.0.0.1")]), "unknown");
    }

    #[test]
    fn a_trusted_proxy_tells_for_others_as_far_as_it_is_trusted() {
        let proxies = "10.0.0.0/8, 2001:db8::/32";
        for (forwarded, want) in [
            ("192.0.2.1", "192.0.2.1"),
            ("203.0.113.9, 192.0.2.1", "192.0.2.1"),
            ("203.0.113.9, 192.0.2.1, 10.0.0.7", "192.0.2.1"),
            ("é, 192.0.2.1", "192.0.2.1"),
            ("[2001:db8::7], 10.0.0.8", "2001:db8::7"),
            ("192.0.2.1:443", "192.0.2.1"),
            ("nonsense, 10.0.0.7", "unreadable"),
            ("é", "unreadable"),
            ("", "unreadable"),
            ("10.0.0.8", "10.0.0.8"),
        ] {
            assert_eq!(seen(proxies, &[(PEER, "10.0.0.1:9"), (FORWARDED, forwarded)]), want, "{forwarded}");
        }
        assert_eq!(seen(proxies, &[(PEER, "10.0.0.1:9")]), "10.0.0.1");
        let two = [(PEER, "10.0.0.1:9"), (FORWARDED, "203.0.113.9"), (FORWARDED, "192.0.2.1")];
        assert_eq!(seen(proxies, &two), "192.0.2.1");
    }

    #[test]
    fn proxies_that_are_no_networks_are_our_fault() {
        let fake = Fake::new(&[("trusted_proxies", "10.0.0.0/8 proxy")]);
        assert!(run(origin(&fake, &HeaderMap::new())).is_err());
    }

    #[test]
    fn an_address_is_in_a_network_or_not() {
        let networks = ["10.0.0.0/8".to_owned(), "2001:db8::/32".to_owned(), "::ffff:192.0.2.0/120".to_owned()];
        for (address, want) in
            [("10.1.2.3", true), ("11.0.0.1", false), ("2001:db8::1", true), ("::1", false), ("192.0.2.9", true)]
        {
            assert_eq!(is_in(address.parse().unwrap(), &networks), want, "{address}");
        }
    }
}
