//! `Forwarded` and `X-Forwarded-*` of any kind: reading them never panics, and a peer that is not a listed proxy
//! is never believed.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use tenure_gateway::net::{Forwarded, Peer, Scheme, TrustedProxies, resolve};

const NAMES: [&str; 4] = ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];

fuzz_target!(|bytes: &[u8]| {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|&byte| byte == b'\n') {
        let Some((&kind, value)) = line.split_first() else { continue };
        let Ok(value) = HeaderValue::from_bytes(value) else { continue };
        headers.append(HeaderName::from_static(NAMES[usize::from(kind) % NAMES.len()]), value);
    }
    let _ = Forwarded::parse(headers.get_all("forwarded"));
    let _ = Forwarded::parse_x_forwarded_for(headers.get_all("x-forwarded-for"));

    let proxy = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let stranger = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
    let trusted = TrustedProxies::parse(["127.0.0.0/8"]).expect("a network");
    let origin = resolve(Peer { address: stranger, scheme: Scheme::Http }, &headers, &trusted);
    assert_eq!((origin.client, origin.scheme), (stranger, Scheme::Http));
    assert!(origin.host.is_none() && origin.uri.is_none() && origin.method.is_none() && !origin.believed);
    let _ = resolve(Peer { address: proxy, scheme: Scheme::Http }, &headers, &trusted);
});
