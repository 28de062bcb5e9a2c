//! Sockets that are bound to an address of this host, and to nothing else.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use tokio::net::{TcpSocket, UdpSocket};

use crate::pool::Local;

/// The silence after which a site is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// How long a datagram to oneself may take.
const TO_ONESELF: Duration = Duration::from_millis(250);

/// A socket for one connection from an address.
///
/// The port is chosen when it connects (`IP_BIND_ADDRESS_NO_PORT`), so that an address has all its ports for each
/// target. `IP_FREEBIND` is never set: an address that is not there is an error.
///
/// # Errors
/// As the operating system says; [`io::ErrorKind::AddrNotAvailable`] if the address is not there.
pub fn tcp(local: &Local) -> io::Result<TcpSocket> {
    let socket = Socket::new(Domain::for_address(any_port(local)), Type::STREAM, Some(Protocol::TCP))?;
    setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEP_ALIVE))?;
    socket.set_tcp_nodelay(true)?;
    bind(&socket, local)?;
    Ok(TcpSocket::from_std_stream(socket.into()))
}

/// A socket for datagrams from an address.
///
/// # Errors
/// As [`tcp`].
pub fn udp(local: &Local) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(any_port(local)), Type::DGRAM, Some(Protocol::UDP))?;
    bind(&socket, local)?;
    UdpSocket::from_std(socket.into())
}

fn bind(socket: &Socket, local: &Local) -> io::Result<()> {
    if local.address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if let Some(device) = &local.device {
        socket.bind_device(Some(device.as_bytes()))?;
    }
    if let Some(mark) = local.mark {
        socket.set_mark(mark)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&any_port(local).into())
}

const fn any_port(local: &Local) -> SocketAddr {
    SocketAddr::new(local.address, 0)
}

/// Whether an address is one of this host: whether a datagram from it to itself arrives.
///
/// Binding is no proof, for `net.ipv4.ip_nonlocal_bind` lets it succeed for any address.
///
/// # Errors
/// Why it is not, as the operating system says.
pub async fn is_here(address: IpAddr) -> io::Result<()> {
    let socket = udp(&Local { address, device: None, mark: None })?;
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|_| io::Error::other("no random bits"))?;
    socket.send_to(&nonce, socket.local_addr()?).await?;
    let arrived = async {
        let mut datagram = [0; 32];
        loop {
            let (length, _) = socket.recv_from(&mut datagram).await?;
            if datagram[..length] == nonce {
                return Ok(());
            }
        }
    };
    let missing = || io::Error::new(io::ErrorKind::AddrNotAvailable, "it is not an address of this host");
    tokio::time::timeout(TO_ONESELF, arrived).await.unwrap_or_else(|_| Err(missing()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(address: &str) -> Local {
        Local { address: address.parse().unwrap(), device: None, mark: None }
    }

    #[tokio::test]
    async fn an_address_that_is_not_there_is_an_error_and_never_another_address() {
        let error = tcp(&local("192.0.2.77")).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::AddrNotAvailable);
        assert!(is_here("192.0.2.77".parse().unwrap()).await.is_err());
        assert!(is_here("127.0.0.77".parse().unwrap()).await.is_ok());
    }

    #[tokio::test]
    async fn a_site_sees_the_address_that_was_bound() {
        let site = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connected = tcp(&local("127.0.0.77")).unwrap().connect(site.local_addr().unwrap()).await.unwrap();
        let (_, peer) = site.accept().await.unwrap();
        assert_eq!(peer, connected.local_addr().unwrap());
        assert_eq!(peer.ip(), IpAddr::from([127, 0, 0, 77]));
    }
}
