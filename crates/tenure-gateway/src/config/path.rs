//! Paths as routes see them.
//!
//! The application gets the path byte for byte as it came, and may read it in several ways: `%61` is `a`, dot
//! segments go up, doubled slashes are one, and `%2f`, `%5c` or `\` may or may not be slashes. Whoever decides
//! by path must not be fooled by a spelling, so a route is looked up by every way in which a path may be read,
//! and the strictest route of them holds.

/// The ways in which a path may be read; one, for ordinary paths.
pub(super) fn readings(path: &str) -> Vec<String> {
    let is_plain = !path.contains(['%', '\\', ';']) && !path.contains("//") && !path.contains("/.");
    if is_plain {
        return vec![path.to_owned()];
    }
    let decoded = decode(path);
    let mut readings =
        vec![path.to_owned(), resolve(path), resolve(&decode_unreserved(path)), resolve(&decoded)];
    readings.push(resolve(&decoded.replace('\\', "/")));
    // Encoded twice, for applications behind yet another proxy.
    readings.push(resolve(&decode(&decoded).replace('\\', "/")));
    // Parameters of a segment (`/admin;x=y/`), which some servers drop before they look.
    readings.push(resolve(&without_parameters(&decoded.replace('\\', "/"))));
    readings.sort_unstable();
    readings.dedup();
    readings
}

/// Resolves dot segments (RFC 3986, section 5.2.4) and takes doubled slashes for one.
fn resolve(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let mut ends_in_folder = true;
    for segment in path.split('/') {
        ends_in_folder = matches!(segment, "" | "." | "..");
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    let mut resolved = String::with_capacity(path.len());
    for segment in &segments {
        resolved.push('/');
        resolved.push_str(segment);
    }
    if ends_in_folder || segments.is_empty() {
        resolved.push('/');
    }
    resolved
}

fn decode(path: &str) -> String {
    percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// Decodes what means the same decoded (RFC 3986, section 6.2.2.2).
fn decode_unreserved(path: &str) -> String {
    let mut decoded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(percent) = rest.find('%') {
        decoded.push_str(&rest[..percent]);
        let code = rest.get(percent + 1..percent + 3).and_then(|code| u8::from_str_radix(code, 16).ok());
        match code {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                decoded.push(char::from(byte));
                rest = &rest[percent + 3..];
            }
            _ => {
                decoded.push('%');
                rest = &rest[percent + 1..];
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

fn without_parameters(path: &str) -> String {
    path.split('/').map(|segment| segment.split(';').next().unwrap_or_default()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_path_is_read_in_one_way() {
        assert_eq!(readings("/admin/users"), ["/admin/users"]);
    }

    #[test]
    fn every_spelling_of_a_path_is_read_as_that_path_too() {
        for spelling in [
            "//admin/x",
            "/admin//x",
            "/./admin/x",
            "/a/../admin/x",
            "/%61dmin/x",
            "/admin%2fx",
            "/admin%5Cx",
            "/admin\\x",
            "/a/%2e%2e/admin/x",
            "/a/..%2fadmin/x",
            "/%2561dmin/x",
            "/admin;a=b/x",
            "/../admin/x",
            "/a/..\\admin/x",
        ] {
            assert!(
                readings(spelling).contains(&"/admin/x".to_owned()),
                "{spelling}: {:?}",
                readings(spelling)
            );
        }
    }

    #[test]
    fn odd_bytes_are_no_panic() {
        for path in ["/%", "/%4", "/%zz", "/%ff%fe", "/%é", "/é%c3", "%"] {
            assert!(!readings(path).is_empty());
        }
    }
}
