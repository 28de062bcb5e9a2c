//! A request as the gateway sees it: who asks, from where, for what.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderValue, Method, Uri, request::Parts};
use tenure::core::Audience;
use tenure::store::Device;

use crate::net::{Origin, Scheme};
use crate::web::requests;

/// A request as the gateway sees it. For forward-auth, the request that is asked about.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its method.
    pub method: Method,
    /// The path and query that are asked for.
    pub uri: Uri,
    /// Every header that came with it.
    pub headers: HeaderMap,
    /// Where it comes from.
    pub origin: Origin,
    /// The host that is asked for, with its port, in lower case.
    pub authority: String,
    /// Whether a browser is to show the answer as a page.
    pub navigation: bool,
    /// The name of this request in logs and on error pages.
    pub request_id: RequestId,
}

impl Visit {
    /// The request itself, from its head.
    pub fn new(head: &Parts, origin: Origin, request_id: RequestId) -> Self {
        let authority = match &origin.host {
            Some(host) => host.to_ascii_lowercase(),
            None => requests::authority(&head.headers),
        };
        Self {
            method: head.method.clone(),
            uri: head.uri.clone(),
            headers: head.headers.clone(),
            navigation: requests::is_navigation(&head.method, &head.headers),
            authority,
            origin,
            request_id,
        }
    }

    /// The request that a front proxy asks about: its method and address are read from what a listed
    /// proxy says, and from nobody else.
    #[must_use]
    pub fn asked_about(mut self) -> Self {
        self.uri = self.origin.uri.take().unwrap_or_else(|| Uri::from_static("/"));
        self.method = self.origin.method.take().unwrap_or(Method::GET);
        self.navigation = requests::is_navigation(&self.method, &self.headers);
        self
    }

    /// The host that is asked for, without its port.
    pub fn host(&self) -> &str {
        requests::host_of(&self.authority)
    }

    /// The host as sessions know it.
    pub fn audience(&self) -> Audience {
        Audience::of_host(self.host())
    }

    /// The path and query that are asked for.
    pub fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    /// A parameter of the query, decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.uri.query()?;
        form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The browser and its address, as far as they tell.
    pub fn device(&self) -> Device {
        let mut user_agent = self.user_agent().to_owned();
        user_agent.truncate(256);
        Device { user_agent, address: self.origin.client.to_string() }
    }

    /// The `User-Agent`; empty if it is none or not ASCII.
    pub fn user_agent(&self) -> &str {
        requests::text(&self.headers, "user-agent").unwrap_or_default()
    }

    /// Whether the browser speaks TLS, here or with a listed proxy before us.
    pub fn is_secure(&self) -> bool {
        self.origin.scheme == Scheme::Https
    }
}

/// The name of a request in logs and on error pages: unique while the process runs, and no secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestId(u64);

impl RequestId {
    /// The next one.
    pub fn next(seed: u64) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        // An odd factor only shuffles the numbers: no two are the same.
        const SHUFFLE: u64 = 0x9e37_79b9_7f4a_7c15;
        Self(COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(SHUFFLE) ^ seed)
    }

    /// `req_` and sixteen hexadecimal digits.
    fn text(self) -> [u8; 20] {
        let mut text = *b"req_................";
        for (place, digit) in text[4..].iter_mut().zip((0..16).rev()) {
            *place = b"0123456789abcdef"[(self.0 >> (4 * digit) & 15) as usize];
        }
        text
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl From<RequestId> for HeaderValue {
    fn from(id: RequestId) -> Self {
        Self::from_bytes(&id.text()).unwrap_or(Self::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_has_sixteen_digits() {
        let id = RequestId(0x00ab_cdef_0123_4567);
        assert_eq!(id.to_string(), "req_00abcdef01234567");
        assert_eq!(HeaderValue::from(id), "req_00abcdef01234567");
    }
}
