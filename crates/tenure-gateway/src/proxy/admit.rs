//! Requests that mean different things to different readers are refused before anybody judges them.

use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{Method, StatusCode, Version, request::Parts};

/// Why a request is not served at all, whoever sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No `Host`, several, or one that isn't a host (RFC 9112 section 3.2).
    #[error("the request has to name its host exactly once")]
    Host,
    /// A request target in absolute form that contradicts `Host`, or one that is no path.
    #[error("the request target and the Host header disagree")]
    Target,
    /// Both `Content-Length` and `Transfer-Encoding`, or several of either (RFC 9112 section 6.3).
    #[error("the length of the request is ambiguous")]
    Length,
    /// `CONNECT`, which is for forward proxies, or `TRACE`, which would show cookies to scripts.
    #[error("this method is not served")]
    Method,
}

impl Refusal {
    /// The status of the answer.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Host | Self::Target | Self::Length => StatusCode::BAD_REQUEST,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
        }
    }
}

/// Checks that a request has one meaning. To be called first, so that routes and sessions are judged on the same host and
/// path that the application sees.
///
/// # Errors
/// [`Refusal`] says what is ambiguous.
pub fn admit(request: &Parts) -> Result<(), Refusal> {
    if matches!(request.method, Method::CONNECT | Method::TRACE) {
        return Err(Refusal::Method);
    }
    let mut hosts = request.headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => Some(host.to_str().map_err(|_| Refusal::Host)?),
        (None, _) if request.version == Version::HTTP_10 => None,
        _ => return Err(Refusal::Host),
    };
    if let Some(host) = host
        && !is_host(host)
    {
        return Err(Refusal::Host);
    }
    if let Some(authority) = request.uri.authority()
        && !host.is_some_and(|host| host.eq_ignore_ascii_case(authority.as_str()))
    {
        return Err(Refusal::Target);
    }
    let path = request.uri.path();
    if !(path.starts_with('/') || path == "*" && request.method == Method::OPTIONS) {
        return Err(Refusal::Target);
    }
    let lengths = request.headers.get_all(CONTENT_LENGTH).iter().count();
    let encodings = request.headers.get_all(TRANSFER_ENCODING).iter().count();
    if lengths + encodings > 1 { Err(Refusal::Length) } else { Ok(()) }
}

/// Letters, digits, `-._~`, an optional port, or an address in brackets: all that occurs in practice.
fn is_host(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]%".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed) && text.parse::<http::uri::Authority>().is_ok()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn judged(target: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let mut request = Request::get(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        admit(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn one_host_and_one_target_are_admitted() {
        assert_eq!(judged("/a?b=c", &[("host", "shop.example:8080")]), Ok(()));
        assert_eq!(judged("http://Shop.example/a", &[("host", "shop.example")]), Ok(()));
        assert_eq!(judged("/", &[("host", "[2001:db8::1]:80")]), Ok(()));
    }

    #[test]
    fn ambiguous_requests_are_refused() {
        assert_eq!(judged("/", &[]), Err(Refusal::Host));
        assert_eq!(judged("/", &[("host", "a"), ("host", "a")]), Err(Refusal::Host));
        for host in ["", "a b", "a,b", "user@a", "a/b", "a\"b"] {
            assert_eq!(judged("/", &[("host", host)]), Err(Refusal::Host), "{host}");
        }
        assert_eq!(judged("http://other.example/", &[("host", "shop.example")]), Err(Refusal::Target));
        assert_eq!(judged("*", &[("host", "a")]), Err(Refusal::Target));
        let both = [("host", "a"), ("content-length", "3"), ("transfer-encoding", "chunked")];
        assert_eq!(judged("/", &both), Err(Refusal::Length));
        let twice = [("host", "a"), ("content-length", "3"), ("content-length", "3")];
        assert_eq!(judged("/", &twice), Err(Refusal::Length));
    }

    #[test]
    fn methods_of_forward_proxies_are_refused() {
        let parts =
            Request::builder().method("TRACE").uri("/").header("host", "a").body(()).unwrap().into_parts().0;
        assert_eq!(admit(&parts), Err(Refusal::Method));
    }
}
