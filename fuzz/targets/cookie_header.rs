//! `Cookie` headers of any kind: reading them never panics, finds at most four different values, and of
//! several lines every one counts.
#![no_main]

use http::{HeaderMap, HeaderValue, header::COOKIE};
use libfuzzer_sys::fuzz_target;
use tenure::core::token::Token;
use tenure_gateway::web::cookies::{CookieNames, values};

fuzz_target!(|bytes: &[u8]| {
    let headers: HeaderMap = bytes
        .split(|&byte| byte == b'\n')
        .filter_map(|line| HeaderValue::from_bytes(line).ok())
        .map(|line| (COOKIE, line))
        .collect();
    for names in [CookieNames::SECURE, CookieNames::LOOPBACK] {
        let found = values(&headers, names.session);
        assert!(found.len() <= 4);
        for (place, value) in found.iter().enumerate() {
            assert!(!found[..place].contains(value), "equal values count once");
            if let Ok(token) = Token::parse(value) {
                assert_eq!(token.expose(), *value, "a token has one spelling");
            }
        }
    }
});
