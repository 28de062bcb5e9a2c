//! Finding the route of a request.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use tenure::core::Policy;

use super::path::readings;

/// What holds for a part of the site.
#[derive(Clone, Debug)]
pub struct Route {
    /// The host it is for, in lower case; `None` is every host.
    pub host: Option<String>,
    /// Which paths it is for.
    pub pattern: Pattern,
    /// Who may pass.
    pub access: Access,
    /// The limits of sessions here.
    pub policy: Arc<Policy>,
    /// The application.
    pub upstream: Uri,
    /// How old the authentication may be here.
    pub step_up_within: Option<Duration>,
    /// Whether the browser client is added to pages.
    pub inject_client: bool,
    /// Whether the browser client covers a page whose session is locked.
    pub cover_when_locked: bool,
}

/// Which paths a route is for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Pattern {
    /// This one.
    Exact(String),
    /// This one and everything below it: `/admin/*` is `/admin`.
    Below(String),
}

/// Who may pass.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Everybody.
    Public,
    /// Whoever has an active session; it is no activity.
    Passive,
    /// Whoever has an active session.
    Protected,
}

/// The routes of a gateway. There is always one that holds where no other does.
#[derive(Clone, Debug)]
pub struct RouteTable {
    /// The most specific first.
    routes: Vec<Route>,
    fallback: Route,
}

impl Pattern {
    /// Reads a pattern as configurations write it: `/admin`, `/admin/*`.
    pub fn parse(text: &str) -> Self {
        match text.strip_suffix("/*") {
            Some(folder) => Self::Below(folder.into()),
            None => Self::Exact(text.into()),
        }
    }

    fn matches(&self, path: &str) -> bool {
        match self {
            Self::Exact(exact) => path == exact,
            Self::Below(folder) => path
                .strip_prefix(folder.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }

    /// Exact ones before folders, long ones before short ones.
    fn rank(&self) -> (bool, usize) {
        match self {
            Self::Exact(exact) => (true, exact.len()),
            Self::Below(folder) => (false, folder.len()),
        }
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(exact) => f.write_str(exact),
            Self::Below(folder) => write!(f, "{folder}/*"),
        }
    }
}

impl RouteTable {
    /// A table of routes, and the one that holds where none of them does.
    pub fn new(mut routes: Vec<Route>, fallback: Route) -> Self {
        routes.sort_by_key(|route| std::cmp::Reverse((route.host.is_some(), route.pattern.rank())));
        Self { routes, fallback }
    }

    /// The route of a path (without its query) on a host (without its port). A path that may be read in several
    /// ways gets the strictest route of them, so that no spelling gets around one.
    pub fn find(&self, host: &str, path: &str) -> &Route {
        if self.routes.is_empty() {
            return &self.fallback;
        }
        let candidates = readings(path);
        let mut found = candidates.iter().map(|path| self.most_specific(host, path));
        let first = found.next().unwrap_or(&self.fallback);
        found.fold(
            first,
            |strictest, route| if strictness(route) > strictness(strictest) { route } else { strictest },
        )
    }

    fn most_specific(&self, host: &str, path: &str) -> &Route {
        let holds = |route: &&Route| {
            route.host.as_ref().is_none_or(|known| known.eq_ignore_ascii_case(host))
                && route.pattern.matches(path)
        };
        self.routes.iter().find(holds).unwrap_or(&self.fallback)
    }

    /// The route that holds where no other does.
    pub const fn fallback(&self) -> &Route {
        &self.fallback
    }

    /// The routes, the most specific first, without the fallback.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter()
    }

    /// Every host that is named.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        let mut seen = HashSet::new();
        self.routes.iter().filter_map(|route| route.host.as_deref()).filter(move |host| seen.insert(*host))
    }
}

/// What is compared where a path may be read in several ways.
fn strictness(route: &Route) -> (Access, bool, std::cmp::Reverse<Duration>, std::cmp::Reverse<Duration>) {
    let within = route.step_up_within.unwrap_or(Duration::MAX);
    (
        route.access,
        route.step_up_within.is_some(),
        std::cmp::Reverse(within),
        std::cmp::Reverse(route.policy.idle_timeout()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure::core::Preset;

    fn route(host: Option<&str>, path: &str, access: Access) -> Route {
        Route {
            host: host.map(str::to_owned),
            pattern: Pattern::parse(path),
            access,
            policy: Arc::new(Policy::builder(Preset::General).build().unwrap()),
            upstream: Uri::from_static("http://127.0.0.1:3000"),
            step_up_within: None,
            inject_client: true,
            cover_when_locked: true,
        }
    }

    fn table() -> RouteTable {
        RouteTable::new(
            vec![
                route(None, "/public/*", Access::Public),
                route(None, "/public/admin/*", Access::Protected),
                route(None, "/poll", Access::Passive),
                route(Some("open.example"), "/*", Access::Public),
            ],
            route(None, "/*", Access::Protected),
        )
    }

    #[test]
    fn the_most_specific_route_holds() {
        let table = table();
        for (host, path, access) in [
            ("a.example", "/", Access::Protected),
            ("a.example", "/public", Access::Public),
            ("a.example", "/public/x", Access::Public),
            ("a.example", "/publicity", Access::Protected),
            ("a.example", "/public/admin/x", Access::Protected),
            ("a.example", "/poll", Access::Passive),
            ("a.example", "/poll/x", Access::Protected),
            ("OPEN.example", "/poll", Access::Public),
        ] {
            assert_eq!(table.find(host, path).access, access, "{host}{path}");
        }
    }

    #[test]
    fn no_spelling_gets_around_a_protected_route() {
        let table = table();
        for path in [
            "/public/../secret",
            "/public/%2e%2e/secret",
            "/public/..%2fsecret",
            "/public/admin%2fx",
            "/public//admin/x",
            "/public/%61dmin/x",
            "/public/x/../admin/y",
            "/public/..;/secret",
            "/public/.%2e\\secret",
            "/public\\..\\secret",
        ] {
            assert_eq!(table.find("a.example", path).access, Access::Protected, "{path}");
        }
        assert_eq!(table.find("a.example", "/public/a%20b").access, Access::Public);
    }
}
