use http::HeaderValue;

use super::*;

const PEER: Peer = Peer { address: IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)), scheme: Scheme::Http };

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn resolved(lines: &[(&'static str, &str)]) -> Origin {
    resolve(PEER, &headers(lines), &TrustedProxies::parse(["10.0.0.0/8"]).unwrap())
}

fn client(lines: &[(&'static str, &str)]) -> String {
    resolved(lines).client.to_string()
}

#[test]
fn a_peer_that_is_not_listed_is_not_heard() {
    let lines = headers(&[
        ("forwarded", "for=192.0.2.1;proto=https;host=a.example"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-uri", "/admin"),
    ]);
    let stranger = Peer { address: "203.0.113.9".parse().unwrap(), scheme: Scheme::Http };
    let origin = resolve(stranger, &lines, &TrustedProxies::parse(["10.0.0.0/8"]).unwrap());
    assert_eq!(origin, Origin::direct(stranger, false));
}

#[test]
fn a_mapped_peer_is_its_ipv4_address() {
    let peer = Peer { address: "::ffff:10.0.0.1".parse().unwrap(), scheme: Scheme::Http };
    let origin = resolve(
        peer,
        &headers(&[("x-forwarded-for", "192.0.2.1")]),
        &TrustedProxies::parse(["10.0.0.1"]).unwrap(),
    );
    assert_eq!(origin.client.to_string(), "192.0.2.1");
    assert_eq!(resolve(peer, &HeaderMap::new(), &TrustedProxies::default()).client.to_string(), "10.0.0.1");
}

#[test]
fn the_walk_stops_at_the_first_stranger_from_the_right() {
    assert_eq!(client(&[("x-forwarded-for", "1.1.1.1, 192.0.2.7, 10.0.0.2")]), "192.0.2.7");
    assert_eq!(client(&[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "192.0.2.7")]), "192.0.2.7");
    assert_eq!(client(&[("forwarded", "for=1.1.1.1, for=192.0.2.7, for=10.0.0.2")]), "192.0.2.7");
    assert_eq!(client(&[("x-forwarded-for", "10.0.0.3, 10.0.0.2")]), "10.0.0.3", "a chain of proxies only");
}

#[test]
fn the_outermost_listed_proxy_tells_scheme_and_host() {
    let origin = resolved(&[(
        "forwarded",
        "for=1.1.1.1;proto=http;host=evil.example, for=192.0.2.7;proto=https;host=Shop.example, for=10.0.0.2;proto=http;host=inner",
    )]);
    assert_eq!((origin.scheme, origin.host.as_deref()), (Scheme::Https, Some("shop.example")));
    let origin = resolved(&[
        ("x-forwarded-for", "1.1.1.1, 192.0.2.7, 10.0.0.2"),
        ("x-forwarded-proto", "http, https, http"),
        ("x-forwarded-host", "evil.example, shop.example:8443, inner"),
    ]);
    assert_eq!((origin.scheme, origin.host.as_deref()), (Scheme::Https, Some("shop.example:8443")));
}

#[test]
fn one_value_set_by_the_proxy_counts_whatever_the_length_of_the_chain() {
    let origin = resolved(&[("x-forwarded-for", "192.0.2.7, 10.0.0.2"), ("x-forwarded-proto", "https")]);
    assert_eq!(origin.scheme, Scheme::Https);
    let alone = resolved(&[("x-forwarded-proto", "http, https")]);
    assert_eq!((alone.scheme, alone.client.to_string().as_str()), (Scheme::Https, "10.0.0.1"));
}

#[test]
fn malformed_and_hidden_hops_leave_the_last_known_address() {
    assert_eq!(client(&[("forwarded", "for=192.0.2.7, for=")]), "10.0.0.1");
    assert_eq!(client(&[("x-forwarded-for", "192.0.2.7, nonsense")]), "10.0.0.1");
    assert_eq!(client(&[("forwarded", "for=192.0.2.7, for=unknown")]), "10.0.0.1");
    assert_eq!(client(&[("forwarded", "for=192.0.2.7, for=_x, for=10.0.0.2")]), "10.0.0.2");
    let origin = resolved(&[("forwarded", "for=192.0.2.7;host=\"a b\";proto=https")]);
    assert_eq!(origin, Origin::direct(PEER, true));
}

#[test]
fn a_forwarded_header_smuggled_past_a_proxy_that_writes_the_elder_ones_is_not_believed() {
    let origin = resolved(&[("forwarded", "for=127.0.0.1;proto=https"), ("x-forwarded-for", "192.0.2.7")]);
    assert_eq!(origin, Origin::direct(PEER, true));
    let agreeing = resolved(&[
        ("forwarded", "for=192.0.2.7;host=shop.example"),
        ("x-forwarded-for", "192.0.2.7"),
        ("x-forwarded-proto", "https"),
    ]);
    assert_eq!(agreeing.client.to_string(), "192.0.2.7");
    assert_eq!((agreeing.scheme, agreeing.host.as_deref()), (Scheme::Https, Some("shop.example")));
}

#[test]
fn the_request_that_is_asked_about_is_read_from_single_headers_only() {
    let origin = resolved(&[("x-forwarded-method", "DELETE"), ("x-forwarded-uri", "/a,b?c=d,e")]);
    assert_eq!(origin.method, Some(http::Method::DELETE));
    assert_eq!(origin.uri.unwrap().to_string(), "/a,b?c=d,e");
    let twice = resolved(&[("x-forwarded-uri", "/public"), ("x-forwarded-uri", "/admin")]);
    assert_eq!(twice.uri, None);
}

/// A small generator with a printable seed, so that a failing history can be run again.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

const PIECES: [&[u8]; 28] = [
    b"for",
    b"by",
    b"proto",
    b"host",
    b"=",
    b";",
    b",",
    b"\"",
    b"\\",
    b" ",
    b"\t",
    b"[",
    b"]",
    b":",
    b"192.0.2.1",
    b"10.0.0.2",
    b"2001:db8::1",
    b"unknown",
    b"_x",
    b"https",
    b"http",
    b"a.example",
    b"\xff",
    b"0",
    b"65536",
    b"%",
    b"::ffff:10.0.0.1",
    b"@",
];

#[test]
fn no_bytes_whatever_make_the_parsers_panic_and_a_stranger_is_never_heard() {
    let trusted = TrustedProxies::parse(["10.0.0.0/8"]).unwrap();
    let names = ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-uri"];
    for seed in 1..=20_000_u64 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut map = HeaderMap::new();
        for _ in 0..=random.below(4) {
            let name = names[random.below(names.len())];
            let mut value = Vec::new();
            for _ in 0..random.below(14) {
                value.extend_from_slice(PIECES[random.below(PIECES.len())]);
            }
            if random.below(4) == 0 {
                value.push(u8::try_from(random.below(256)).unwrap());
            }
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                map.append(name, value);
            }
        }
        let listed = resolve(PEER, &map, &trusted);
        assert!(listed.by_trusted_proxy, "seed {seed}");
        if let Some(host) = &listed.host {
            assert!(HeaderValue::from_str(host).is_ok() && !host.contains('@'), "seed {seed}: {host}");
        }
        let stranger = Peer { address: "203.0.113.9".parse().unwrap(), scheme: Scheme::Https };
        assert_eq!(resolve(stranger, &map, &trusted), Origin::direct(stranger, false), "seed {seed}");
    }
}
