//! The `Forwarded` header (RFC 7239) and its elder, `X-Forwarded-For`.
//!
//! Both are lists to which every proxy appends what it saw. Nothing here decides whom to believe: see
//! [`resolve`](super::resolve). The parsers take any bytes and never panic.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

use http::header::HeaderValue;

/// A list longer than this is nobody's honest chain of proxies; it is refused rather than walked.
const MAX_HOPS: usize = 64;

/// One element of the list: what one proxy said about the request that reached it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hop<'a> {
    /// Who made the request (`for`).
    pub client: Option<Node>,
    /// The scheme of that request (`proto`), as written.
    pub proto: Option<Cow<'a, str>>,
    /// Its `Host` (`host`), as written.
    pub host: Option<Cow<'a, str>>,
}

/// How a party is named in a `for` or `by` parameter (RFC 7239 section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// An address, IPv4 in its own form even if it was written as a mapped IPv6 address. Ports are dropped.
    Address(IpAddr),
    /// `unknown`: the proxy didn't know.
    Unknown,
    /// `_name`: the proxy didn't want to say.
    Obfuscated,
}

/// A header that doesn't follow its grammar. Nothing of it is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the list of proxies is malformed")]
pub struct Malformed;

/// A parsed list, the hop nearest to the client first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forwarded<'a> {
    /// The elements in the order in which they were written.
    pub hops: Vec<Hop<'a>>,
}

impl<'a> Forwarded<'a> {
    /// Reads `Forwarded` header lines, which count as one list (RFC 7239 section 7.1).
    ///
    /// # Errors
    /// [`Malformed`] when any line breaks the grammar, names one parameter twice, or the list is absurdly long.
    pub fn parse(lines: impl IntoIterator<Item = &'a HeaderValue>) -> Result<Self, Malformed> {
        let mut hops = Vec::new();
        for line in lines {
            let mut rest = Scanner { bytes: line.as_bytes() };
            loop {
                rest.skip_blank();
                if !rest.at_end() && !rest.next_is(b',') {
                    hops.push(parse_element(&mut rest)?);
                    if hops.len() > MAX_HOPS {
                        return Err(Malformed);
                    }
                }
                rest.skip_blank();
                if rest.at_end() {
                    break;
                }
                if !rest.take(b',') {
                    return Err(Malformed);
                }
            }
        }
        Ok(Self { hops })
    }

    /// Reads `X-Forwarded-For` header lines: plain addresses, with the port and the bare IPv6 form that are seen in practice.
    ///
    /// # Errors
    /// [`Malformed`] when an entry is no address, or the list is absurdly long.
    pub fn parse_x_forwarded_for(
        lines: impl IntoIterator<Item = &'a HeaderValue>,
    ) -> Result<Self, Malformed> {
        let mut hops = Vec::new();
        for line in lines {
            let text = line.to_str().map_err(|_| Malformed)?;
            for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
                hops.push(Hop { client: Some(parse_node(entry)?), ..Hop::default() });
                if hops.len() > MAX_HOPS {
                    return Err(Malformed);
                }
            }
        }
        Ok(Self { hops })
    }
}

fn parse_element<'a>(rest: &mut Scanner<'a>) -> Result<Hop<'a>, Malformed> {
    let mut hop = Hop::default();
    loop {
        rest.skip_blank();
        // `for=a;;proto=b` and a trailing semicolon are harmless and seen in practice: an empty pair is allowed.
        if let Some(name) = rest.token() {
            if !rest.take(b'=') {
                return Err(Malformed);
            }
            let value = rest.value()?;
            let taken = if name.eq_ignore_ascii_case("for") {
                hop.client.replace(parse_node(&value)?).is_some()
            } else if name.eq_ignore_ascii_case("proto") {
                hop.proto.replace(value).is_some()
            } else if name.eq_ignore_ascii_case("host") {
                hop.host.replace(value).is_some()
            } else {
                false
            };
            if taken {
                return Err(Malformed);
            }
        }
        rest.skip_blank();
        if !rest.take(b';') {
            return Ok(hop);
        }
    }
}

