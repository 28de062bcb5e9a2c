//! What a request says about who made it: a person who follows a link, a script, another site.

use http::header::{ACCEPT, CONNECTION, HOST, ORIGIN, UPGRADE};
use http::{HeaderMap, Method};

/// Whether a browser is to show the answer as a page. Only then may the answer be a redirect to a
/// page of ours.
///
/// `Sec-Fetch-Mode` decides where it is sent. Older clients are taken to navigate if they ask for
/// HTML by GET, HEAD or a form's POST and are not a script that says so.
pub fn is_navigation(method: &Method, headers: &HeaderMap) -> bool {
    if is_upgrade(headers) {
        return false;
    }
    if let Some(mode) = text(headers, "sec-fetch-mode") {
        return mode == "navigate";
    }
    let wants_html = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| {
        accept.split(',').any(|range| {
            matches!(range.split(';').next().map(str::trim), Some("text/html" | "application/xhtml+xml"))
        })
    });
    wants_html
        && [Method::GET, Method::HEAD, Method::POST].contains(method)
        && !headers.contains_key("x-requested-with")
}

/// Whether the request asks to change the protocol, as WebSockets do.
pub fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key(UPGRADE)
        && headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|option| option.trim().eq_ignore_ascii_case("upgrade"))
}

/// Whether a request that changes something comes from a page of this very host.
///
/// `Sec-Fetch-Site` decides where it is sent: browsers let no page forge it. Otherwise `Origin`
/// must name this host. A request with neither does not come from a browser of this decade.
pub fn comes_from_here(headers: &HeaderMap, authority: &str) -> SameOrigin {
    match text(headers, "sec-fetch-site") {
        Some("same-origin") => return SameOrigin::Yes,
        // `none`: the person typed the address; no page did it.
        Some("none") => return SameOrigin::Unknown,
        Some("same-site" | "cross-site") => return SameOrigin::No,
        _ => {}
    }
    let Some(origin) = headers.get(ORIGIN) else { return SameOrigin::Unknown };
    let host = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    if host.is_some_and(|host| host.eq_ignore_ascii_case(authority)) {
        SameOrigin::Yes
    } else {
        SameOrigin::No
    }
}

/// Whether a request proves that a page of this very host sent it: by `Sec-Fetch-Site`, `Origin` or `Referer`, none of which
/// says otherwise. An `Origin` of `null` is what pages that tell nobody where they are send, and proves nothing by itself.
pub fn proves_same_origin(headers: &HeaderMap, authority: &str, secure: bool) -> bool {
    let here = |address: &str| {
        address.split_once("://").is_some_and(|(scheme, rest)| {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            host.eq_ignore_ascii_case(authority) && (scheme == "https" || (scheme == "http" && !secure))
        })
    };
    let origin = match headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or_default()) {
        None | Some("null") => None,
        Some(origin) if here(origin) => Some(()),
        Some(_) => return false,
    };
    match text(headers, "sec-fetch-site") {
        Some("same-origin") => true,
        Some("same-site" | "cross-site") => false,
        _ if origin.is_some() => true,
        _ => !headers.contains_key(ORIGIN) && text(headers, "referer").is_some_and(here),
    }
}

/// What is known about the page that a request comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SameOrigin {
    /// It is a page of this host.
    Yes,
    /// It is a page of another site, or of a sibling host.
    No,
    /// The request does not say.
    Unknown,
}

/// The client said that no person caused the request.
pub fn says_passive(headers: &HeaderMap) -> bool {
    text(headers, "tenure-activity") == Some("passive")
}

/// The `Host`, in lower case as it came otherwise, with its port; empty if there is none.
pub fn authority(headers: &HeaderMap) -> String {
    headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_ascii_lowercase()
}

/// An authority without its port.
pub fn host_of(authority: &str) -> &str {
    match authority.rfind(':') {
        Some(colon) if authority[colon + 1..].bytes().all(|byte| byte.is_ascii_digit()) => {
            &authority[..colon]
        }
        _ => authority,
    }
}

/// A header as text.
pub fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|&(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_script_is_never_taken_for_a_person_who_navigates() {
        let html = ("accept", "text/html,*/*;q=0.8");
        assert!(is_navigation(&Method::GET, &headers(&[html])));
        assert!(is_navigation(&Method::POST, &headers(&[html])));
        assert!(is_navigation(&Method::GET, &headers(&[("sec-fetch-mode", "navigate")])));
        assert!(!is_navigation(&Method::GET, &headers(&[html, ("sec-fetch-mode", "cors")])));
        assert!(!is_navigation(&Method::GET, &headers(&[("accept", "*/*")])));
        assert!(!is_navigation(&Method::GET, &headers(&[html, ("x-requested-with", "XMLHttpRequest")])));
        assert!(!is_navigation(&Method::PUT, &headers(&[html])));
        let socket = [html, ("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")];
        assert!(!is_navigation(&Method::GET, &headers(&socket)));
    }

    #[test]
    fn another_site_is_told_apart() {
        let cases = [
            (&[("sec-fetch-site", "same-origin")][..], SameOrigin::Yes),
            (&[("sec-fetch-site", "same-site")], SameOrigin::No),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://a.example")], SameOrigin::No),
            (&[("sec-fetch-site", "odd"), ("origin", "https://a.example")], SameOrigin::Yes),
            (&[("origin", "https://A.example")], SameOrigin::Yes),
            (&[("origin", "https://a.example:8443")], SameOrigin::No),
            (&[("origin", "null")], SameOrigin::No),
            (&[], SameOrigin::Unknown),
        ];
        for (pairs, expected) in cases {
            assert_eq!(comes_from_here(&headers(pairs), "a.example"), expected, "{pairs:?}");
        }
    }

    #[test]
    fn only_what_proves_to_come_from_here_counts_as_such() {
        let site = |site| ("sec-fetch-site", site);
        let (here, plain, there) = ("https://a.example", "http://a.example", "https://b.example");
        let cases: &[(&[(&'static str, &str)], bool)] = &[
            (&[site("same-origin")], true),
            (&[site("same-origin"), ("origin", "null")], true),
            (&[site("same-origin"), ("origin", there)], false),
            (&[site("cross-site"), ("origin", here)], false),
            (&[site("same-site"), ("referer", here)], false),
            (&[site("none")], false),
            (&[("origin", here)], true),
            (&[("origin", plain)], false),
            (&[("origin", "null"), ("referer", here)], false),
            (&[("origin", "https://a.example.evil.example")], false),
            (&[("referer", "https://a.example/form?x")], true),
            (&[("referer", "https://b.example/https://a.example/")], false),
            (&[], false),
        ];
        for (pairs, expected) in cases {
            assert_eq!(proves_same_origin(&headers(pairs), "a.example", true), *expected, "{pairs:?}");
        }
        assert!(proves_same_origin(&headers(&[("origin", "http://127.0.0.1:80")]), "127.0.0.1:80", false));
    }

    #[test]
    fn a_host_is_told_from_its_port() {
        for (authority, host) in [
            ("a.example:80", "a.example"),
            ("a.example", "a.example"),
            ("[::1]:8080", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(host_of(authority), host);
        }
    }
}
