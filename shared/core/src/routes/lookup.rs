//! Finding the row of a request, on the raw path.

use super::{ROUTES, Route, pattern::REST};
use crate::{
    dialect::Dialect,
    path::{PathFault, check_name, check_segment},
};
use http::Method;

/// What the table says about a method, a host and a path.
#[derive(Debug)]
pub enum Lookup<'p> {
    /// The row, with the values of its parameters.
    Found(Match<'p>),
    /// The path is listed, the method is not.
    WrongMethod {
        /// The methods that are, for the `Allow` header.
        allow: Vec<Method>,
        /// The protocol of the path.
        dialect: Dialect,
    },
    /// No row has this path.
    Unlisted {
        /// The protocol the path looks like.
        dialect: Dialect,
    },
}

/// A row and the parameters its path had in this request.
#[derive(Debug)]
pub struct Match<'p> {
    /// The row.
    pub route: &'static Route,
    /// The raw path, without the prefix that the row lets it have.
    pub path: &'p str,
    /// The raw values of its parameters.
    pub params: Params<'p>,
}

/// The values of a row's parameters, raw as they stood in the path.
#[derive(Debug, Default)]
pub struct Params<'p>(Vec<Param<'p>>);

#[derive(Debug)]
struct Param<'p> {
    name: &'static str,
    value: &'p str,
    /// Whether a slash may be encoded in it.
    slashes: bool,
}

impl<'p> Params<'p> {
    /// The raw value of a parameter; `None` if the row's path has no such parameter.
    pub fn get(&self, name: &str) -> Option<&'p str> {
        self.0.iter().find_map(|param| (param.name == name).then_some(param.value))
    }

    /// Refuses values that a backend could read as anything but what the row says they are.
    pub fn check(&self) -> Result<(), PathFault> {
        self.0.iter().try_for_each(|param| match param.slashes {
            true => check_name(param.value),
            false => check_segment(param.value),
        })
    }
}

/// Finds the row that answers this request.
pub fn lookup<'p>(method: &Method, host: &str, path: &'p str) -> Lookup<'p> {
    let mut allow = Vec::new();
    let mut dialect = None;
    for route in ROUTES.iter().filter(|route| host.starts_with(route.host())) {
        let Some((path, params)) = match_route(route, path) else { continue };
        if route.methods.contains(method) {
            return Lookup::Found(Match { route, path, params });
        }
        for method in route.methods {
            if !allow.contains(method) {
                allow.push(method.clone());
            }
        }
        dialect = dialect.or(Some(route.dialect));
    }
    match dialect {
        Some(dialect) => Lookup::WrongMethod { allow, dialect },
        None => Lookup::Unlisted { dialect: Dialect::of_unlisted(path) },
    }
}

fn match_route<'p>(route: &'static Route, path: &'p str) -> Option<(&'p str, Params<'p>)> {
    let matched = |path| match_path(route.base(), path).map(|params| (path, params));
    let below = path.strip_prefix(route.prefix()).and_then(matched);
    if route.may_lack_prefix() { below.or_else(|| matched(path)) } else { below }
}

fn match_path<'p>(pattern: &'static str, path: &'p str) -> Option<Params<'p>> {
    let mut params = Params::default();
    let mut given = path.split('/');
    for wanted in pattern.split('/') {
        let value = given.next()?;
        match wanted.strip_prefix(':') {
            Some(_) if value.is_empty() => return None,
            Some(name) => {
                let (name, slashes) = name.strip_prefix(':').map_or((name, false), |name| (name, true));
                params.0.push(Param { name, value, slashes });
            }
            None if wanted == REST => return Some(params),
            None if wanted != value => return None,
            None => {}
        }
    }
    given.next().is_none().then_some(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_own_methods_hosts_and_paths() {
        for route in ROUTES {
            let host = format!("{}example", route.host());
            for path in route.paths() {
                for method in route.methods {
                    let Lookup::Found(found) = lookup(method, &host, &path) else { panic!("{route:?}") };
                    assert!(std::ptr::eq(found.route, route), "{path} is hidden by {}", found.route.path);
                    assert_eq!(found.path, route.base().replace("::", ":"));
                }
            }
        }
    }

    #[test]
    fn a_host_that_begins_with_logs_means_logs_where_paths_collide() {
        for (host, want) in [("logs.example", "QueryLogs"), ("metrics.example", "QueryMetrics"), ("", "QueryMetrics")] {
            let Lookup::Found(found) = lookup(&Method::GET, host, "/prometheus/api/v1/rules") else { panic!() };
            assert_eq!(format!("{:?}", found.route.access), format!("Holder({want})"), "{host}");
        }
    }

    #[test]
    fn a_prefix_that_must_be_there_is_no_part_of_the_path() {
        let Lookup::Found(found) = lookup(&Method::GET, "", "/logs/prometheus/api/v1/rules") else { panic!() };
        assert_eq!((found.route.function, found.path), ("logs-rules", "/prometheus/api/v1/rules"));
    }

    #[test]
    fn parameters_keep_their_encoding() {
        let found = lookup(&Method::GET, "", "/metrics/prometheus/api/v1/label/a%20b/values");
        let Lookup::Found(found) = found else { panic!() };
        assert_eq!(found.params.get("name"), Some("a%20b"));
        assert_eq!(found.params.get("other"), None);
        assert_eq!(found.path, "/prometheus/api/v1/label/a%20b/values");
    }

    #[test]
    fn a_slash_may_be_encoded_only_where_the_row_says_so() {
        for (path, sound) in [
            ("/metrics/prometheus/config/v1/rules/a%2Fb/c%2fd", true),
            ("/prometheus/config/v1/rules/a%2F..%2Fb", false),
            ("/logs/loki/api/v1/rules/a%2Fb", false),
            ("/api/prom/rules/a%252Fb", false),
            ("/prometheus/api/v1/label/a%2Fb/values", false),
        ] {
            let Lookup::Found(found) = lookup(&Method::GET, "", path) else { panic!("{path}") };
            assert_eq!(found.params.check().is_ok(), sound, "{path}");
        }
    }

    #[test]
    fn a_wrong_method_learns_the_right_ones() {
        let wrong = |method, path| match lookup(&method, "", path) {
            Lookup::WrongMethod { allow, dialect } => (allow, dialect),
            other => panic!("{other:?}"),
        };
        let tokens = wrong(Method::PUT, "/cockpit/v1beta1/tokens");
        assert_eq!(tokens, (vec![Method::POST, Method::GET], Dialect::Management));
        let rules = wrong(Method::PUT, "/api/prom/rules/namespace");
        assert_eq!(rules, (vec![Method::GET, Method::POST, Method::DELETE], Dialect::Plain));
    }

    #[test]
    fn near_misses_are_unlisted() {
        for path in [
            "/",
            "/api/v1/push/",
            "//api/v1/push",
            "/API/v1/push",
            "/cockpit/v1beta1/tokens/",
            "/api/v1/push/api/v1/push",
            "/logs/api/v1/push",
            "/metrics/metrics/api/v1/push",
            "/alertmanager",
            "/alertmanager/-/reload",
            "/alertmanager/api/v2/../../-/reload",
            "/loki/api/v1/rules/",
        ] {
            assert!(matches!(lookup(&Method::POST, "", path), Lookup::Unlisted { .. }), "{path}");
        }
    }
}
