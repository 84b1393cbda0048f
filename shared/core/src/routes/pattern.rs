//! How the table writes where a row is served.

use super::Route;

/// What the rest of a path is called in Spin's own syntax.
pub(super) const REST: &str = "...";

impl Route {
    /// The paths it is served at, in Spin's own syntax: literal segments, `:parameters`, and `...` for the rest.
    pub fn paths(&self) -> Vec<String> {
        let path = self.base().replace("::", ":");
        let prefixed = format!("{}{path}", self.prefix());
        if self.may_lack_prefix() && prefixed != path { vec![prefixed, path] } else { vec![prefixed] }
    }

    /// What the name of the host must begin with; nothing if any host will do.
    pub fn host(&self) -> &'static str {
        self.path.find(['/', '(', '[']).and_then(|end| self.path.get(..end)).unwrap_or_default()
    }

    /// The prefix that its path has, or may have.
    pub(super) fn prefix(&self) -> &'static str {
        self.split().map_or("", |(prefix, _)| prefix)
    }

    /// Whether its path may lack the prefix.
    pub(super) fn may_lack_prefix(&self) -> bool {
        !self.path.starts_with('[')
    }

    /// Its path without host and prefix.
    pub(super) fn base(&self) -> &'static str {
        self.split().map_or_else(|| self.path.trim_start_matches(self.host()), |(_, base)| base)
    }

    fn split(&self) -> Option<(&'static str, &'static str)> {
        let optional = self.path.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        optional.or_else(|| self.path.strip_prefix('[')?.split_once(']'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::ROUTES;

    fn of(path: &'static str) -> Route {
        let Route { function, methods, access, limits, dialect, operation, .. } = ROUTES[0];
        Route { path, function, methods, access, limits, dialect, operation }
    }

    #[test]
    fn a_row_says_where_it_is_served() {
        for (path, host, paths) in [
            ("/a/:b", "", &["/a/:b"][..]),
            ("(/a)/b/::c", "", &["/a/b/:c", "/b/:c"]),
            ("[/a]/b", "", &["/a/b"]),
            ("logs./a", "logs.", &["/a"]),
            ("/a/...", "", &["/a/..."]),
        ] {
            let route = of(path);
            assert_eq!((route.host(), route.paths()), (host, paths.iter().map(ToString::to_string).collect()));
        }
    }
}
