//! Targets of any spelling: what is read as a host is read the same again, a number is never a name, credentials never
//! panic; and lines of the journal of leases are what was written or nothing.
#![no_main]

use http::{HeaderMap, HeaderValue, header::PROXY_AUTHORIZATION};
use libfuzzer_sys::fuzz_target;
use tenure_egress::Host;
use tenure_egress::access::ranges;
use tenure_egress::front::http::credentials;
use tenure_egress::lease::record::Record;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(host) = Host::parse(text) {
            assert_eq!(Host::parse(&host.to_string()), Ok(host.clone()), "a host has one spelling");
            match &host {
                Host::Name(name) => {
                    let read_by_c = name.parse::<std::net::Ipv4Addr>();
                    assert!(read_by_c.is_err() || ranges::numeric(name) == Some(read_by_c.ok()));
                }
                Host::Address(address) => {
                    let _ = ranges::is_public(*address);
                }
            }
        }
        let _ = ranges::numeric(text);
    }
    if let Ok(value) = HeaderValue::from_bytes(bytes) {
        let headers = HeaderMap::from_iter([(PROXY_AUTHORIZATION, value)]);
        if let Some((name, _)) = credentials(&headers) {
            assert!(!name.contains(':'));
        }
    }
    if let Ok(record) = Record::from_line(bytes) {
        let line = record.to_line();
        assert_eq!(Record::from_line(line.trim_end_matches('\n').as_bytes()), Ok(record));
    }
});
