//! What the operator says of an address.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{Secret, Target};

/// An address that can be leased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What the operator calls it.
    pub name: String,
    /// What sites see; a lease is of this.
    pub exit: IpAddr,
    /// How traffic gets there.
    pub via: Via,
    /// Where it is.
    pub tags: Tags,
    /// Whether it is given to nobody any more; who has it keeps it.
    pub retired: bool,
}

/// How traffic gets to an exit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// From an address of this host.
    Local(Local),
    /// Through a proxy of somebody else.
    Upstream(Upstream),
}

/// An address of this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// The address to bind to. Sites see another one where the network translates it.
    pub address: IpAddr,
    /// The device that packets must leave by (`SO_BINDTODEVICE`).
    pub device: Option<String>,
    /// The mark of packets, for policy routing (`SO_MARK`).
    pub mark: Option<u32>,
}

/// A proxy of somebody else.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// How it is spoken to.
    pub protocol: Protocol,
    /// Where it is.
    pub proxy: Target,
    /// Name and secret, if it asks for them.
    pub credentials: Option<(String, Secret)>,
}

impl PartialEq for Upstream {
    fn eq(&self, other: &Self) -> bool {
        let credentials = |of: &Self| {
            of.credentials.as_ref().map(|(name, secret)| (name.clone(), secret.expose().to_vec()))
        };
        (self.protocol, &self.proxy) == (other.protocol, &other.proxy)
            && credentials(self) == credentials(other)
    }
}

impl Eq for Upstream {}

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `CONNECT` over plain TCP.
    Http,
    /// `CONNECT` over TLS.
    Https,
    /// SOCKS5.
    Socks5,
}

/// Where an address is, or is to be. Tags count when an account gets its first lease, and never later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tags {
    /// The country, such as `de`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The network, such as `AS64500` or `home`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
}

impl Tags {
    /// Whether these are what is asked for.
    #[must_use]
    pub fn satisfy(&self, asked: &Self) -> bool {
        let same = |ours: &Option<String>, asked: &Option<String>| match (ours, asked) {
            (_, None) => true,
            (Some(ours), Some(asked)) => ours.eq_ignore_ascii_case(asked),
            (None, Some(_)) => false,
        };
        same(&self.country, &asked.country) && same(&self.network, &asked.network)
    }
}
