//! Where a person is sent after a sign-in or an unlock: only ever to a path of the same host.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// A path of this host, with its query: safe to redirect to.
///
/// It begins with one slash and a character that is neither a slash nor a backslash, so no browser
/// takes it for another host, and it has no control characters, spaces or backslashes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReturnTo(String);

const LONGEST: usize = 2048;

/// What must be escaped in the value of a query parameter.
const IN_QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'`');

impl ReturnTo {
    /// The start page.
    pub fn home() -> Self {
        Self("/".into())
    }

    /// Takes a path as it came from a request or a form; anything else leads home. A path into the
    /// gateway's own pages leads home too, for there nobody would find what they came for, except to
    /// the person's kept work.
    pub fn new(text: &str, base_path: &str) -> Self {
        Self::parse(text)
            .filter(|path| !path.is_under(base_path) || path.is_kept_work(base_path))
            .unwrap_or_else(Self::home)
    }

    fn is_kept_work(&self, base_path: &str) -> bool {
        let page = self.0.strip_prefix(base_path).and_then(|rest| rest.strip_prefix("/kept"));
        page.is_some_and(|page| {
            page.is_empty()
                || page.strip_prefix('/').is_some_and(|id| id.parse::<crate::kept::KeptId>().is_ok())
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let stays_here = bytes.first() == Some(&b'/') && !matches!(bytes.get(1), Some(b'/' | b'\\'));
        let plain = bytes.iter().all(|&byte| byte.is_ascii_graphic() && byte != b'\\');
        (stays_here && plain && text.len() <= LONGEST).then(|| Self(text.into()))
    }

    fn is_under(&self, base_path: &str) -> bool {
        self.0
            .strip_prefix(base_path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    }

    /// The path with its query.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path as the value of a query parameter.
    pub fn as_query_value(&self) -> String {
        utf8_percent_encode(&self.0, IN_QUERY).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_this_host_is_kept() {
        let kept = format!("/.tenure/kept/kept_{}", "0f".repeat(16));
        for path in ["/", "/a/b?c=d&e=%20#f", "/a//b", "/x:y@z", "/.tenure/kept", &kept] {
            assert_eq!(ReturnTo::new(path, "/.tenure").as_str(), path);
        }
    }

    #[test]
    fn whatever_could_lead_elsewhere_leads_home() {
        let long = format!("/{}", "a".repeat(LONGEST));
        for path in [
            "",
            "a",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: x=y",
            "/a b",
            "/é",
            "/a\\b",
            &long,
            "/.tenure/sign-in",
            "/.tenure",
            "/.tenure/kept/kept_0/discard",
            "/.tenure/kept/../sign-in",
        ] {
            assert_eq!(ReturnTo::new(path, "/.tenure").as_str(), "/", "{path:?}");
        }
    }

    #[test]
    fn a_path_survives_as_a_query_value() {
        let path = ReturnTo::new("/a?b=c&d=%2F+e", "/.tenure");
        assert_eq!(path.as_query_value(), "/a%3Fb=c%26d=%252F%2Be");
    }
}
