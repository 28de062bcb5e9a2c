//! Datagrams of accounts.

use std::net::SocketAddr;
use std::time::Duration;

use tenure_egress::accounts::AccountFile;
use tenure_egress::front::socks5::codec::{self, Command};
use tenure_egress::{Host, Target};
use tokio::io::{AsyncReadExt as _, BufReader};
use tokio::net::{TcpStream, UdpSocket};

use crate::world::{World, addresses, socks_request, until};

pub(crate) async fn associate(world: &World, account: &str) -> (BufReader<TcpStream>, SocketAddr) {
    let secret = &world.secrets[account];
    let mut stream =
        socks_request(world.egress.address(), account, secret, Command::Associate, "0.0.0.0", 0).await;
    let (code, relay) = codec::read_reply(&mut stream).await.unwrap();
    assert_eq!(code, 0);
    let Host::Address(address) = relay.host else { panic!("{relay}") };
    (stream, (address, relay.port).into())
}

pub(crate) fn target(address: SocketAddr) -> Target {
    Target { host: Host::Address(address.ip()), port: address.port() }
}

#[tokio::test(flavor = "multi_thread")]
async fn datagrams_leave_by_the_lease_and_only_peers_may_answer() {
    let world = World::new(&["ada"], &addresses(&["127.0.0.51"])).await;
    let (site, stranger) =
        (UdpSocket::bind("127.0.0.1:0").await.unwrap(), UdpSocket::bind("127.0.0.9:0").await.unwrap());
    let (stream, relay) = associate(&world, "ada").await;
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    client
        .send_to(&codec::write_datagram(&target(site.local_addr().unwrap()), b"question"), relay)
        .await
        .unwrap();
    let mut buffer = [0; 64];
    let (length, exit) = site.recv_from(&mut buffer).await.unwrap();
    assert_eq!((&buffer[..length], exit.ip().to_string().as_str()), (b"question".as_slice(), "127.0.0.51"));
    stranger.send_to(b"unasked", exit).await.unwrap();
    site.send_to(b"answer", exit).await.unwrap();
    let (length, _) = client.recv_from(&mut buffer).await.unwrap();
    let (from, payload) = codec::read_datagram(&buffer[..length]).unwrap();
    assert_eq!((from, payload), (target(site.local_addr().unwrap()), b"answer".as_slice()));
    let more = tokio::time::timeout(Duration::from_millis(50), client.recv_from(&mut buffer)).await;
    assert!(more.is_err(), "the stranger's datagram was dropped");
    drop(stream);
    until("the end of the relay", async || UdpSocket::bind(relay).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_account_loses_its_relay_too() {
    let world = World::new(&["ada"], &addresses(&["127.0.0.52"])).await;
    let (mut stream, relay) = associate(&world, "ada").await;
    AccountFile::change(&world.accounts_file(), |all| all.remove("ada")).unwrap();
    let took = until("the cut", async || stream.read(&mut [0; 1]).await.is_ok_and(|count| count == 0)).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    until("the end of the relay", async || UdpSocket::bind(relay).await.is_ok()).await;
}
