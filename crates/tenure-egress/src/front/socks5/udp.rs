//! `UDP ASSOCIATE` (RFC 1928 §7): datagrams of one client, for as long as its connection stays open.
//!
//! The relay is bound to the address that the client connected to and to no other; it takes datagrams from the client's
//! address only, and from one port of it: the one that the request names, or the first one that sends.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UdpSocket;

use super::codec::{self, Reply, Request};
use super::session::refuse;
use crate::front::connection::{Buffered, Ends, Front};
use crate::{AccountName, Datagrams, Host, Refusal, Stream, Way};

/// The longest datagram.
const LONGEST: usize = 65_535;

pub(super) async fn run<W: Way, S: Stream>(
    front: &Front<W>,
    mut stream: Buffered<S>,
    ends: Ends,
    account: &AccountName,
    request: &Request,
) -> io::Result<()> {
    let Some(client) = Client::of(request, ends.peer) else {
        return refuse(&mut stream, Reply::NotAllowed).await;
    };
    let mut gone = pin!(front.way.gone(account));
    let opened = tokio::select! {
        biased;
        () = &mut gone => Err(Refusal::AccountGone),
        opened = front.way.datagrams(account) => opened,
    };
    let out = match opened {
        Ok(out) => out,
        Err(refusal) => return refuse(&mut stream, refusal.into()).await,
    };
    let relay = UdpSocket::bind(SocketAddr::new(ends.local.ip(), 0)).await?;
    stream.write_all(&codec::reply(Reply::Succeeded, relay.local_addr()?)).await?;
    stream.flush().await?;
    tokio::select! {
        biased;
        () = &mut gone => Ok(()),
        ended = ended(&mut stream) => ended,
        carried = carry(&relay, client, &out) => carried,
    }
}

/// Who may use a relay.
struct Client {
    address: IpAddr,
    port: Option<u16>,
}

impl Client {
    /// The client that the request names, if that is the one who asks; nobody may open a relay for somebody else.
    fn of(request: &Request, peer: SocketAddr) -> Option<Self> {
        let named = match &request.target.host {
            Host::Address(address) if address.is_unspecified() => None,
            Host::Address(address) => Some(*address),
            Host::Name(_) => return None,
        };
        let address = peer.ip().to_canonical();
        let port = Some(request.target.port).filter(|&port| port != 0);
        named.is_none_or(|named| named == address).then_some(Self { address, port })
    }

    /// Whether a datagram is this client's.
    fn admits(&mut self, from: SocketAddr) -> bool {
        from.ip().to_canonical() == self.address && *self.port.get_or_insert(from.port()) == from.port()
    }
}

async fn carry<D: Datagrams>(relay: &UdpSocket, mut client: Client, out: &D) -> io::Result<()> {
    let (mut sent, mut received) = (vec![0; LONGEST], vec![0; LONGEST]);
    let mut answer = Vec::new();
    let mut known: Option<SocketAddr> = None;
    loop {
        tokio::select! {
            datagram = relay.recv_from(&mut sent) => {
                // An error is about an earlier datagram that nobody took; the relay goes on.
                let Ok((length, from)) = datagram else { continue };
                if !client.admits(from) {
                    continue;
                }
                known = Some(from);
                if let Some((target, payload)) = codec::read_datagram(&sent[..length]) {
                    out.send(payload, &target).await?;
                }
            }
            datagram = out.receive(&mut received) => {
                let (length, from) = datagram?;
                let Some(client) = known else { continue };
                answer.clear();
                codec::write_datagram_head(&mut answer, from);
                answer.extend_from_slice(&received[..length]);
                let _ = relay.send_to(&answer, client).await;
            }
        }
    }
}

/// Waits for the end of the connection; what a client sends on it meanwhile means nothing.
async fn ended<S: Stream>(stream: &mut Buffered<S>) -> io::Result<()> {
    let mut ignored = [0; 64];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Target;
    use crate::front::socks5::codec::Command;

    fn request(host: &str, port: u16) -> Request {
        Request { command: Command::Associate, target: Target { host: Host::parse(host).unwrap(), port } }
    }

    #[test]
    fn a_relay_is_for_who_asks_and_for_one_port_of_theirs() {
        let peer = "127.0.0.9:4000".parse().unwrap();
        let mut any = Client::of(&request("0.0.0.0", 0), peer).unwrap();
        assert!(!any.admits("127.0.0.8:5000".parse().unwrap()));
        assert!(any.admits("127.0.0.9:5000".parse().unwrap()));
        assert!(!any.admits("127.0.0.9:5001".parse().unwrap()));
        let mut named = Client::of(&request("127.0.0.9", 6000), peer).unwrap();
        assert!(!named.admits("127.0.0.9:5000".parse().unwrap()));
        assert!(named.admits("127.0.0.9:6000".parse().unwrap()));
        assert!(Client::of(&request("127.0.0.8", 6000), peer).is_none());
    }
}
