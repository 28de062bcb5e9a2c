//! What is taken from and given to the headers of a message on its way.

use std::fmt::Write as _;

use http::Version;
use http::header::{
    CONNECTION, CONTENT_LENGTH, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE, TE,
    TRANSFER_ENCODING, UPGRADE, VIA,
};

use super::OwnCookies;
use crate::net::{Origin, Peer};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Whether a header belongs to the gateway: `Tenure-Subject`, and every spelling that an application might read as it
/// (`tenure_subject`; servers that map names to variables see no difference).
#[must_use]
pub fn is_reserved(name: &HeaderName) -> bool {
    name.as_str()
        .strip_prefix("tenure")
        .is_some_and(|rest| rest.bytes().next().is_some_and(|byte| !byte.is_ascii_alphanumeric()))
}

/// Makes the headers of a request fit for the application, except for the identity headers and `Upgrade`, which the
/// caller adds afterwards, so that nothing the client sends can remove or repeat them.
pub(crate) fn towards_upstream(
    headers: &mut HeaderMap,
    version: Version,
    peer: Peer,
    origin: &Origin,
    own: &OwnCookies,
) {
    let wants_trailers = accepts_trailers(headers);
    remove_hop_by_hop(headers);
    if wants_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
    remove_where(headers, |name| {
        is_reserved(name) || is_misspelt_or_untrusted(name, origin.by_trusted_proxy)
    });
    own.strip_request(headers);
    write_origin(headers, peer, origin);
    headers.append(VIA, via(version));
}

/// Makes the headers of the application's response fit for the client.
pub(crate) fn towards_client(headers: &mut HeaderMap, own: &OwnCookies) {
    remove_hop_by_hop(headers);
    remove_where(headers, is_reserved);
    own.strip_response(headers);
}

/// Trailers are headers to a reader that merges them, so they are cleaned like headers, in both directions.
pub(crate) fn clean_trailers(trailers: &mut HeaderMap) {
    remove_where(trailers, |name| {
        is_reserved(name) || *name == FORWARDED || is_misspelt_or_untrusted(name, false)
    });
}

/// RFC 9110 section 7.6.1: the headers of one connection end with it, and so do those that `Connection` names. `Host` and
/// `Content-Length` are meant for every reader: naming them is an attack, and is ignored.
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        let nominated: Vec<HeaderName> = tokens(headers, &CONNECTION)
            .filter_map(|token| HeaderName::from_bytes(token.as_bytes()).ok())
            .filter(|name| *name != HOST && *name != CONTENT_LENGTH)
            .collect();
        for name in nominated {
            headers.remove(name);
        }
        headers.remove(CONNECTION);
    }
    remove_where(headers, is_hop_by_hop);
}

fn is_hop_by_hop(name: &HeaderName) -> bool {
    [TE, TRANSFER_ENCODING, UPGRADE, KEEP_ALIVE, PROXY_CONNECTION, PROXY_AUTHENTICATE].contains(name)
}

/// The items of a comma-separated header, over all its lines.
pub(crate) fn tokens<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|token| !token.is_empty())
}

fn accepts_trailers(headers: &HeaderMap) -> bool {
    headers.contains_key(TE)
        && tokens(headers, &TE).any(|token| token.split(';').next().unwrap_or_default().trim() == "trailers")
}

fn remove_where(headers: &mut HeaderMap, unwanted: impl Fn(&HeaderName) -> bool) {
    if !headers.keys().any(&unwanted) {
        return;
    }
    let names: Vec<HeaderName> = headers.keys().filter(|name| unwanted(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

/// Names by which applications learn where a request came from or which path was asked for. A listed proxy may say such
/// things; anybody may not, and nobody in a spelling that the gateway itself doesn't read.
fn is_misspelt_or_untrusted(name: &HeaderName, trusted: bool) -> bool {
    let name = name.as_str();
    let Some(rest) = name.strip_prefix(['x', 'X']).and_then(|rest| rest.strip_prefix(['-', '_'])) else {
        return false;
    };
    let family = ["forwarded", "real-ip", "real_ip", "original-", "original_", "rewrite-", "rewrite_"];
    family.iter().any(|member| rest.starts_with(member)) && (!trusted || name.contains('_'))
}

/// Tells the application who asked: added to what listed proxies said before, instead of what anybody else claims.
fn write_origin(headers: &mut HeaderMap, peer: Peer, origin: &Origin) {
    let peer_address = peer.address.to_canonical();
    let host = match &origin.host {
        Some(host) => HeaderValue::from_str(host).ok(),
        None => headers.get(HOST).cloned(),
    };

    let mut forwarded = String::with_capacity(96);
    if origin.believed
        && let Some(before) = joined(headers, &FORWARDED)
    {
        // The list was believed as far as its hops are listed; the reader behind us judges the rest by the same rule.
        forwarded.push_str(&before);
        forwarded.push_str(", ");
        push_node(&mut forwarded, peer_address);
    } else {
        push_node(&mut forwarded, origin.client);
        let _ = write!(forwarded, ";proto={}", origin.scheme.as_str());
        if let Some(host) =
            host.as_ref().and_then(|host| host.to_str().ok()).filter(|host| !host.contains(['"', '\\']))
        {
            let _ = write!(forwarded, ";host=\"{host}\"");
        }
        if origin.client != peer_address {
            forwarded.push_str(", ");
            push_node(&mut forwarded, peer_address);
        }
    }
    insert_text(headers, FORWARDED, forwarded);

    let mut chain = String::with_capacity(40);
    if origin.believed
        && let Some(before) = joined(headers, &X_FORWARDED_FOR)
    {
        chain.push_str(&before);
        chain.push_str(", ");
    }
    let _ = write!(chain, "{peer_address}");
    insert_text(headers, X_FORWARDED_FOR, chain);

    headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(origin.scheme.as_str()));
    match host {
        Some(host) => headers.insert(X_FORWARDED_HOST, host),
        None => headers.remove(X_FORWARDED_HOST),
    };
}

/// IPv6 addresses are bracketed and quoted (RFC 7239 section 6).
fn push_node(text: &mut String, address: std::net::IpAddr) {
    let _ = match address {
        std::net::IpAddr::V4(v4) => write!(text, "for={v4}"),
        std::net::IpAddr::V6(v6) => write!(text, "for=\"[{v6}]\""),
    };
}

fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    let mut text = lines.next()?.to_owned();
    for line in lines {
        text.push_str(", ");
        text.push_str(line);
    }
    (!text.trim().is_empty()).then_some(text)
}

fn insert_text(headers: &mut HeaderMap, name: HeaderName, text: String) {
    match HeaderValue::from_maybe_shared(bytes::Bytes::from(text)) {
        Ok(value) => headers.insert(name, value),
        Err(_) => headers.remove(name),
    };
}

/// RFC 9110 section 7.6.3: the version in which the message arrived, and a pseudonym that gives nothing away.
fn via(version: Version) -> HeaderValue {
    HeaderValue::from_static(if version == Version::HTTP_10 { "1.0 tenure" } else { "1.1 tenure" })
}

#[cfg(test)]
#[path = "headers_tests.rs"]
mod tests;
