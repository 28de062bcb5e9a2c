//! `Accept-Language` headers of any kind: reading them never panics, what is chosen is one of those that are offered, and
//! more lines than one are read as one.
#![no_main]

use http::header::ACCEPT_LANGUAGE;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use tenure_gateway::language::{Language, Languages};

fuzz_target!(|bytes: &[u8]| {
    let lines: Vec<_> =
        bytes.split(|&byte| byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let headers: HeaderMap = lines.iter().map(|line| (ACCEPT_LANGUAGE, line.clone())).collect();
    let offered: Vec<_> = Language::all().skip(1).collect();
    let chosen = Languages::new(offered.clone()).of(&headers);
    assert!(offered.contains(&chosen), "{chosen:?} is not offered");

    if lines.iter().all(|line| line.to_str().is_ok()) {
        let joined = lines.iter().map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b","[..]);
        if let Ok(joined) = HeaderValue::from_bytes(&joined) {
            let one = HeaderMap::from_iter([(ACCEPT_LANGUAGE, joined)]);
            assert_eq!(Languages::new(offered).of(&one), chosen);
        }
    }
});
