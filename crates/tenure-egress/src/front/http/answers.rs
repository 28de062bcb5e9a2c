//! What the proxy itself has to say: plain words, and `Proxy-Status` (RFC 9209) for programs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use zeroize::Zeroizing;

use crate::{Refusal, Secret};

/// A body: that of a site, or words of the proxy.
pub(super) type Body = Either<Incoming, Full<Bytes>>;

/// The error type of RFC 9209 §2.3 for a refusal, and the status to answer with.
const fn meaning(refusal: Refusal) -> (StatusCode, &'static str) {
    match refusal {
        Refusal::LeaseUnavailable | Refusal::EgressUnreachable => {
            (StatusCode::SERVICE_UNAVAILABLE, "proxy_internal_error")
        }
        Refusal::NoAddress => (StatusCode::SERVICE_UNAVAILABLE, "proxy_configuration_error"),
        Refusal::Forbidden => (StatusCode::FORBIDDEN, "destination_ip_prohibited"),
        Refusal::NoSuchHost => (StatusCode::BAD_GATEWAY, "dns_error"),
        Refusal::NameServerFailed => (StatusCode::GATEWAY_TIMEOUT, "dns_timeout"),
        Refusal::ConnectionRefused => (StatusCode::BAD_GATEWAY, "connection_refused"),
        Refusal::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "connection_timeout"),
        Refusal::Unreachable => (StatusCode::BAD_GATEWAY, "destination_ip_unroutable"),
        Refusal::TooMany => (StatusCode::SERVICE_UNAVAILABLE, "connection_limit_reached"),
        Refusal::AccountGone => (StatusCode::FORBIDDEN, "http_request_denied"),
        Refusal::Failed => (StatusCode::BAD_GATEWAY, "proxy_internal_error"),
    }
}

/// The value of `Proxy-Status` for a refusal. Its words have no character that a string of RFC 8941 would escape.
pub fn proxy_status(name: &str, refusal: Refusal) -> String {
    let (_, error) = meaning(refusal);
    format!("{name}; error={error}; details=\"{refusal}\"")
}

/// The answer to a request that the way refused.
pub(super) fn refused(name: &str, refusal: Refusal) -> Response<Body> {
    let (status, _) = meaning(refusal);
    with_status(plain(status, &format!("{name}: {refusal}.\n")), proxy_status(name, refusal))
}

/// The answer to a site that broke off, or that does not speak HTTP.
pub(super) fn broken(name: &str) -> Response<Body> {
    let words = format!("{name}: the site's answer could not be read.\n");
    let status = format!("{name}; error=http_protocol_error");
    with_status(plain(StatusCode::BAD_GATEWAY, &words), status)
}

/// The answer to a request that says nothing of who sends it, or not what the account's secret is.
pub(super) fn who_are_you(name: &str) -> Response<Body> {
    let words = format!("{name}: this proxy asks for the name and the secret of an account.\n");
    let mut answer = plain(StatusCode::PROXY_AUTHENTICATION_REQUIRED, &words);
    let challenge = HeaderValue::from_static("Basic realm=\"Tenure egress\", charset=\"UTF-8\"");
    answer.headers_mut().insert(header::PROXY_AUTHENTICATE, challenge);
    answer
}

/// The answer to a request that is not one for a proxy.
pub(super) fn bad_request(name: &str, words: &str) -> Response<Body> {
    let mut answer = plain(StatusCode::BAD_REQUEST, &format!("{name}: {words}.\n"));
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// The answer to a `CONNECT` that succeeded.
pub(super) fn connected() -> Response<Body> {
    Response::new(Either::Right(Full::default()))
}

fn plain(status: StatusCode, words: &str) -> Response<Body> {
    let mut answer = Response::new(Either::Right(Full::from(words.to_owned())));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn with_status(mut answer: Response<Body>, status: String) -> Response<Body> {
    if let Ok(status) = HeaderValue::try_from(status) {
        answer.headers_mut().insert("proxy-status", status);
    }
    answer
}

/// Name and secret in `Proxy-Authorization: Basic` (RFC 7617).
pub fn credentials(headers: &HeaderMap) -> Option<(String, Secret)> {
    let value = headers.get(header::PROXY_AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(encoded.trim()).ok()?);
    let colon = decoded.iter().position(|&byte| byte == b':')?;
    let name = std::str::from_utf8(&decoded[..colon]).ok()?;
    Some((name.to_owned(), Secret::new(decoded[colon + 1..].to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_to_people_and_to_programs() {
        let answer = refused("tenure-egress", Refusal::LeaseUnavailable);
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            answer.headers()["proxy-status"],
            "tenure-egress; error=proxy_internal_error; details=\"the leased address is not available now\""
        );
    }

    #[test]
    fn credentials_are_read_from_basic_authentication_only() {
        let of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::PROXY_AUTHORIZATION, value.parse().unwrap());
            credentials(&headers).map(|(name, secret)| (name, secret.expose().to_vec()))
        };
        assert_eq!(of("Basic YWRhOmE6Yg=="), Some(("ada".into(), b"a:b".to_vec())));
        assert_eq!(of("basic YWRhOmE6Yg=="), Some(("ada".into(), b"a:b".to_vec())));
        for value in ["Bearer x", "Basic", "Basic ###", "Basic YWRh"] {
            assert_eq!(of(value), None, "{value}");
        }
    }
}