/// Reads `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]`, `[2001:db8::1]:80`, `2001:db8::1`, `unknown`, `_name`, the last
/// two with a port as well.
fn parse_node(text: &str) -> Result<Node, Malformed> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Node::Address(address.to_canonical()));
    }
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']').ok_or(Malformed)?;
        let address: Ipv6Addr = address.parse().map_err(|_| Malformed)?;
        return match port.strip_prefix(':') {
            Some(port) if is_port(port) => Ok(Node::Address(address.to_canonical())),
            None if port.is_empty() => Ok(Node::Address(address.to_canonical())),
            _ => Err(Malformed),
        };
    }
    let name = match text.split_once(':') {
        Some((name, port)) if is_port(port) => name,
        Some(_) => return Err(Malformed),
        None => text,
    };
    if name.eq_ignore_ascii_case("unknown") {
        return Ok(Node::Unknown);
    }
    if let Some(hidden) = name.strip_prefix('_') {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        return if !hidden.is_empty() && hidden.bytes().all(allowed) {
            Ok(Node::Obfuscated)
        } else {
            Err(Malformed)
        };
    }
    name.parse::<std::net::Ipv4Addr>().map(|address| Node::Address(address.into())).map_err(|_| Malformed)
}

/// A port is digits, or an obfuscated name.
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(hidden) => !hidden.is_empty(),
        None => (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

struct Scanner<'a> {
    bytes: &'a [u8],
}

impl<'a> Scanner<'a> {
    fn at_end(&self) -> bool {
        self.bytes.is_empty()
    }

    fn next_is(&self, wanted: u8) -> bool {
        self.bytes.first() == Some(&wanted)
    }

    fn take(&mut self, wanted: u8) -> bool {
        let found = self.next_is(wanted);
        if found {
            self.bytes = &self.bytes[1..];
        }
        found
    }

    fn skip_blank(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.bytes {
            self.bytes = rest;
        }
    }

    fn token(&mut self) -> Option<&'a str> {
        let length = self.bytes.iter().take_while(|byte| is_token(**byte)).count();
        let (token, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        std::str::from_utf8(token).ok().filter(|token| !token.is_empty())
    }

    fn value(&mut self) -> Result<Cow<'a, str>, Malformed> {
        if self.take(b'"') { self.quoted() } else { self.bare() }
    }

    /// A token, and beyond the grammar the colons and brackets that senders forget to quote.
    fn bare(&mut self) -> Result<Cow<'a, str>, Malformed> {
        let allowed = |byte: &&u8| is_token(**byte) || matches!(**byte, b':' | b'[' | b']');
        let length = self.bytes.iter().take_while(allowed).count();
        let (value, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        match std::str::from_utf8(value) {
            Ok(value) if !value.is_empty() => Ok(Cow::Borrowed(value)),
            _ => Err(Malformed),
        }
    }

    fn quoted(&mut self) -> Result<Cow<'a, str>, Malformed> {
        let mut owned = String::new();
        let mut start = 0;
        let mut at = 0;
        loop {
            match self.bytes.get(at) {
                Some(b'"') => {
                    let tail = ascii(&self.bytes[start..at])?;
                    self.bytes = &self.bytes[at + 1..];
                    return Ok(if owned.is_empty() { Cow::Borrowed(tail) } else { Cow::Owned(owned + tail) });
                }
                Some(b'\\') => {
                    let escaped = *self.bytes.get(at + 1).ok_or(Malformed)?;
                    if !(b' '..=b'~').contains(&escaped) {
                        return Err(Malformed);
                    }
                    owned.push_str(ascii(&self.bytes[start..at])?);
                    owned.push(char::from(escaped));
                    at += 2;
                    start = at;
                }
                Some(_) => at += 1,
                None => return Err(Malformed),
            }
        }
    }
}

