//! Listening sockets, one for each worker, on one address.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// How many connections may wait to be accepted by one worker.
const BACKLOG: i32 = 1024;

/// Why nobody can connect.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody else listens there.
    #[error("{address} is in use by another program; stop it, or choose another address in {key}")]
    InUse {
        /// The address.
        address: SocketAddr,
        /// The key of the configuration.
        key: &'static str,
    },
    /// Any other reason.
    #[error("cannot listen on {address} ({key}): {source}")]
    Io {
        /// The address.
        address: SocketAddr,
        /// The key of the configuration.
        key: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Opens `count` listeners that share one address. Port 0 picks a free one.
///
/// # Errors
/// The address is in use, or is none of this machine's, or needs more rights.
pub(super) fn shared(
    address: SocketAddr,
    count: usize,
    key: &'static str,
) -> Result<Vec<TcpListener>, ListenError> {
    // Listeners that share an address let any other program of the same user join in silently. One that does
    // not share finds out whether anybody is there.
    let alone = single(address, key)?;
    let address = alone.local_addr().map_err(|source| ListenError::Io { address, key, source })?;
    drop(alone);
    (0..count).map(|_| open(address, true).map_err(|error| explain(error, address, key))).collect()
}

/// Opens one listener.
///
/// # Errors
/// As [`shared`].
pub(super) fn single(address: SocketAddr, key: &'static str) -> Result<TcpListener, ListenError> {
    open(address, false).map_err(|error| explain(error, address, key))
}

fn open(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A port of connections that are only waiting to be forgotten may be used again at once.
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn explain(source: io::Error, address: SocketAddr, key: &'static str) -> ListenError {
    match source.kind() {
        io::ErrorKind::AddrInUse => ListenError::InUse { address, key },
        _ => ListenError::Io { address, key, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_share_a_free_port_that_nobody_else_can_join() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listeners = shared(any, 3, "gateway.listen").unwrap();
        let address = listeners[0].local_addr().unwrap();
        assert!(listeners.iter().all(|listener| listener.local_addr().unwrap() == address));
        let error = shared(address, 1, "gateway.listen").unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{address} is in use by another program; stop it, or choose another address in gateway.listen"
            )
        );
    }
}
