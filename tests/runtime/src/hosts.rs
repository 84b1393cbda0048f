//! `allowed_outbound_hosts`: where a component may send requests to.

mod pattern;

use pattern::Pattern;

use crate::variables::{Template, Variables};

/// What a component was granted. Empty grants nothing.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts(Vec<Pattern>);

impl AllowedHosts {
    /// Parses the entries after expanding their templates. As in Spin, a template that comes to
    /// nothing (or to a scheme alone) is skipped: it is an optional endpoint that was not set.
    /// The reason for a refusal quotes the template, never a value.
    pub fn resolve(entries: &[String], variables: &Variables) -> Result<Self, String> {
        let mut patterns = Vec::new();
        for entry in entries {
            let refused = |reason: String| format!("{entry:?}: {reason}");
            let template = Template::parse(entry).map_err(refused)?;
            let value = variables.expand(&template).map_err(refused)?;
            if !template.is_literal() && matches!(value.reveal(), "" | "http://" | "https://") {
                continue;
            }
            patterns.push(Pattern::parse(value.reveal()).map_err(|r| refused(r.to_owned()))?);
        }
        Ok(Self(patterns))
    }

    /// Whether a request to `scheme://host:port` is granted.
    pub fn allows(&self, scheme: &str, host: &str, port: u16) -> bool {
        let Ok(host) = url::Host::parse(host) else {
            return false;
        };
        self.0.iter().any(|pattern| pattern.allows(scheme, &host, port))
    }
}

/// The port a scheme implies, for the schemes Spin knows.
pub fn default_port(scheme: &str) -> Option<u16> {
    Some(match scheme {
        "http" => 80,
        "https" => 443,
        "postgres" => 5432,
        "mysql" => 3306,
        "redis" => 6379,
        "mqtt" => 1883,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::manifest::schema::Variable;

    fn allows(entry: &str, scheme: &str, host: &str, port: u16) -> bool {
        let hosts = AllowedHosts::resolve(&[entry.to_owned()], &Variables::default());
        hosts.unwrap_or_else(|reason| panic!("{reason}")).allows(scheme, host, port)
    }

    #[test]
    fn what_is_granted_is_allowed() {
        for (entry, scheme, host, port) in [
            ("http://mimir", "http", "mimir", 80),
            ("http://mimir/", "http", "mimir", 80),
            (" https://Mimir ", "https", "mimir", 443),
            ("http://mimir:9009", "http", "mimir", 9009),
            ("http://mimir:9009/", "http", "mimir", 9009),
            ("http://mimir:*", "http", "mimir", 1),
            ("http://mimir:9000..9010", "http", "mimir", 9009),
            ("*://mimir:9009", "https", "mimir", 9009),
            ("*://*:*", "https", "example.com", 8443),
            ("http://*", "http", "10.0.0.1", 80),
            ("http://*.example.com", "http", "a.b.example.com", 80),
            ("http://127.0.0.1:9009", "http", "127.0.0.1", 9009),
            ("http://10.1.0.0/16:80", "http", "10.1.2.3", 80),
            ("http://[::1]:9009", "http", "[::1]", 9009),
            ("http://[::1]", "http", "[::1]", 80),
            ("http://fd00::/8", "http", "[fd00::1]", 80),
        ] {
            assert!(allows(entry, scheme, host, port), "{entry} {scheme}://{host}:{port}");
        }
    }

    #[test]
    fn what_is_not_granted_is_denied() {
        for (entry, scheme, host, port) in [
            ("http://mimir", "https", "mimir", 443),
            ("http://mimir", "http", "mimir", 8080),
            ("http://mimir", "http", "mimir.evil.com", 80),
            ("http://mimir:9000..9010", "http", "mimir", 9010),
            ("http://*.example.com", "http", "example.com", 80),
            ("http://*.example.com", "http", "badexample.com", 80),
            ("http://127.0.0.1", "http", "localhost", 80),
            ("http://10.1.0.0/16", "http", "10.2.0.1", 80),
            ("http://10.1.0.0/16", "http", "example.com", 80),
            ("http://fd00::/8", "http", "10.0.0.1", 80),
            ("http://*", "http", "not a host", 80),
        ] {
            assert!(!allows(entry, scheme, host, port), "{entry} {scheme}://{host}:{port}");
        }
    }

    #[test]
    fn what_spin_refuses_is_refused() {
        for entry in [
            "",
            "*",
            "mimir",
            "mimir:80",
            "http://mimir/path",
            "http://mimir:80/path",
            "*://mimir",
            "ftp://mimir",
            "h2-x://mimir:80",
            "http://mi*mir",
            "http://*.*.com",
            "http://mimir:port",
            "{http,https}://mimir",
            "http://{a,b}",
            "http://mimir:{80,81}",
            "http://*.10.0.0.1",
            "http://self",
            "http://a.spin.internal",
            "http://*.spin.internal",
            "insecure:allow-all",
        ] {
            let got = AllowedHosts::resolve(&[entry.to_owned()], &Variables::default());
            assert!(got.is_err(), "{entry}");
        }
    }

    #[test]
    fn an_optional_endpoint_that_is_not_set_grants_nothing() {
        let unset = Variable { default: Some(String::new()), ..Variable::default() };
        let declared = BTreeMap::from([("url".to_owned(), unset)]);
        let variables = Variables::resolve(&declared, |_| Ok(None)).unwrap();
        for entry in ["{{ url }}", "http://{{ url }}"] {
            let hosts = AllowedHosts::resolve(&[entry.to_owned()], &variables).unwrap();
            assert!(hosts.0.is_empty(), "{entry}");
        }
    }

    #[test]
    fn nothing_is_allowed_without_a_grant() {
        assert!(!AllowedHosts::default().allows("http", "mimir", 80));
    }
}
