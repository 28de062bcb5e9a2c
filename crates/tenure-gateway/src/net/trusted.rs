//! The proxies whose word about a request is believed.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The addresses and networks of the proxies in front of the gateway.
///
/// Written as a list of strings, each an address (`"127.0.0.1"`, `"::1"`) or a network (`"10.0.0.0/8"`). An IPv4 address
/// that arrives in its IPv6 form (`::ffff:10.0.0.1`) is the same address. Empty, which is the default, trusts nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct TrustedProxies {
    networks: Box<[IpNet]>,
}

/// A text that is neither an address nor a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is neither an address such as 192.0.2.7 nor a network such as 192.0.2.0/24")]
pub struct InvalidNetwork {
    /// What was written.
    pub text: String,
}

impl TrustedProxies {
    /// Reads addresses and networks.
    ///
    /// # Errors
    /// [`InvalidNetwork`] names the first text that is neither.
    pub fn parse<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, InvalidNetwork> {
        texts.into_iter().map(|text| parse_network(text.as_ref())).collect()
    }

    /// Whether the address belongs to a listed proxy.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }
}

impl FromIterator<IpNet> for TrustedProxies {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        Self { networks: networks.into_iter().map(canonical).collect() }
    }
}

impl TryFrom<Vec<String>> for TrustedProxies {
    type Error = InvalidNetwork;

    fn try_from(texts: Vec<String>) -> Result<Self, InvalidNetwork> {
        Self::parse(texts)
    }
}

impl From<TrustedProxies> for Vec<String> {
    fn from(proxies: TrustedProxies) -> Self {
        proxies.networks.iter().map(ToString::to_string).collect()
    }
}

fn parse_network(text: &str) -> Result<IpNet, InvalidNetwork> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| InvalidNetwork { text: text.to_owned() })
}

/// `::ffff:10.0.0.0/104` and `10.0.0.0/8` are one network; only the second form can match a canonical address.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else { return network };
    let mapped = v6.addr().to_ipv4_mapped();
    match (mapped, v6.prefix_len().checked_sub(96)) {
        (Some(address), Some(prefix)) => ipnet::Ipv4Net::new(address, prefix).map_or(network, IpNet::V4),
        _ => network,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_networks_and_their_mapped_forms_match() {
        let proxies =
            TrustedProxies::parse(["127.0.0.1", "10.0.0.0/8", "2001:db8::/32", "::ffff:192.0.2.0/120"])
                .unwrap();
        for listed in ["127.0.0.1", "10.200.3.4", "::ffff:10.1.1.1", "2001:db8:1::7", "192.0.2.9"] {
            assert!(proxies.contains(listed.parse().unwrap()), "{listed}");
        }
        for stranger in ["127.0.0.2", "11.0.0.1", "::1", "2001:db9::1", "192.0.3.1", "::ffff:127.0.0.2"] {
            assert!(!proxies.contains(stranger.parse().unwrap()), "{stranger}");
        }
    }

    #[test]
    fn an_empty_list_trusts_nobody() {
        assert!(!TrustedProxies::default().contains("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn strings_are_read_and_a_wrong_one_is_named() {
        let proxies: TrustedProxies = serde_json::from_str(r#"["10.0.0.1", "fd00::/8"]"#).unwrap();
        assert_eq!(serde_json::to_string(&proxies).unwrap(), r#"["10.0.0.1/32","fd00::/8"]"#);
        let error = serde_json::from_str::<TrustedProxies>(r#"["proxy.example"]"#).unwrap_err().to_string();
        assert!(error.contains("\"proxy.example\""), "{error}");
    }
}
