//! The one question that the front asks: take this account's stream to that target, or say why not.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use zeroize::Zeroizing;

use crate::Target;

/// The name of an account: an identity that has one leased address per family.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountName(Arc<str>);

impl AccountName {
    /// The account with this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl serde::Serialize for AccountName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What an account proves itself with. Its bytes are wiped when it is dropped and never printed.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes over the bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for comparing and sending.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// Why a stream was not opened. The front turns it into a SOCKS5 reply (RFC 1928 §6), or an HTTP status with
/// `Proxy-Status` (RFC 9209 §2.3); the tunnel carries it to the tether, which answers the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The account's address can't be used now: fail closed, never another address.
    #[error("the leased address is not available now")]
    LeaseUnavailable,
    /// The account has no lease, and none can be given: the pool has no free address with its tags.
    #[error("no address is free for this account")]
    NoAddress,
    /// The access rules forbid the target.
    #[error("the access rules forbid this destination")]
    Forbidden,
    /// The name has no address in the family of the lease.
    #[error("the name has no address in the family of the lease")]
    NoSuchHost,
    /// Names can't be looked up now.
    #[error("names can't be looked up now")]
    NameServerFailed,
    /// The target refused the connection.
    #[error("the destination refused the connection")]
    ConnectionRefused,
    /// Nobody answered in time.
    #[error("the destination did not answer in time")]
    TimedOut,
    /// There is no route to the target.
    #[error("the destination can't be reached")]
    Unreachable,
    /// A limit of the account or of the host is reached.
    #[error("too many connections at once")]
    TooMany,
    /// The account was removed or disabled.
    #[error("the account is not known")]
    AccountGone,
    /// The tunnel to the egress is not there, and did not come back in time.
    #[error("the egress can't be reached")]
    EgressUnreachable,
    /// Something failed that the operator finds in the log.
    #[error("the connection could not be opened")]
    Failed,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Self; 12] = [
        Self::LeaseUnavailable,
        Self::NoAddress,
        Self::Forbidden,
        Self::NoSuchHost,
        Self::NameServerFailed,
        Self::ConnectionRefused,
        Self::TimedOut,
        Self::Unreachable,
        Self::TooMany,
        Self::AccountGone,
        Self::EgressUnreachable,
        Self::Failed,
    ];

    /// Its name in logs, metrics and on the wire; it never changes.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::LeaseUnavailable => "lease_unavailable",
            Self::NoAddress => "no_address",
            Self::Forbidden => "forbidden",
            Self::NoSuchHost => "no_such_host",
            Self::NameServerFailed => "name_server_failed",
            Self::ConnectionRefused => "connection_refused",
            Self::TimedOut => "timed_out",
            Self::Unreachable => "unreachable",
            Self::TooMany => "too_many",
            Self::AccountGone => "account_gone",
            Self::EgressUnreachable => "egress_unreachable",
            Self::Failed => "failed",
        }
    }
}

/// Both directions of one connection; shutting down its writing half sends the end to the other side.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

/// Datagrams of one account, from one socket that is bound to its leased address (or carried to it).
pub trait Datagrams: Send + Sync + 'static {
    /// Sends one datagram. The access rules judge each destination; a forbidden one is dropped silently, as UDP is.
    ///
    /// # Errors
    /// When the socket is no more; not when one datagram got lost.
    fn send(&self, payload: &[u8], to: &Target) -> impl Future<Output = io::Result<()>> + Send;

    /// The next datagram for this account: its length in `buffer`, and who sent it.
    ///
    /// # Errors
    /// When the socket is no more.
    fn receive(&self, buffer: &mut [u8]) -> impl Future<Output = io::Result<(usize, SocketAddr)>> + Send;
}

/// Out of here: through a leased address at the egress, through the tunnel at the tether.
pub trait Way: Send + Sync + 'static {
    /// What carries a connection.
    type Stream: Stream;
    /// What carries datagrams.
    type Datagrams: Datagrams;

    /// Whether `secret` is the account's; `peer` is slowed down when it guesses. `None`: it is not, or the account is
    /// not known, which takes as long.
    fn authenticate(
        &self,
        account: &str,
        secret: &Secret,
        peer: IpAddr,
    ) -> impl Future<Output = Option<AccountName>> + Send;

    /// Opens a connection for `account`. Access rules, look-up and binding happen inside, once.
    fn connect(
        &self,
        account: &AccountName,
        target: &Target,
    ) -> impl Future<Output = Result<Self::Stream, Refusal>> + Send;

    /// Opens a socket for datagrams.
    fn datagrams(
        &self,
        account: &AccountName,
    ) -> impl Future<Output = Result<Self::Datagrams, Refusal>> + Send;

    /// Returns when what `account` has open is to be cut: it was removed, its secret was replaced, its lease was moved.
    /// What counts is what happens after the future was first polled, or that the account is not there then; so whoever
    /// opens something polls it before.
    fn gone(&self, account: &AccountName) -> impl Future<Output = ()> + Send;
}
