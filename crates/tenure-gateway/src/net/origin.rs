//! Who really made a request, as far as it can be known.

use std::net::IpAddr;

use http::header::{FORWARDED, HeaderMap, HeaderName};

use super::{Forwarded, Node, TrustedProxies};

pub(crate) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
pub(crate) const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
const X_FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");

/// The scheme that the browser used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// `http` or `https`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Http, Self::Https].into_iter().find(|scheme| text.eq_ignore_ascii_case(scheme.as_str()))
    }
}

/// The other end of the connection itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// What is spoken on the connection.
    pub scheme: Scheme,
}

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The address of the client: the peer, or what the nearest chain of listed proxies says.
    pub client: IpAddr,
    /// The scheme that the client used.
    pub scheme: Scheme,
    /// The host that the client asked for where a listed proxy reports it; otherwise the request's own `Host` counts.
    pub host: Option<Box<str>>,
    /// The method of the request that is asked about (`X-Forwarded-Method`, forward-auth).
    pub method: Option<http::Method>,
    /// The path and query of the request that is asked about (`X-Forwarded-Uri`, forward-auth).
    pub uri: Option<http::Uri>,
    /// Whether the connection came from a listed proxy.
    pub by_trusted_proxy: bool,
    /// Whether its lists of hops were believed, so that they may be added to; `false` for contradictions and for strangers.
    pub believed: bool,
}

impl Origin {
    fn direct(peer: Peer, by_trusted_proxy: bool) -> Self {
        Self {
            client: peer.address.to_canonical(),
            scheme: peer.scheme,
            host: None,
            method: None,
            uri: None,
            by_trusted_proxy,
            believed: false,
        }
    }
}

/// Finds out where a request comes from (RFC 7239 section 8.1).
///
/// Headers of a peer that isn't listed are ignored. Otherwise the list is walked from the right, and the first address
/// that isn't a listed proxy's is the client. What its neighbour, the last listed proxy on the way, says of scheme and host
/// counts. A malformed list, like one that hides the address behind `unknown`, says nothing beyond the last address known.
///
/// `Forwarded` is preferred to `X-Forwarded-*`. But a proxy that writes only one of them hands the other on as the client
/// sent it, so where both are there and disagree, neither is believed.
#[must_use]
pub fn resolve(peer: Peer, headers: &HeaderMap, trusted: &TrustedProxies) -> Origin {
    if !trusted.contains(peer.address) {
        return Origin::direct(peer, false);
    }
    let mut origin = Origin::direct(peer, true);
    let walked = match (standard(peer, headers, trusted), elder(peer, headers, trusted)) {
        (Some(standard), Some(elder)) => standard.agreeing(elder),
        (Some(walked), None) | (None, Some(walked)) => walked,
        (None, None) => Ok(Walk::default()),
    };
    if let Ok(walk) = walked {
        origin.client = walk.client.unwrap_or(origin.client);
        origin.scheme = walk.scheme.unwrap_or(origin.scheme);
        origin.host = walk.host;
        origin.believed = true;
    }
    origin.method = single(headers, &X_FORWARDED_METHOD).and_then(|text| text.parse().ok());
    origin.uri = single(headers, &X_FORWARDED_URI).and_then(|text| text.parse().ok());
    origin
}

/// What a walk through the list came to.
#[derive(Debug, Default)]
struct Walk {
    client: Option<IpAddr>,
    scheme: Option<Scheme>,
    host: Option<Box<str>>,
}

/// The headers contradict each other or themselves.
#[derive(Debug)]
struct Unbelievable;

type Walked = Result<Walk, Unbelievable>;

trait Agree {
    fn agreeing(self, other: Walked) -> Walked;
}

impl Agree for Walked {
    fn agreeing(self, other: Walked) -> Walked {
        fn differ<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
            a.is_some() && b.is_some() && a != b
        }
        let (mine, other) = (self?, other?);
        // An `X-Forwarded-Proto` alone comes without an address; whoever reports one has to report the same.
        let contradiction = differ(mine.client.as_ref(), other.client.as_ref())
            || differ(mine.scheme.as_ref(), other.scheme.as_ref())
            || differ(mine.host.as_ref(), other.host.as_ref());
        if contradiction {
            return Err(Unbelievable);
        }
        Ok(Walk {
            client: mine.client.or(other.client),
            scheme: mine.scheme.or(other.scheme),
            host: mine.host.or(other.host),
        })
    }
}

