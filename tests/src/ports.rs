//! Free ports of loopback.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// An address on loopback that nobody listened on a moment ago.
///
/// # Panics
/// The operating system has no port left.
pub fn free() -> SocketAddr {
    listener().local_addr().expect("a bound socket has an address")
}

/// A listener on a free port of loopback.
///
/// # Panics
/// The operating system has no port left.
pub fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port on loopback")
}
