use std::net::IpAddr;

use super::*;
use crate::net::{Scheme, TrustedProxies, resolve};

fn map(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

/// The headers that the application gets from a client at `peer`, where `10.0.0.0/8` is listed.
fn upstream_sees(peer: &str, lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = map(lines);
    let peer = Peer { address: peer.parse::<IpAddr>().unwrap(), scheme: Scheme::Http };
    let origin = resolve(peer, &headers, &TrustedProxies::parse(["10.0.0.0/8"]).unwrap());
    towards_upstream(&mut headers, Version::HTTP_11, peer, &origin, &OwnCookies::new(["__Host-tenure"]));
    headers
}

fn values(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

#[test]
fn headers_of_the_connection_end_with_it() {
    let headers = upstream_sees(
        "192.0.2.1",
        &[
            ("host", "a.example"),
            ("connection", "close, X-Secret, host, content-length"),
            ("connection", "keep-alive"),
            ("x-secret", "1"),
            ("content-length", "3"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("te", "gzip"),
            ("accept", "*/*"),
        ],
    );
    for gone in
        ["connection", "x-secret", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te"]
    {
        assert!(!headers.contains_key(gone), "{gone}");
    }
    assert_eq!(values(&headers, "host"), ["a.example"]);
    assert_eq!(values(&headers, "content-length"), ["3"]);
    assert_eq!(values(&headers, "accept"), ["*/*"]);
    assert_eq!(values(&headers, "via"), ["1.1 tenure"]);
}

#[test]
fn a_client_that_takes_trailers_still_gets_them() {
    let headers = upstream_sees("192.0.2.1", &[("te", "trailers, deflate;q=0.5"), ("connection", "te")]);
    assert_eq!(values(&headers, "te"), ["trailers"]);
    assert_eq!(values(&headers, "connection"), ["te"]);
}

#[test]
fn identity_headers_of_the_client_are_removed_in_every_spelling() {
    let headers = upstream_sees(
        "10.0.0.1",
        &[
            ("tenure-subject", "admin"),
            ("tenure_subject", "admin"),
            ("tenure-assertion", "x"),
            ("tenure_auth-time", "0"),
            ("tenure.session", "x"),
            ("tenured", "professor"),
            ("x-tenure", "kept"),
        ],
    );
    assert!(!headers.keys().any(is_reserved));
    assert_eq!(values(&headers, "tenured"), ["professor"]);
    assert_eq!(values(&headers, "x-tenure"), ["kept"]);
}

#[test]
fn what_a_stranger_claims_of_its_origin_is_replaced() {
    let headers = upstream_sees(
        "192.0.2.1",
        &[
            ("host", "shop.example"),
            ("forwarded", "for=127.0.0.1"),
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-for", "127.0.0.2"),
            ("x_forwarded_for", "127.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-prefix", "/evil"),
            ("x-real-ip", "127.0.0.1"),
            ("x-original-url", "/admin"),
            ("x-rewrite-url", "/admin"),
        ],
    );
    assert_eq!(values(&headers, "forwarded"), ["for=192.0.2.1;proto=http;host=\"shop.example\""]);
    assert_eq!(values(&headers, "x-forwarded-for"), ["192.0.2.1"]);
    assert_eq!(values(&headers, "x-forwarded-proto"), ["http"]);
    assert_eq!(values(&headers, "x-forwarded-host"), ["shop.example"]);
    for gone in ["x_forwarded_for", "x-forwarded-prefix", "x-real-ip", "x-original-url", "x-rewrite-url"] {
        assert!(!headers.contains_key(gone), "{gone}");
    }
}

#[test]
fn what_a_listed_proxy_says_is_added_to() {
    let headers = upstream_sees(
        "10.0.0.1",
        &[
            ("host", "inner"),
            ("x-forwarded-for", "192.0.2.7, 10.0.0.2"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "shop.example"),
            ("x-forwarded-prefix", "/shop"),
            ("x_forwarded_proto", "http"),
        ],
    );
    assert_eq!(values(&headers, "x-forwarded-for"), ["192.0.2.7, 10.0.0.2, 10.0.0.1"]);
    assert_eq!(values(&headers, "x-forwarded-proto"), ["https"]);
    assert_eq!(values(&headers, "x-forwarded-host"), ["shop.example"]);
    assert_eq!(values(&headers, "x-forwarded-prefix"), ["/shop"]);
    assert!(!headers.contains_key("x_forwarded_proto"));
    assert_eq!(
        values(&headers, "forwarded"),
        ["for=192.0.2.7;proto=https;host=\"shop.example\", for=10.0.0.1"]
    );

    let headers = upstream_sees("10.0.0.1", &[("forwarded", "for=192.0.2.7"), ("forwarded", "for=10.0.0.2")]);
    assert_eq!(values(&headers, "forwarded"), ["for=192.0.2.7, for=10.0.0.2, for=10.0.0.1"]);
}

#[test]
fn lists_that_contradict_each_other_are_not_handed_on() {
    let headers =
        upstream_sees("10.0.0.1", &[("forwarded", "for=127.0.0.1"), ("x-forwarded-for", "192.0.2.7")]);
    assert_eq!(values(&headers, "forwarded"), ["for=10.0.0.1;proto=http"]);
    assert_eq!(values(&headers, "x-forwarded-for"), ["10.0.0.1"]);
}

#[test]
fn ipv6_addresses_are_bracketed_and_quoted() {
    let headers = upstream_sees("2001:db8::1", &[("host", "[2001:db8::2]:80")]);
    assert_eq!(values(&headers, "forwarded"), ["for=\"[2001:db8::1]\";proto=http;host=\"[2001:db8::2]:80\""]);
    assert_eq!(values(&headers, "x-forwarded-for"), ["2001:db8::1"]);
}

#[test]
fn the_application_cannot_speak_for_the_gateway() {
    let mut headers = map(&[
        ("tenure-not-forwarded", "1"),
        ("tenure_session", "x"),
        ("set-cookie", "__Host-tenure=evil"),
        ("set-cookie", "a=1"),
        ("connection", "x-inner"),
        ("x-inner", "1"),
        ("transfer-encoding", "chunked"),
        ("trailer", "x-checksum"),
    ]);
    towards_client(&mut headers, &OwnCookies::new(["__Host-tenure"]));
    let mut left: Vec<_> =
        headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    left.sort_unstable();
    assert_eq!(left, [("set-cookie", "a=1"), ("trailer", "x-checksum")]);
}
