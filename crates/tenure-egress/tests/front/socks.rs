//! SOCKS5.

use std::time::Duration;

use tenure_egress::front::socks5::codec::{self, Command};
use tenure_egress::front::{Options, Who};
use tenure_egress::{AccountName, Host, Target};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpStream, UdpSocket};

use crate::world::{SECRET, World, echo, until};

async fn negotiate(world: &World, account: &str, secret: &[u8]) -> Option<BufReader<TcpStream>> {
    let mut stream = world.connect().await;
    stream.write_all(&[5, 2, 0, 2]).await.unwrap();
    let mut chosen = [0; 2];
    stream.read_exact(&mut chosen).await.unwrap();
    assert_eq!(chosen, [5, 2], "a password is asked for");
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
    let words = [&[1, length(account.as_bytes())], account.as_bytes(), &[length(secret)], secret].concat();
    stream.write_all(&words).await.unwrap();
    stream.read_exact(&mut chosen).await.unwrap();
    (chosen == [1, 0]).then_some(stream)
}

async fn request(
    stream: &mut BufReader<TcpStream>,
    command: Command,
    host: &str,
    port: u16,
) -> (u8, std::net::SocketAddr) {
    let target = Target { host: Host::parse(host).unwrap(), port };
    stream.write_all(&codec::write_request(command, &target)).await.unwrap();
    let mut answer = [0; 10];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!((answer[0], answer[3]), (5, 1));
    let address: [u8; 4] = answer[4..8].try_into().unwrap();
    (answer[1], (address, u16::from_be_bytes([answer[8], answer[9]])).into())
}

#[tokio::test]
async fn connect_carries_bytes_both_ways() {
    let (world, echo) = (World::asking().await, echo().await);
    let mut stream = negotiate(&world, "ada", SECRET).await.unwrap();
    assert_eq!(request(&mut stream, Command::Connect, "site.example", echo.port()).await.0, 0);
    stream.write_all(b"words").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut got = String::new();
    stream.read_to_string(&mut got).await.unwrap();
    assert_eq!(got, "words");
}

#[tokio::test]
async fn refusals_have_their_codes() {
    let world = World::asking().await;
    for (host, code) in [("forbidden.example", 2), ("unknown.example", 4), ("127.0.0.1", 5)] {
        let mut stream = negotiate(&world, "ada", SECRET).await.unwrap();
        assert_eq!(request(&mut stream, Command::Connect, host, 1).await.0, code, "{host}");
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    }
    let mut stream = negotiate(&world, "ada", SECRET).await.unwrap();
    assert_eq!(request(&mut stream, Command::Bind, "127.0.0.1", 1).await.0, 7);
    assert!(negotiate(&world, "ada", b"guessed").await.is_none());
    assert!(negotiate(&world, "nobody", SECRET).await.is_none());
}

#[tokio::test]
async fn without_a_password_nobody_passes_where_one_is_asked_for() {
    let world = World::asking().await;
    let mut stream = world.connect().await;
    stream.write_all(&[5, 1, 0]).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, [5, 0xff]);
}

#[tokio::test]
async fn a_port_of_one_account_needs_no_password() {
    let (world, echo) =
        (World::with(Options::new("tenure-test", Who::Always(AccountName::new("ada")))).await, echo().await);
    let mut stream = world.connect().await;
    stream.write_all(&[5, 1, 0]).await.unwrap();
    let mut chosen = [0; 2];
    stream.read_exact(&mut chosen).await.unwrap();
    assert_eq!(chosen, [5, 0]);
    assert_eq!(request(&mut stream, Command::Connect, "127.0.0.1", echo.port()).await.0, 0);
}

/// A site that answers each datagram with who sent it.
async fn udp_site() -> std::net::SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 100];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            let words = [&buffer[..length], b" ", from.ip().to_string().as_bytes()].concat();
            socket.send_to(&words, from).await.unwrap();
        }
    });
    address
}

fn target(address: std::net::SocketAddr) -> Target {
    Target { host: Host::Address(address.ip()), port: address.port() }
}

#[tokio::test]
async fn datagrams_leave_by_the_account_s_address_and_end_with_the_connection() {
    let (world, site) = (World::asking().await, udp_site().await);
    let mut stream = negotiate(&world, "ada", SECRET).await.unwrap();
    let (code, relay) = request(&mut stream, Command::Associate, "0.0.0.0", 0).await;
    assert_eq!(
        (code, relay.ip()),
        (0, world.front.ip()),
        "bound to where the client connected, and nowhere else"
    );
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    client.send_to(&codec::write_datagram(&target(site), b"one"), relay).await.unwrap();
    let mut buffer = [0; 100];
    let (length, from) = client.recv_from(&mut buffer).await.unwrap();
    let (sender, payload) = codec::read_datagram(&buffer[..length]).unwrap();
    assert_eq!((from, sender, payload), (relay, target(site), b"one 127.0.0.11".as_slice()));

    drop(stream);
    until("the end of the relay", async || UdpSocket::bind(relay).await.is_ok()).await;
}

#[tokio::test]
async fn datagrams_of_others_and_fragments_are_dropped() {
    let (world, site) = (World::asking().await, udp_site().await);
    let mut stream = negotiate(&world, "ada", SECRET).await.unwrap();
    let (_, relay) = request(&mut stream, Command::Associate, "0.0.0.0", 0).await;
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = UdpSocket::bind("127.0.0.9:0").await.unwrap();
    let other_port = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    elsewhere.send_to(&codec::write_datagram(&target(site), b"elsewhere"), relay).await.unwrap();
    let mut fragment = codec::write_datagram(&target(site), b"fragment");
    fragment[2] = 1;
    client.send_to(&fragment, relay).await.unwrap();
    other_port.send_to(&codec::write_datagram(&target(site), b"other port"), relay).await.unwrap();
    client.send_to(&codec::write_datagram(&target(site), b"mine"), relay).await.unwrap();
    let mut buffer = [0; 100];
    let (length, _) = client.recv_from(&mut buffer).await.unwrap();
    assert_eq!(codec::read_datagram(&buffer[..length]).unwrap().1, b"mine 127.0.0.11");
    for socket in [&client, &elsewhere, &other_port] {
        let more = tokio::time::timeout(Duration::from_millis(50), socket.recv_from(&mut buffer)).await;
        assert!(more.is_err(), "nothing else came");
    }
}

#[tokio::test]
async fn nobody_opens_a_relay_for_somebody_else() {
    let world = World::asking().await;
    let mut stream = negotiate(&world, "ada", SECRET).await.unwrap();
    assert_eq!(request(&mut stream, Command::Associate, "192.0.2.1", 4000).await.0, 2);
}

#[tokio::test]
async fn who_is_cut_while_a_connection_is_opened_does_not_keep_it() {
    let (world, echo) = (World::asking().await, echo().await);
    let mut stream = negotiate(&world, "ada", SECRET).await.unwrap();
    let target = Target { host: Host::parse("cutting.example").unwrap(), port: echo.port() };
    stream.write_all(&codec::write_request(Command::Connect, &target)).await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut Vec::new())).await;
    assert!(ended.is_ok());
}