fn ascii(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii()).ok_or(Malformed)
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(lines: &[&str]) -> Result<Vec<Hop<'static>>, Malformed> {
        let lines: Vec<_> = lines.iter().map(|line| HeaderValue::from_str(line).unwrap()).collect();
        let hops = Forwarded::parse(&lines)?.hops;
        Ok(hops
            .into_iter()
            .map(|hop| Hop {
                client: hop.client,
                proto: hop.proto.map(|text| Cow::Owned(text.into_owned())),
                host: hop.host.map(|text| Cow::Owned(text.into_owned())),
            })
            .collect())
    }

    fn address(text: &str) -> Option<Node> {
        Some(Node::Address(text.parse().unwrap()))
    }

    #[test]
    fn two_lines_are_one_list() {
        let one = parse(&["for=192.0.2.1;proto=https, for=192.0.2.2"]).unwrap();
        let two = parse(&["for=192.0.2.1; proto=https ,", " For=192.0.2.2"]).unwrap();
        assert_eq!(one, two);
        assert_eq!(one.len(), 2);
        assert_eq!(one[0].client, address("192.0.2.1"));
        assert_eq!(one[0].proto.as_deref(), Some("https"));
    }

    #[test]
    fn nodes_of_every_kind_are_read() {
        let cases = [
            ("for=192.0.2.43", address("192.0.2.43")),
            ("for=\"192.0.2.43:47011\"", address("192.0.2.43")),
            ("for=192.0.2.43:47011", address("192.0.2.43")),
            ("for=\"[2001:db8:cafe::17]:4711\"", address("2001:db8:cafe::17")),
            ("for=[2001:db8:cafe::17]", address("2001:db8:cafe::17")),
            ("for=2001:db8:cafe::17", address("2001:db8:cafe::17")),
            ("for=\"[::ffff:192.0.2.7]\"", address("192.0.2.7")),
            ("for=unknown", Some(Node::Unknown)),
            ("for=\"unknown:_port\"", Some(Node::Unknown)),
            ("for=_hidden", Some(Node::Obfuscated)),
            ("for=\"_SEVKISEK:80\"", Some(Node::Obfuscated)),
            ("for=\"192.0.2\\.43\"", address("192.0.2.43")),
            ("by=203.0.113.60;proto=http", None),
        ];
        for (line, expected) in cases {
            assert_eq!(parse(&[line]).unwrap()[0].client, expected, "{line}");
        }
    }

    #[test]
    fn broken_lists_are_refused_whole() {
        for line in [
            "for",
            "for=",
            "for=\"192.0.2.1",
            "for=192.0.2.1 for=192.0.2.2",
            "for=192.0.2.1;for=192.0.2.2",
            "for=300.1.1.1",
            "for=[2001:db8::1",
            "for=\"[2001:db8::1]x\"",
            "for=\"192.0.2.1:\"",
            "for=_",
            "=1",
            "for=example.com",
            "for=192.0.2.1;proto=a;proto=b",
            "for=\"\\",
        ] {
            assert_eq!(parse(&[line]), Err(Malformed), "{line}");
        }
        assert_eq!(parse(&[&"for=192.0.2.1,".repeat(65)]), Err(Malformed));
    }

    #[test]
    fn x_forwarded_for_reads_what_is_seen_in_practice() {
        let line =
            HeaderValue::from_static("192.0.2.1, 192.0.2.2:80 ,2001:db8::1,[2001:db8::2]:443, unknown");
        let hops = Forwarded::parse_x_forwarded_for([&line]).unwrap().hops;
        let clients: Vec<_> = hops.into_iter().map(|hop| hop.client).collect();
        let expected = [
            address("192.0.2.1"),
            address("192.0.2.2"),
            address("2001:db8::1"),
            address("2001:db8::2"),
            Some(Node::Unknown),
        ];
        assert_eq!(clients, expected);
        let spoof = HeaderValue::from_static("192.0.2.1, <script>");
        assert_eq!(Forwarded::parse_x_forwarded_for([&spoof]), Err(Malformed));
    }
}
