//! The gateway's cookies (RFC 6265bis).
//!
//! * `__Host-tenure`: the session token. `HttpOnly`, `Secure`, `SameSite=Lax`, never in a URL or log.
//! * `__Host-tenure-mark`: a random value that says that this browser has signed in before, so that a
//!   cookie that was cleared can be told from one that never was. It opens nothing by itself; the key of
//!   drafts depends on it, so that signing out, which removes it, makes them unreadable.
//! * `__Host-tenure-form`: a random value that the sign-in form's token is bound to (CSRF).
//!
//! On plain HTTP, which only loopback may use, the names have no prefix, for a browser would
//! refuse it.

use std::time::Duration;

use http::HeaderMap;
use http::header::COOKIE;

/// The names of the gateway's cookies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CookieNames {
    /// The session token.
    pub session: &'static str,
    /// The mark of a browser that has signed in before.
    pub mark: &'static str,
    /// What a form's token is bound to.
    pub form: &'static str,
    secure: bool,
}

/// How many different values of one cookie are looked at: no honest browser sends more than two.
const MOST_VALUES: usize = 4;

/// The longest time that a browser keeps a cookie (RFC 6265bis, section 5.5).
const LONGEST: Duration = Duration::from_secs(400 * 24 * 3600);

impl CookieNames {
    /// The names for HTTPS, bound to the host by their prefix.
    pub const SECURE: Self = Self {
        session: "__Host-tenure",
        mark: "__Host-tenure-mark",
        form: "__Host-tenure-form",
        secure: true,
    };
    /// The names for plain HTTP on loopback.
    pub const LOOPBACK: Self =
        Self { session: "tenure", mark: "tenure-mark", form: "tenure-form", secure: false };

    /// Whether a cookie of this name belongs to the gateway: such cookies go to no application, and
    /// no application may set them. Names are compared as bytes: `__host-tenure` is not ours.
    pub fn is_ours(name: &str) -> bool {
        [Self::SECURE, Self::LOOPBACK]
            .iter()
            .any(|names| [names.session, names.mark, names.form].contains(&name))
    }

    /// The cookie with the session token. Without `max_age` it lasts as long as the browser runs.
    pub fn set_session(&self, token: &str, max_age: Option<Duration>) -> String {
        self.set(self.session, token, max_age, "; HttpOnly")
    }

    /// The mark that this browser has signed in. Scripts may read it: it tells the page of a change.
    pub fn set_mark(&self, mark: &str) -> String {
        self.set(self.mark, mark, Some(LONGEST), "")
    }

    /// The value that a form's token is bound to.
    pub fn set_form(&self, nonce: &str) -> String {
        self.set(self.form, nonce, None, "; HttpOnly")
    }

    /// Removes a cookie at the browser.
    pub fn clear(&self, name: &str) -> String {
        self.set(name, "", Some(Duration::ZERO), "; HttpOnly")
    }

    fn set(&self, name: &str, value: &str, max_age: Option<Duration>, http_only: &str) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        let age = max_age.map_or_else(String::new, |age| format!("; Max-Age={}", age.min(LONGEST).as_secs()));
        format!("{name}={value}; Path=/; SameSite=Lax{secure}{http_only}{age}")
    }
}

/// The different values that a request sends for one cookie, in their order; over several `Cookie`
/// lines too (RFC 6265bis, section 4.2.1), and at most four.
pub fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    let mut values: Vec<&str> = Vec::new();
    for (found, value) in pairs(headers) {
        if found == name && !values.contains(&value) && values.len() < MOST_VALUES {
            values.push(value);
        }
    }
    values
}

/// Every name and value in the `Cookie` lines. Lines that are not visible ASCII are passed over.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.trim_matches([' ', '\t']), unquote(value.trim_matches([' ', '\t']))))
}

fn unquote(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, line.parse().unwrap())).collect()
    }

    #[test]
    fn values_are_found_over_several_lines_and_equal_ones_count_once() {
        let headers = headers(&["a=1; tenure=x", "tenure=y;tenure=\"x\"", "tenures=z"]);
        assert_eq!(values(&headers, "tenure"), ["x", "y"]);
        assert_eq!(values(&headers, "a"), ["1"]);
    }

    #[test]
    fn a_prefix_in_another_spelling_is_another_cookie() {
        assert!(values(&headers(&["__host-tenure=evil"]), CookieNames::SECURE.session).is_empty());
        assert!(!CookieNames::is_ours("__host-tenure"));
        assert!(CookieNames::is_ours("__Host-tenure"));
    }

    #[test]
    fn odd_lines_are_no_values_and_no_panic() {
        for line in ["", ";", "=", "tenure", "tenure =", ";;;=;", "tenure=\""] {
            let values = values(&headers(&[line]), "tenure").join("");
            assert!(values.is_empty() || values == "\"", "{line}");
        }
    }

    #[test]
    fn a_flood_of_values_is_looked_at_no_further_than_needed() {
        let line = (0..5000).map(|n| format!("tenure={n}")).collect::<Vec<_>>().join(";");
        assert_eq!(values(&headers(&[&line]), "tenure").len(), MOST_VALUES);
    }

    #[test]
    fn cookies_carry_what_their_prefix_demands() {
        let cookie = CookieNames::SECURE.set_session("t", None);
        assert_eq!(cookie, "__Host-tenure=t; Path=/; SameSite=Lax; Secure; HttpOnly");
        let lasting = CookieNames::LOOPBACK.set_session("t", Some(Duration::from_secs(u64::MAX)));
        assert_eq!(lasting, "tenure=t; Path=/; SameSite=Lax; HttpOnly; Max-Age=34560000");
    }
}
