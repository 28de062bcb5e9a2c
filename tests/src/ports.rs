//! Free ports of loopback.

use std::hash::{BuildHasher as _, RandomState};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Where programs may listen that are not started yet. The operating system takes the ports of outgoing connections,
/// of which other tests open many, from above.
const FIRST: u16 = 10_000;
const LAST: u16 = 29_999;
const TRIES: u64 = 1000;

/// An address on loopback that nobody listened on a moment ago.
///
/// # Panics
/// There is no free port.
pub fn free() -> SocketAddr {
    let chance = RandomState::new();
    let port = |attempt| FIRST + (chance.hash_one(attempt) % u64::from(LAST - FIRST + 1)) as u16;
    let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?.local_addr().ok();
    (0..TRIES).map(port).find_map(free).expect("a free port on loopback")
}

/// A listener on a free port of loopback.
///
/// # Panics
/// The operating system has no port left.
pub fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port on loopback")
}
