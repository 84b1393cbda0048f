//! One entry of `allowed_outbound_hosts`: `<scheme>://<host>[:<port>]`.

use std::net::IpAddr;
use std::ops::Range;

use url::Host;

use super::default_port;

/// A parsed entry.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// `None` for any.
    scheme: Option<String>,
    host: HostPattern,
    ports: Ports,
}

#[derive(Clone, Debug)]
enum HostPattern {
    Any,
    /// `.example.com`
    Below(String),
    Literal(Host),
    Network(Network),
}

#[derive(Clone, Debug)]
enum Ports {
    Any,
    One(u16),
    /// Spin's ranges exclude their end.
    Between(Range<u16>),
}

#[derive(Clone, Debug)]
struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Pattern {
    pub(super) fn parse(entry: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = entry.trim().split_once("://").ok_or("it has no scheme, such as http:// or *://")?;
        let (host, port) = split_port(rest)?;
        Ok(Self { ports: Ports::parse(port, scheme)?, scheme: parse_scheme(scheme)?, host: HostPattern::parse(host)? })
    }

    pub(super) fn allows(&self, scheme: &str, host: &Host, port: u16) -> bool {
        self.scheme.as_deref().is_none_or(|granted| granted == scheme)
            && self.host.allows(host)
            && self.ports.allows(port)
    }
}

/// Splits at the last colon, unless that colon is part of an IPv6 address or network.
fn split_port(rest: &str) -> Result<(&str, &str), &'static str> {
    match rest.rsplit_once(':') {
        None => Ok((rest, "")),
        Some((host, "")) => Ok((host, "")),
        Some(_) if HostPattern::parse(rest).is_ok() => Ok((rest, "")),
        Some((host, port)) => match port.split_once('/') {
            None | Some((_, "")) => Ok((host, port.trim_end_matches('/'))),
            Some(_) => Err("it must not have a path"),
        },
    }
}

fn parse_scheme(scheme: &str) -> Result<Option<String>, &'static str> {
    match scheme {
        "*" => Ok(None),
        _ if scheme.chars().all(char::is_alphabetic) => Ok(Some(scheme.to_owned())),
        _ => Err("its scheme may hold only letters"),
    }
}

impl HostPattern {
    fn parse(host: &str) -> Result<Self, &'static str> {
        let host = host.trim();
        if host == "*" {
            return Ok(Self::Any);
        }
        if host.starts_with('{') {
            return Err("lists of hosts are not supported");
        }
        if let Some(network) = Network::parse(host) {
            return Ok(Self::Network(network));
        }
        let host = host.strip_suffix('/').unwrap_or(host);
        if host.contains('/') {
            return Err("it must not have a path");
        }
        if is_internal(host) {
            return Err("requests to the application itself are not supported by this runtime");
        }
        match host.strip_prefix("*.") {
            Some(domain) => Self::below(domain),
            None if host.contains('*') => Err("a wildcard must be a whole leading label"),
            None => Host::parse(host).map(Self::Literal).map_err(|_| "its host is not valid"),
        }
    }

    fn below(domain: &str) -> Result<Self, &'static str> {
        if domain.contains('*') {
            return Err("it may hold only one wildcard");
        }
        match Host::parse(domain) {
            Ok(Host::Domain(domain)) => Ok(Self::Below(format!(".{domain}"))),
            _ => Err("the wildcard must be followed by a domain"),
        }
    }

    fn allows(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Below(suffix), Host::Domain(domain)) => domain.ends_with(suffix),
            (Self::Literal(literal), host) => literal == host,
            (Self::Network(network), Host::Ipv4(address)) => network.contains((*address).into()),
            (Self::Network(network), Host::Ipv6(address)) => network.contains((*address).into()),
            (Self::Below(_) | Self::Network(_), _) => false,
        }
    }
}

/// Spin's names for the application's own components.
pub(super) fn is_internal(host: &str) -> bool {
    matches!(host, "self" | "self.alt" | "spin.internal") || host.ends_with(".spin.internal")
}

impl Ports {
    fn parse(port: &str, scheme: &str) -> Result<Self, &'static str> {
        let number = |text: &str| text.parse().map_err(|_| "its port is not a number");
        match (port, port.split_once("..")) {
            ("", _) => default_port(scheme).map(Self::One).ok_or("it needs a port: its scheme implies none"),
            ("*", _) => Ok(Self::Any),
            (_, Some((start, end))) => Ok(Self::Between(number(start)?..number(end)?)),
            (_, None) => Ok(Self::One(number(port)?)),
        }
    }

    fn allows(&self, port: u16) -> bool {
        match self {
            Self::Any => true,
            Self::One(granted) => *granted == port,
            Self::Between(range) => range.contains(&port),
        }
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let (address, prefix) = (address.parse::<IpAddr>().ok()?, prefix.parse::<u8>().ok()?);
        let widest = if address.is_ipv4() { 32 } else { 128 };
        (prefix <= widest).then_some(Self { address, prefix })
    }

    fn contains(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(a), IpAddr::V4(b)) => self.same_prefix(u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => self.same_prefix(a.to_bits(), b.to_bits(), 128),
            _ => false,
        }
    }

    fn same_prefix(&self, a: u128, b: u128, width: u32) -> bool {
        let host_bits = width.saturating_sub(u32::from(self.prefix));
        (a ^ b).checked_shr(host_bits).unwrap_or(0) == 0
    }
}
