//! Finding the row of a request, on the raw path.

use super::{ROUTES, Route};
use crate::dialect::Dialect;
use http::Method;

/// What the table says about a method and a path.
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
    /// The raw values of its `:parameters`.
    pub params: Params<'p>,
}

/// The values of a row's `:parameters`, raw as they stood in the path.
#[derive(Debug, Default)]
pub struct Params<'p>(Vec<(&'static str, &'p str)>);

impl<'p> Params<'p> {
    /// The raw value of a parameter; `None` if the row's path has no such parameter.
    pub fn get(&self, name: &str) -> Option<&'p str> {
        self.0.iter().find_map(|(known, value)| (*known == name).then_some(*value))
    }

    /// Every value, to be checked before any is used.
    pub fn values(&self) -> impl Iterator<Item = &'p str> {
        self.0.iter().map(|(_, value)| *value)
    }
}

/// Finds the row that answers this request.
pub fn lookup<'p>(method: &Method, path: &'p str) -> Lookup<'p> {
    let mut allow = Vec::new();
    let mut dialect = None;
    for route in ROUTES {
        let Some(params) = match_path(route.path, path) else { continue };
        if route.methods.contains(method) {
            return Lookup::Found(Match { route, params });
        }
        allow.extend_from_slice(route.methods);
        dialect = Some(route.dialect);
    }
    match dialect {
        Some(dialect) => Lookup::WrongMethod { allow, dialect },
        None => Lookup::Unlisted { dialect: Dialect::of_unlisted(path) },
    }
}

fn match_path<'p>(pattern: &'static str, path: &'p str) -> Option<Params<'p>> {
    let mut params = Params::default();
    let mut given = path.split('/');
    for wanted in pattern.split('/') {
        let segment = given.next()?;
        match wanted.strip_prefix(':') {
            Some(_) if segment.is_empty() => return None,
            Some(name) => params.0.push((name, segment)),
            None if wanted != segment => return None,
            None => {}
        }
    }
    given.next().is_none().then_some(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_own_method_and_path() {
        for route in ROUTES {
            for method in route.methods {
                let Lookup::Found(found) = lookup(method, route.path) else { panic!("{route:?}") };
                assert!(std::ptr::eq(found.route, route), "{} is hidden by {}", route.path, found.route.path);
            }
        }
    }

    #[test]
    fn parameters_keep_their_encoding() {
        let Lookup::Found(found) = lookup(&Method::GET, "/prometheus/api/v1/label/a%20b/values") else { panic!() };
        assert_eq!(found.params.get("name"), Some("a%20b"));
        assert_eq!(found.params.get("other"), None);
    }

    #[test]
    fn a_wrong_method_learns_the_right_ones() {
        let Lookup::WrongMethod { allow, dialect } = lookup(&Method::PUT, "/cockpit/v1beta1/tokens") else { panic!() };
        assert_eq!(allow, [Method::POST, Method::GET]);
        assert_eq!(dialect, Dialect::Management);
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
        ] {
            assert!(matches!(lookup(&Method::POST, path), Lookup::Unlisted { .. }), "{path}");
        }
    }
}
