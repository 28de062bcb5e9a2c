//! Where an application wants to go.

use std::fmt;
use std::net::IpAddr;

/// A name or a literal address, as the application gave it. Nothing has been looked up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A domain name in its ASCII form (RFC 1123 §2.1), in lower case and without the dot at the end.
    Name(String),
    /// A literal address; a v4-mapped IPv6 address is the IPv4 one (RFC 4291 §2.5.5.2).
    Address(IpAddr),
}

/// Why a host is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// Empty, longer than 253 octets, or with a label that is empty or longer than 63.
    #[error("a host name has 1 to 253 characters in labels of 1 to 63")]
    Length,
    /// A character that no host name has.
    #[error("a host name has letters, digits, hyphens and underscores")]
    Character,
}

impl Host {
    /// Reads a host as it stands in a URI, a `CONNECT` line or a SOCKS request.
    ///
    /// # Errors
    /// [`HostError`] for what is neither an address nor a name.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        // An address with a dot behind it is no name either: whoever looks it up takes it for the address.
        let bare = bare.strip_suffix('.').unwrap_or(bare);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self::Address(address.to_canonical()));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        if name.len() > 253 || name.split('.').any(|label| label.is_empty() || label.len() > 63) {
            return Err(HostError::Length);
        }
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
            return Err(HostError::Character);
        }
        Ok(Self::Name(name))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => formatter.write_str(name),
            Self::Address(IpAddr::V4(address)) => address.fmt(formatter),
            Self::Address(IpAddr::V6(address)) => write!(formatter, "[{address}]"),
        }
    }
}

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// Whom to reach.
    pub host: Host,
    /// At which port.
    pub port: u16,
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_spelling() {
        for (text, same) in [
            ("Wiki.Example.com.", "wiki.example.com"),
            ("127.0.0.1.", "127.0.0.1"),
            ("::ffff:127.0.0.1", "127.0.0.1"),
            ("[2001:DB8::1]", "[2001:db8::1]"),
        ] {
            let host = Host::parse(text).unwrap();
            assert_eq!(host.to_string(), same);
            assert_eq!(Host::parse(&host.to_string()), Ok(host));
        }
        for text in ["", ".", "a..b", "a b", "a/b", "[a]", "ä.example", &"a.".repeat(128)] {
            assert!(Host::parse(text).is_err(), "{text}");
        }
    }
}
