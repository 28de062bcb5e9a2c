//! The gateway's own cookies: the application neither sees nor sets them.

use std::borrow::Cow;

use http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};

/// The names of the gateway's cookies.
#[derive(Debug, Clone, Default)]
pub struct OwnCookies {
    names: Box<[Box<str>]>,
}

impl OwnCookies {
    /// Takes the exact names, which are case-sensitive (RFC 6265 section 5.4).
    pub fn new<T: Into<Box<str>>>(names: impl IntoIterator<Item = T>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect() }
    }

    /// Whether a cookie is the gateway's.
    #[must_use]
    pub fn contains(&self, name: &[u8]) -> bool {
        self.names.iter().any(|own| own.as_bytes() == name)
    }

    /// Takes the gateway's cookies out of a request. All others stay byte for byte as they were; a line that is left without
    /// any cookie goes.
    pub(crate) fn strip_request(&self, headers: &mut HeaderMap) {
        let mut lines = headers.get_all(COOKIE).iter();
        if let (Some(line), None) = (lines.next(), lines.next()) {
            if let Cow::Owned(kept) = self.without_own(line.as_bytes()) {
                match HeaderValue::from_maybe_shared(bytes::Bytes::from(kept)) {
                    Ok(kept) if !kept.is_empty() => drop(headers.insert(COOKIE, kept)),
                    _ => drop(headers.remove(COOKIE)),
                }
            }
            return;
        }
        let lines: Vec<HeaderValue> = headers.get_all(COOKIE).iter().cloned().collect();
        headers.remove(COOKIE);
        for line in lines {
            let kept = match self.without_own(line.as_bytes()) {
                Cow::Borrowed(_) => line,
                Cow::Owned(kept) if kept.is_empty() => continue,
                // Pieces of a valid value are valid; a line that were not would be better lost than sent.
                Cow::Owned(kept) => match HeaderValue::from_maybe_shared(bytes::Bytes::from(kept)) {
                    Ok(kept) => kept,
                    Err(_) => continue,
                },
            };
            headers.append(COOKIE, kept);
        }
    }

    /// Drops every `Set-Cookie` of the application that names one of the gateway's cookies.
    pub(crate) fn strip_response(&self, headers: &mut HeaderMap) {
        if !headers.get_all(SET_COOKIE).iter().any(|line| self.is_set_by(line.as_bytes())) {
            return;
        }
        let kept: Vec<HeaderValue> = headers
            .get_all(SET_COOKIE)
            .iter()
            .filter(|line| !self.is_set_by(line.as_bytes()))
            .cloned()
            .collect();
        headers.remove(SET_COOKIE);
        for line in kept {
            headers.append(SET_COOKIE, line);
        }
    }

    fn without_own<'a>(&self, line: &'a [u8]) -> Cow<'a, [u8]> {
        if !line.split(|byte| *byte == b';').any(|pair| self.contains(name_of(pair))) {
            return Cow::Borrowed(line);
        }
        let mut kept: Vec<u8> = Vec::with_capacity(line.len());
        let mut first = true;
        for pair in line.split(|byte| *byte == b';').filter(|pair| !self.contains(name_of(pair))) {
            if first {
                kept.extend_from_slice(pair.trim_ascii_start());
            } else {
                kept.push(b';');
                kept.extend_from_slice(pair);
            }
            first = false;
        }
        if kept.iter().all(|byte| matches!(byte, b';' | b' ' | b'\t')) {
            kept.clear();
        }
        Cow::Owned(kept)
    }

    /// A cookie without a name whose value looks like `name=value` comes back from a browser as if it had that name, so leading
    /// `=` are skipped.
    fn is_set_by(&self, line: &[u8]) -> bool {
        let mut line = line;
        while let [b'=' | b' ' | b'\t', rest @ ..] = line {
            line = rest;
        }
        let pair = line.split(|byte| *byte == b';').next().unwrap_or_default();
        self.contains(name_of(pair))
    }
}

fn name_of(pair: &[u8]) -> &[u8] {
    pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> OwnCookies {
        OwnCookies::new(["__Host-tenure", "tenure"])
    }

    fn stripped(lines: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_str(line).unwrap());
        }
        own().strip_request(&mut headers);
        headers.get_all(COOKIE).iter().map(|line| line.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn own_cookies_go_and_all_others_stay_as_they_were() {
        assert_eq!(stripped(&["a=1; __Host-tenure=secret; b=\"x y\""]), ["a=1; b=\"x y\""]);
        assert_eq!(stripped(&["__Host-tenure=secret; a=1"]), ["a=1"]);
        assert_eq!(stripped(&["a=1; __Host-tenure=secret"]), ["a=1"]);
        assert_eq!(stripped(&["a=1;__Host-tenure=x;  b=2;c;=d; tenure=y;e=\t5"]), ["a=1;  b=2;c;=d;e=\t5"]);
        assert_eq!(stripped(&["__Host-tenure=secret"]), Vec::<String>::new());
        assert_eq!(stripped(&["__Host-tenure=1; __Host-tenure=2;"]), Vec::<String>::new());
        assert_eq!(
            stripped(&["a=1; b=tenure; xtenure=1; Tenure=2; tenure2=3"]),
            ["a=1; b=tenure; xtenure=1; Tenure=2; tenure2=3"]
        );
    }

    #[test]
    fn several_cookie_lines_are_all_cleaned() {
        assert_eq!(stripped(&["a=1; tenure=x", "tenure=y", "b=2 ; c=3"]), ["a=1", "b=2 ; c=3"]);
    }

    #[test]
    fn a_token_hidden_in_quotes_or_without_a_value_goes_too() {
        assert_eq!(stripped(&["a=\"1; __Host-tenure=secret\"; b=2"]), ["a=\"1; b=2"]);
        assert_eq!(stripped(&["tenure; a=1"]), ["a=1"]);
        assert_eq!(stripped(&[" \ttenure =x; a=1"]), ["a=1"]);
    }

    #[test]
    fn the_application_cannot_set_a_cookie_of_the_gateway() {
        let mut headers = HeaderMap::new();
        for line in [
            "a=1; Path=/",
            "__Host-tenure=evil; Secure",
            "=tenure=evil",
            " tenure = evil",
            "b=tenure; Max-Age=1",
        ] {
            headers.append(SET_COOKIE, HeaderValue::from_str(line).unwrap());
        }
        own().strip_response(&mut headers);
        let left: Vec<_> = headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect();
        assert_eq!(left, ["a=1; Path=/", "b=tenure; Max-Age=1"]);
    }
}
