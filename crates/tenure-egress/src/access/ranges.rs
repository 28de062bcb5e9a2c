//! What an address really is, and which are no sites of the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The IPv4 address that an IPv6 address stands for, wherever a host or a router on the way would take it for one:
/// mapped and compatible (RFC 4291 §2.5.5), translated (RFC 6052, RFC 8215, with the prefix of 96 bits), 6to4
/// (RFC 3056), ISATAP (RFC 5214) and Teredo (RFC 4380 §4, whose client's address is inverted).
pub fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 1, _, _, _, high, low]
        | [0x2002, high, low, ..]
        | [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => Some(v4(high, low)),
        [0, 0, 0, 0, 0, 0, high, low]
            if address != Ipv6Addr::LOCALHOST && address != Ipv6Addr::UNSPECIFIED =>
        {
            Some(v4(high, low))
        }
        [0x2001, 0, _, _, _, _, high, low] => Some(v4(!high, !low)),
        _ => None,
    }
}

/// Whether an address can be that of a site on the public internet (the IANA special-purpose registries, RFC 6890).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address) && embedded(address).is_none_or(is_public_v4),
    }
}

const fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        // This network, private, carrier-grade NAT, loopback, link-local with the metadata services of clouds.
        [0 | 10 | 127, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 168, ..]
            // Protocol assignments, documentation, the old 6to4 relays, benchmarks.
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            // Multicast, reserved, broadcast.
            | [224..=255, ..]
    )
}

/// Only global unicast is public; unique local, link-local and multicast are outside of it.
const fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let translated = segments[0] == 0x64 && segments[1] == 0xff9b;
    let global = segments[0] & 0xe000 == 0x2000;
    let special = matches!(
        segments,
        // Benchmarks, documentation, ORCHID, and the metadata service of one cloud that is outside of link-local.
        [0x2001, 2, 0, ..] | [0x2001, 0xdb8, ..] | [0x2001, 0x10..=0x3f, ..] | [0x3fff, 0..=0xfff, ..]
    );
    (global || translated) && !special
}

/// A host that is written in a way that the C library takes for an IPv4 address (`inet_aton`): one to four numbers,
/// decimal, octal or hexadecimal. `Some(None)`: it ends like a number, and is none of these; such a name exists nowhere.
pub fn numeric(name: &str) -> Option<Option<Ipv4Addr>> {
    let last = name.rsplit('.').next()?;
    let is_number =
        last.bytes().all(|byte| byte.is_ascii_digit()) || last.strip_prefix("0x").is_some_and(is_hexadecimal);
    is_number.then(|| parse_numeric(name))
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn parse_numeric(name: &str) -> Option<Ipv4Addr> {
    let mut numbers = Vec::new();
    for part in name.split('.') {
        numbers.push(match (part.strip_prefix("0x"), part.strip_prefix('0')) {
            (Some(""), _) => 0,
            (Some(digits), _) => u32::from_str_radix(digits, 16).ok()?,
            (None, Some(digits)) if !digits.is_empty() => u32::from_str_radix(digits, 8).ok()?,
            _ => part.parse().ok()?,
        });
    }
    let (&last, first) = numbers.split_last()?;
    if first.len() > 3 || first.iter().any(|&number| number > 255) {
        return None;
    }
    let room = 32 - 8 * u32::try_from(first.len()).ok()?;
    if u64::from(last) >= 1 << room {
        return None;
    }
    let high = first.iter().zip([24_u32, 16, 8]).map(|(&number, shift)| number << shift).sum::<u32>();
    Some(Ipv4Addr::from(high | last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_site_is_known_in_every_spelling() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::10.0.0.1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001:0:1:2:3:4:80ff:fffe",
            "2600::5efe:10.0.0.1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "3fff::1",
            "2001:2::1",
            "2001:10::1",
            "100::1",
            "5f00::1",
            "4000::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "64:ff9b::1.1.1.1",
            "2002:101:101::1",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn numbers_are_read_as_the_c_library_reads_them() {
        for (name, address) in [
            ("2130706433", "127.0.0.1"),
            ("0x7f000001", "127.0.0.1"),
            ("017700000001", "127.0.0.1"),
            ("127.1", "127.0.0.1"),
            ("0x7f.1", "127.0.0.1"),
            ("0177.0.0.01", "127.0.0.1"),
            ("169.254.43518", "169.254.169.254"),
            ("10.0.258", "10.0.1.2"),
            ("0", "0.0.0.0"),
        ] {
            assert_eq!(numeric(name), Some(Some(address.parse().unwrap())), "{name}");
        }
        for name in
            ["256.0.0.1", "1.2.3.4.5", "4294967296", "08.1", "a.1", "1.2.3.256", "99999999999999999999"]
        {
            assert_eq!(numeric(name), Some(None), "{name}");
        }
        for name in ["example.com", "1.example.com", "0xz", "a1", "1a"] {
            assert_eq!(numeric(name), None, "{name}");
        }
    }
}
