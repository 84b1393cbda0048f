//! Which component answers a path: Spin's rules, on the router Spin itself uses.

use std::borrow::Cow;

use crate::fault::Fault;

/// Paths under this prefix belong to the runtime.
pub const WELL_KNOWN: &str = "/.well-known/spin/";

/// A route of the manifest.
#[derive(Clone, Debug)]
pub struct Route {
    raw: String,
    component: String,
}

impl Route {
    /// `pattern` as written in the manifest.
    pub fn new(pattern: String, component: String) -> Self {
        Self { raw: pattern, component }
    }

    /// The pattern with a leading slash and without a trailing one, so `/` becomes the empty text.
    fn based(&self) -> String {
        let slash = if self.raw.starts_with('/') { "" } else { "/" };
        let path = format!("{slash}{}", self.raw);
        path.strip_suffix('/').map(str::to_owned).unwrap_or(path)
    }

    fn spec(&self) -> String {
        let based = self.based();
        based.strip_suffix("/...").map(|prefix| format!("{prefix}/*")).unwrap_or(based)
    }
}

/// The routes of an application.
#[derive(Debug)]
pub struct Router(routefinder::Router<Route>);

impl Router {
    /// Builds the table; the warnings name routes that no request will reach.
    pub fn build(routes: Vec<Route>) -> Result<(Self, Vec<String>), Fault> {
        let (routes, mut warnings) = without_repeats(routes);
        let mut router = routefinder::Router::new();
        for route in routes {
            if route.based().starts_with(WELL_KNOWN) {
                warnings.push(format!("the route {:?} is reserved and never reached", route.raw));
            }
            let place = format!("[[trigger.http]] route = {:?}", route.raw);
            router
                .add(route.spec(), route)
                .map_err(|error| Fault::new(place, error, "see Spin's documentation on HTTP routes"))?;
        }
        Ok((Self(router), warnings))
    }

    /// The route for `path`, which is matched as sent, not decoded.
    pub fn find<'a>(&'a self, path: &'a str) -> Option<Match<'a>> {
        let best = self.0.best_match(path)?;
        Some(Match { route: best.handler(), captures: best.captures(), path })
    }
}

/// Keeps the last of the routes with the same pattern, at the place of the first.
fn without_repeats(routes: Vec<Route>) -> (Vec<Route>, Vec<String>) {
    let mut kept: Vec<Route> = Vec::new();
    let mut warnings = Vec::new();
    for route in routes {
        match kept.iter_mut().find(|earlier| earlier.raw == route.raw) {
            None => kept.push(route),
            Some(earlier) => {
                warnings.push(format!(
                    "the route {:?} of component {:?} is repeated by component {:?} and never reached",
                    earlier.raw, earlier.component, route.component
                ));
                *earlier = route;
            }
        }
    }
    (kept, warnings)
}

/// A path and the route it matched.
pub struct Match<'a> {
    route: &'a Route,
    captures: routefinder::Captures<'a, 'a>,
    path: &'a str,
}

impl Match<'_> {
    /// The component that answers.
    pub fn component(&self) -> &str {
        &self.route.component
    }

    /// The pattern as written.
    pub fn raw(&self) -> &str {
        &self.route.raw
    }

    /// The pattern as written, without the trailing wildcard.
    pub fn raw_prefix(&self) -> &str {
        self.raw().strip_suffix("/...").unwrap_or(self.raw())
    }

    /// The pattern joined to the base path.
    pub fn based(&self) -> String {
        self.route.based()
    }

    /// The values of the `:name` segments.
    pub fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        self.captures.iter()
    }

    /// What the trailing wildcard matched, with its leading slash and, as in Spin, a trailing one.
    pub fn rest(&self) -> Cow<'_, str> {
        let slash = if self.path.ends_with('/') { "/" } else { "" };
        match self.captures.wildcard() {
            None => "".into(),
            Some("") => slash.into(),
            Some(rest) => format!("/{rest}{slash}").into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(patterns: &[&str]) -> Router {
        let routes = patterns.iter().map(|p| Route::new((*p).into(), (*p).into())).collect();
        Router::build(routes).unwrap().0
    }

    #[test]
    fn the_most_specific_route_answers() {
        let router =
            router(&["/...", "/a", "/a/...", "/a/b/...", "/a/:id", "/a/:id/x", "/a/:id/y/...", "/n/:one/:two"]);
        for (path, want) in [
            ("/", "/..."),
            ("/z", "/..."),
            ("/a", "/a"),
            ("/a/", "/a"),
            ("/a/b", "/a/b/..."),
            ("/a/b/c", "/a/b/..."),
            ("/a/c", "/a/:id"),
            ("/a/c/x", "/a/:id/x"),
            ("/a/c/z", "/a/..."),
            ("/a/c/y/z", "/a/:id/y/..."),
            ("/n/1/2", "/n/:one/:two"),
            ("/A", "/..."),
        ] {
            assert_eq!(router.find(path).map(|m| m.raw().to_owned()).as_deref(), Some(want), "{path}");
        }
    }

    #[test]
    fn paths_are_matched_as_sent() {
        let router = router(&["/a b", "/api/push", "/p/:id"]);
        for path in ["/api%2Fpush", "/%61pi/push", "/api/push/more", "/API/push", "*", ""] {
            assert!(router.find(path).is_none(), "{path}");
        }
        let found = router.find("/p/%2F").unwrap();
        assert_eq!(found.named().collect::<Vec<_>>(), [("id", "%2F")]);
    }

    #[test]
    fn the_rest_of_a_wildcard_keeps_its_slashes() {
        let router = router(&["/t/...", "/exact"]);
        for (path, want) in [("/t", ""), ("/t/", "/"), ("/t/a", "/a"), ("/t/a/", "/a/"), ("/exact", "")] {
            assert_eq!(router.find(path).unwrap().rest(), want, "{path}");
        }
    }

    #[test]
    fn the_names_of_a_route_are_those_of_spin() {
        let router = router(&["/", "/t/...", "bare"]);
        let names = |path| {
            let found: Match<'_> = router.find(path).unwrap();
            (found.raw().to_owned(), found.raw_prefix().to_owned(), found.based())
        };
        assert_eq!(names("/"), ("/".into(), "/".into(), String::new()));
        assert_eq!(names("/t/x"), ("/t/...".into(), "/t".into(), "/t/...".into()));
        assert_eq!(names("/bare"), ("bare".into(), "bare".into(), "/bare".into()));
    }

    #[test]
    fn a_reserved_route_is_reported() {
        let route = Route::new(format!("{WELL_KNOWN}x"), "a".into());
        assert_eq!(Router::build(vec![route]).unwrap().1.len(), 1);
    }
}
