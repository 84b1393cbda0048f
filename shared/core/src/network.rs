//! Networks, as operators and tokens name them.

pub use ipnet::IpNet;
use ipnet::Ipv4Net;

/// Reads a network such as `192.0.2.0/24` in its canonical form: IPv4 in IPv6's clothes is IPv4, as callers' addresses
/// are taken to be.
pub fn network(text: &str) -> Option<IpNet> {
    let network = text.parse::<IpNet>().ok()?.trunc();
    let IpNet::V6(v6) = network else { return Some(network) };
    let mapped = v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96));
    mapped.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok()).map_or(Some(network), |v4| Some(v4.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_read_in_its_canonical_form() {
        for (text, want) in [
            ("192.0.2.7/24", Some("192.0.2.0/24")),
            ("2001:db8::7/32", Some("2001:db8::/32")),
            ("::ffff:192.0.2.7/120", Some("192.0.2.0/24")),
            ("::/0", Some("::/0")),
            ("192.0.2.7", None),
            ("here", None),
        ] {
            assert_eq!(network(text).map(|network| network.to_string()).as_deref(), want, "{text}");
        }
    }
}
