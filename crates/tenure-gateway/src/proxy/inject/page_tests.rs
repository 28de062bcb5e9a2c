use http::header::ETAG;

use super::*;

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

/// Some session.
fn session() -> SessionId {
    format!("ses_{}", "a1".repeat(16)).parse().unwrap()
}

fn prepared(lines: &[(&'static str, &str)]) -> Option<(PageRequest, HeaderMap)> {
    let mut headers = headers(lines);
    let script = ClientScript::new("/.tenure").unwrap();
    let page = script.prepare(session(), &Method::GET, Scheme::Https, "shop.example", &mut headers)?;
    Some((page, headers))
}

fn responded(status: u16, lines: &[(&'static str, &str)]) -> (Outcome, HeaderMap) {
    let (page, _) = prepared(&[("sec-fetch-dest", "document")]).unwrap();
    let mut headers = headers(lines);
    let outcome = page.respond(StatusCode::from_u16(status).unwrap(), &mut headers);
    (outcome, headers)
}

#[test]
fn navigations_are_told_from_other_requests() {
    let is_page = |method: &Method, lines: &[(&'static str, &str)]| is_page_request(method, &headers(lines));
    for destination in ["document", "iframe", "frame"] {
        assert!(is_page(&Method::GET, &[("sec-fetch-dest", destination)]));
    }
    assert!(is_page(&Method::POST, &[("sec-fetch-dest", "document")]));
    assert!(is_page(&Method::GET, &[("accept", "application/xml, text/html;q=0.9")]));
    for destination in ["empty", "script", "image", "embed", "object", "worker"] {
        assert!(!is_page(&Method::GET, &[("sec-fetch-dest", destination), ("accept", "text/html")]));
    }
    assert!(!is_page(&Method::GET, &[]));
    assert!(!is_page(&Method::GET, &[("accept", "*/*")]));
    assert!(!is_page(&Method::GET, &[("accept", "text/html"), ("x-requested-with", "XMLHttpRequest")]));
    assert!(!is_page(&Method::GET, &[("accept", "text/html"), ("hx-request", "true")]));
    assert!(!is_page(&Method::PUT, &[("sec-fetch-dest", "document")]));
}

#[test]
fn only_encodings_that_can_be_read_are_asked_for() {
    let asked = |accepted: &str| {
        let (_, headers) =
            prepared(&[("sec-fetch-dest", "document"), ("accept-encoding", accepted)]).unwrap();
        headers[ACCEPT_ENCODING].to_str().unwrap().to_owned()
    };
    assert_eq!(asked("gzip, deflate, br, zstd"), "gzip");
    assert_eq!(asked("br;q=1.0, gzip;q=0.5"), "gzip");
    assert_eq!(asked("br, gzip;q=0"), "identity");
    assert_eq!(asked("br, gzip; q=0.000"), "identity");
    assert_eq!(asked("br"), "identity");
    assert!(prepared(&[("sec-fetch-dest", "document")]).unwrap().1.get(ACCEPT_ENCODING).is_none());
    let mut other = headers(&[("accept-encoding", "br")]);
    assert!(
        ClientScript::new("/t")
            .unwrap()
            .prepare(session(), &Method::GET, Scheme::Http, "a", &mut other)
            .is_none()
    );
    assert_eq!(other[ACCEPT_ENCODING], "br");
}

#[test]
fn the_headers_of_a_changed_page_are_true() {
    let (outcome, headers) = responded(
        200,
        &[
            ("content-type", "text/html; charset=utf-8"),
            ("content-length", "100"),
            ("content-encoding", "gzip"),
            ("etag", "\"abc\""),
            ("accept-ranges", "bytes"),
            ("content-digest", "sha-256=:x:"),
            ("vary", "Cookie"),
            ("content-security-policy", "script-src 'nonce-n0nce'"),
        ],
    );
    let Outcome::Inject { tag, is_gzip: true } = outcome else { panic!("{outcome:?}") };
    let address = crate::assets::client().url("/.tenure");
    assert_eq!(
        tag,
        format!(
            "<script src=\"{address}\" data-tenure-base=\"/.tenure\" data-tenure-session=\"{}\" nonce=\"n0nce\"></script>",
            session()
        )
    );
    assert!(!headers.contains_key(CONTENT_LENGTH) && !headers.contains_key("content-digest"));
    assert_eq!(headers[ETAG], "\"abc;tn1\"");
    assert_eq!(headers[ACCEPT_RANGES], "none");
    assert_eq!(headers.get_all(VARY).iter().collect::<Vec<_>>(), ["Cookie", "sec-fetch-dest"]);
}

#[test]
fn everything_but_whole_html_pages_is_left_alone() {
    let html = ("content-type", "text/html");
    let cases: [(u16, &[(&'static str, &str)]); 15] = [
        (200, &[("content-type", "application/json")]),
        (200, &[]),
        (200, &[("content-type", "text/html"), ("content-type", "text/plain")]),
        (200, &[("content-type", "text/html; charset=UTF-16LE")]),
        (200, &[("content-type", "application/xhtml+xml")]),
        (200, &[html, ("content-encoding", "br")]),
        (200, &[html, ("content-encoding", "gzip, gzip")]),
        (200, &[html, ("cache-control", "private, no-transform")]),
        (200, &[html, ("content-disposition", "Attachment; filename=a.html")]),
        (200, &[html, ("content-security-policy", "sandbox allow-scripts")]),
        (204, &[html]),
        (206, &[html, ("content-range", "bytes 0-9/100")]),
        (302, &[html]),
        (303, &[html]),
        (304, &[html]),
    ];
    for (status, lines) in cases {
        let mut lines = lines.to_vec();
        lines.extend([("etag", "\"abc\""), ("content-length", "7"), ("accept-ranges", "bytes")]);
        let (outcome, left) = responded(status, &lines);
        assert_eq!((outcome, left), (Outcome::Leave, headers(&lines)), "{status} {lines:?}");
    }
    assert!(matches!(responded(404, &[html]).0, Outcome::Inject { .. }));
    assert!(matches!(responded(503, &[html]).0, Outcome::Inject { .. }));
}

#[test]
fn a_page_in_the_browser_is_confirmed_under_its_own_tag() {
    let (page, up) = prepared(&[("sec-fetch-dest", "document"), ("if-none-match", "\"abc;tn1\"")]).unwrap();
    assert_eq!(up["if-none-match"], "\"abc\"");
    let mut down = headers(&[("etag", "\"abc\""), ("content-security-policy", "script-src 'none'")]);
    assert_eq!(page.respond(StatusCode::NOT_MODIFIED, &mut down), Outcome::Leave);
    assert_eq!(down[ETAG], "\"abc;tn1\"");
    assert_eq!(down["content-security-policy"], "script-src https://shop.example/.tenure/");
}

#[test]
fn base_paths_that_mean_something_in_html_or_policies_are_refused() {
    for wrong in ["", "tenure", "/a b", "/a\"b", "/a;b", "/a,b", "/<a>", "/a'b", "//evil.example"] {
        assert!(ClientScript::new(wrong).is_err(), "{wrong}");
    }
    assert!(ClientScript::new("/.tenure/").is_ok());
}
