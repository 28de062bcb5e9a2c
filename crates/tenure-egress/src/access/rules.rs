//! What accounts may reach.

use std::net::IpAddr;

use ipnet::IpNet;

use super::ranges::is_public;
use crate::Refusal;

/// What accounts may reach: the public internet but this host and some ports, and what the operator lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    allowed: Vec<IpNet>,
    allowed_ports: Vec<u16>,
    own: Vec<IpAddr>,
}

/// Ports that are not reached unless listed: 25, for mail between servers is what stolen exits are used for.
const REFUSED_PORTS: [u16; 1] = [25];

impl Rules {
    /// With networks and ports that are allowed though they would not be. `own` are the addresses of this host.
    #[must_use]
    pub fn new(allowed: Vec<IpNet>, allowed_ports: Vec<u16>, own: Vec<IpAddr>) -> Self {
        Self { allowed, allowed_ports, own }
    }

    /// The same rules on a host with other addresses; `None` if it has the same.
    pub fn with_own(&self, own: Vec<IpAddr>) -> Option<Self> {
        let (allowed, allowed_ports) = (self.allowed.clone(), self.allowed_ports.clone());
        (own != self.own).then_some(Self { allowed, allowed_ports, own })
    }

    /// Judges an address that is then connected to, and no other.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`].
    pub fn judge(&self, address: IpAddr, port: u16) -> Result<(), Refusal> {
        let address = address.to_canonical();
        let listed = self.allowed.iter().any(|network| network.contains(&address));
        let port_passes = port != 0 && (!REFUSED_PORTS.contains(&port) || self.allowed_ports.contains(&port));
        let address_passes = listed || (is_public(address) && !self.own.contains(&address));
        if port_passes && address_passes { Ok(()) } else { Err(Refusal::Forbidden) }
    }
}

/// The addresses of this host's interfaces.
///
/// # Errors
/// As the operating system says.
pub fn own_addresses() -> std::io::Result<Vec<IpAddr>> {
    let of = |interface: nix::ifaddrs::InterfaceAddress| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
    };
    Ok(nix::ifaddrs::getifaddrs()?.filter_map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_passes_beyond_the_public_internet() {
        let own = "198.41.0.4".parse().unwrap();
        let rules = Rules::new(vec!["10.1.0.0/16".parse().unwrap()], vec![], vec![own]);
        let judge = |address: &str, port| rules.judge(address.parse().unwrap(), port).is_ok();
        assert!(judge("1.1.1.1", 443) && judge("10.1.2.3", 443) && judge("::ffff:10.1.2.3", 443));
        assert!(!judge("10.2.0.1", 443) && !judge("198.41.0.4", 443) && !judge("::ffff:198.41.0.4", 443));
        assert!(!judge("1.1.1.1", 25) && !judge("1.1.1.1", 0) && !judge("10.1.2.3", 25));
        assert!(Rules::new(vec![], vec![25], vec![]).judge("1.1.1.1".parse().unwrap(), 25).is_ok());
    }

    #[test]
    fn this_host_knows_its_loopback_address() {
        assert!(own_addresses().unwrap().contains(&"127.0.0.1".parse().unwrap()));
    }
}
