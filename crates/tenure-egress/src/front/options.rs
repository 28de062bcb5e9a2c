//! How a front behaves.

use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::TlsAcceptor;

use crate::AccountName;

/// Whose connections come in.
#[derive(Debug, Clone)]
pub enum Who {
    /// Each connection says: by `Proxy-Authorization: Basic` (RFC 7617), or by user name and password (RFC 1929).
    Ask,
    /// All are this account's. Only a loopback listener may do so, for whoever reaches it is believed.
    Always(AccountName),
}

/// How a front behaves.
#[derive(Clone)]
pub struct Options {
    /// How this proxy calls itself in `Proxy-Status` and `Via`: a token of RFC 9110 §5.6.2.
    pub name: &'static str,
    /// Whose connections come in.
    pub who: Who,
    /// TLS in front of it all.
    pub tls: Option<TlsAcceptor>,
    /// What is too slow or too much.
    pub limits: Limits,
}

/// What is too slow or too much.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many connections there may be at once; more wait to be accepted.
    pub connections: usize,
    /// How many connections of one network may be open that have not said yet whose they are; more are closed at once.
    pub newcomers: usize,
    /// How long a client may take for TLS, for the negotiation of SOCKS, or for the head of a request.
    pub handshake: Duration,
    /// How long a connection to a site is kept for the account's next request to it.
    pub pooled: Duration,
    /// How long open connections may go on once the front is told to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 65_536,
            newcomers: 512,
            handshake: Duration::from_secs(15),
            pooled: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

impl Options {
    /// A front that asks each connection who it is.
    #[must_use]
    pub fn new(name: &'static str, who: Who) -> Self {
        Self { name, who, tls: None, limits: Limits::default() }
    }

    /// With TLS in front.
    #[must_use]
    pub fn with_tls(mut self, config: Arc<rustls::ServerConfig>) -> Self {
        self.tls = Some(TlsAcceptor::from(config));
        self
    }

    /// With other limits.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}