fn standard(peer: Peer, headers: &HeaderMap, trusted: &TrustedProxies) -> Option<Walked> {
    if !headers.contains_key(FORWARDED) {
        return None;
    }
    let Ok(list) = Forwarded::parse(headers.get_all(FORWARDED)) else { return Some(Err(Unbelievable)) };
    let mut walk = Walk::default();
    walk_back(peer, &list, trusted, |hop, client| {
        walk.client = client.or(walk.client);
        if let Some(proto) = &hop.proto {
            walk.scheme = Some(Scheme::parse(proto).ok_or(Unbelievable)?);
        }
        if let Some(host) = &hop.host {
            walk.host = Some(believable_host(host).ok_or(Unbelievable)?);
        }
        Ok(())
    })
    .map_or_else(|error| Some(Err(error)), |_| Some(Ok(walk)))
}

fn elder(peer: Peer, headers: &HeaderMap, trusted: &TrustedProxies) -> Option<Walked> {
    if ![X_FORWARDED_FOR, X_FORWARDED_PROTO, X_FORWARDED_HOST].iter().any(|name| headers.contains_key(name)) {
        return None;
    }
    Some(walk_elder(peer, headers, trusted))
}

fn walk_elder(peer: Peer, headers: &HeaderMap, trusted: &TrustedProxies) -> Walked {
    let list =
        Forwarded::parse_x_forwarded_for(headers.get_all(&X_FORWARDED_FOR)).map_err(|_| Unbelievable)?;
    let mut walk = Walk::default();
    let hops = walk_back(peer, &list, trusted, |_, client| {
        walk.client = client.or(walk.client);
        Ok(())
    })?;
    if let Some(proto) = written_by_trusted(headers, &X_FORWARDED_PROTO, hops)? {
        walk.scheme = Some(Scheme::parse(proto).ok_or(Unbelievable)?);
    }
    if let Some(host) = written_by_trusted(headers, &X_FORWARDED_HOST, hops)? {
        walk.host = Some(believable_host(host).ok_or(Unbelievable)?);
    }
    Ok(walk)
}

/// Visits the elements that listed proxies wrote, from the right, and returns how many there were.
fn walk_back<'a>(
    peer: Peer,
    list: &Forwarded<'a>,
    trusted: &TrustedProxies,
    mut visit: impl FnMut(&super::Hop<'a>, Option<IpAddr>) -> Result<(), Unbelievable>,
) -> Result<usize, Unbelievable> {
    let mut writer = peer.address;
    let mut visited = 0;
    for hop in list.hops.iter().rev() {
        if !trusted.contains(writer) {
            break;
        }
        visited += 1;
        let Some(Node::Address(address)) = hop.client else {
            visit(hop, None)?;
            break;
        };
        visit(hop, Some(address))?;
        writer = address;
    }
    Ok(visited)
}

/// The entry that belongs to the hop where the walk stopped. Where a proxy sets one value instead of appending, the list is
/// shorter than the chain and its first entry is meant; entries further left are the client's own invention.
fn written_by_trusted<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
    hops: usize,
) -> Result<Option<&'h str>, Unbelievable> {
    let mut entries: Vec<&str> = Vec::new();
    for line in headers.get_all(name) {
        let text = line.to_str().map_err(|_| Unbelievable)?;
        entries.extend(text.split(',').map(str::trim).filter(|entry| !entry.is_empty()));
    }
    let index = entries.len().saturating_sub(hops.max(1));
    Ok(entries.get(index).copied())
}

/// `name`, `name:port`, `[v6]` or `[v6]:port`, nothing that could break out of a header or a URL.
fn believable_host(text: &str) -> Option<Box<str>> {
    let authority: http::uri::Authority = text.parse().ok()?;
    (!text.contains('@') && !authority.host().is_empty()).then(|| text.to_ascii_lowercase().into())
}

/// A header that must come exactly once; two of them can't be told apart.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    first.to_str().ok()
}

#[cfg(test)]
#[path = "origin_tests.rs"]
mod tests;
