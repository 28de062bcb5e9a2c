//! A connection by one member of the pool, and by no other.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::net::TcpStream;

use super::local;
use super::stream::Carrier;
use super::upstream;
use crate::Refusal;
use crate::access::Names;
use crate::pool::{Entry, Local, Via};

/// Why a connection was not made: what the client is told, and what the operator finds in the log.
#[derive(Debug)]
pub struct Missed {
    /// For the client.
    pub refusal: Refusal,
    /// For the operator.
    pub why: String,
    /// Whether the member of the pool is to blame, and not the site.
    pub by_member: bool,
}

impl Missed {
    /// The site is to blame.
    pub(super) fn at_site(refusal: Refusal, why: impl fmt::Display) -> Self {
        Self { refusal, why: why.to_string(), by_member: false }
    }

    /// The member is to blame: its account has no way out now.
    pub(super) fn by_member(why: impl fmt::Display) -> Self {
        Self { refusal: Refusal::LeaseUnavailable, why: why.to_string(), by_member: true }
    }
}

/// What it takes to make connections.
#[derive(Debug, Clone)]
pub struct Dialer {
    /// For the names of upstream proxies.
    pub names: Names,
    /// For upstream proxies that are spoken to over TLS.
    pub tls: Arc<ClientConfig>,
    /// How long it may take.
    pub time_limit: Duration,
}

impl Dialer {
    /// Connects to an address by a member of the pool.
    ///
    /// # Errors
    /// [`Missed`].
    pub async fn dial(&self, entry: &Entry, to: SocketAddr) -> Result<Carrier, Missed> {
        let dialling = async {
            match &entry.via {
                Via::Local(local) => connect(local, to).await.map(Carrier::Direct),
                Via::Upstream(upstream) => upstream::connect(self, upstream, to).await,
            }
        };
        let too_late = |_| Missed::at_site(Refusal::TimedOut, "nobody answered in time");
        tokio::time::timeout(self.time_limit, dialling).await.map_err(too_late)?
    }
}

async fn connect(local: &Local, to: SocketAddr) -> Result<TcpStream, Missed> {
    let socket = local::tcp(local).map_err(Missed::by_member)?;
    let stream = match socket.connect(to).await {
        Ok(stream) => stream,
        Err(error) => return Err(missed(local, &error).await),
    };
    // The kernel does as it is told; should it ever not, nothing is sent.
    match stream.local_addr() {
        Ok(bound) if bound.ip() == local.address => Ok(stream),
        bound => Err(Missed::by_member(format_args!("the connection would leave by {bound:?}"))),
    }
}

async fn missed(local: &Local, error: &io::Error) -> Missed {
    let refusal = match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Refusal::ConnectionRefused,
        io::ErrorKind::TimedOut => Refusal::TimedOut,
        // Every port of the address is in use for this target, unless the address is gone.
        io::ErrorKind::AddrNotAvailable => Refusal::TooMany,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Refusal::Unreachable,
        _ => Refusal::Failed,
    };
    let is_about_site = matches!(refusal, Refusal::ConnectionRefused | Refusal::TimedOut);
    match local::is_here(local.address).await {
        Err(gone) if !is_about_site => Missed::by_member(gone),
        _ => Missed::at_site(refusal, error),
    }
}
