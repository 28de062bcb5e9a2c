//! Proxies of others as exits.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tenure_egress::accounts::AccountFile;
use tenure_egress::egress::echo;
use tenure_egress::front::socks5::codec::{self, Command};
use tenure_egress::pool::State;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};

use crate::world::{Site, World, is_open, mirror, socks_request, until};

/// A plain `CONNECT` proxy of somebody else that leaves by an address of its choice; 0 is that it refuses.
struct Upstream {
    address: SocketAddr,
    exit: Arc<AtomicU8>,
}

impl Upstream {
    async fn leaving_by(last: u8) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let exit = Arc::new(AtomicU8::new(last));
        let by = Arc::clone(&exit);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, by.load(Ordering::SeqCst)));
            }
        });
        Self { address, exit }
    }
}

async fn serve(mut client: TcpStream, exit: u8) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    // "ada:secret"
    if !head.contains("Proxy-Authorization: Basic YWRhOnNlY3JldA==\r\n") {
        client.write_all(b"HTTP/1.1 407 Who are you\r\n\r\n").await.ok()?;
        return None;
    }
    if exit == 0 {
        client.write_all(b"HTTP/1.1 502 No address now\r\n\r\n").await.ok()?;
        return None;
    }
    let target: SocketAddr = head.split(' ').nth(1)?.parse().ok()?;
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 2, exit], 0).into()).unwrap();
    let mut site = socket.connect(target).await.ok()?;
    client.write_all(b"HTTP/1.1 200 Here you are\r\n\r\n").await.ok()?;
    let _ = tokio::io::copy_bidirectional(&mut client, &mut site).await;
    Some(())
}

async fn echo_site() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(echo::serve(listener, std::future::pending()));
    address
}

async fn world(upstream: &Upstream, credentials: &str) -> World {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    std::fs::write(&file, credentials).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let lines = format!(
        "echo = \"http://{}/\"\nprobe_every = \"100ms\"\n[[egress.upstream]]\nurl = \"http://{}\"\n\
         expected_exit = \"127.0.2.7\"\ncredentials_file = {file:?}\n",
        echo_site().await,
        upstream.address
    );
    World::new(&["ada"], &lines).await
}

fn exit() -> IpAddr {
    [127, 0, 2, 7].into()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_changes_its_exit_is_quarantined_until_it_is_right_for_a_while() {
    let upstream = Upstream::leaving_by(7).await;
    let world = world(&upstream, "ada:secret").await;
    let site = Site::new().await;
    assert_eq!(world.seen("ada", site.address).await, Ok(exit()));
    let member = world.egress.exit().pool.find(exit()).unwrap();
    let mirror = mirror().await;
    let mut open = world.socks("ada", "127.0.0.1", mirror.port()).await.unwrap();
    assert!(is_open(&mut open).await);

    upstream.exit.store(8, Ordering::SeqCst);
    until("the quarantine", async || member.state() == State::Quarantined).await;
    let before = site.visits();
    for _ in 0..50 {
        assert_eq!(world.seen("ada", site.address).await, Err(3));
    }
    assert_eq!(site.visits(), before);
    assert_eq!(member.health.trouble(), Some("sites see 127.0.2.8".into()));
    until("the cut", async || matches!(open.read(&mut [0; 1]).await, Ok(0) | Err(_))).await;

    upstream.exit.store(7, Ordering::SeqCst);
    until("the return", async || world.seen("ada", site.address).await == Ok(exit())).await;
    // What was under way in the moment of the change may have left by the other one; nothing after it was noticed.
    assert_eq!(site.visitors().into_iter().collect::<Vec<_>>(), [exit()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_refuses_lets_nobody_out_and_is_back_when_it_is() {
    let upstream = Upstream::leaving_by(7).await;
    let world = world(&upstream, "ada:secret").await;
    let site = Site::new().await;
    assert_eq!(world.seen("ada", site.address).await, Ok(exit()));
    upstream.exit.store(0, Ordering::SeqCst);
    for _ in 0..50 {
        assert_eq!(world.seen("ada", site.address).await, Err(3));
    }
    upstream.exit.store(7, Ordering::SeqCst);
    until("the return", async || world.seen("ada", site.address).await == Ok(exit())).await;
    assert_eq!(site.visitors().into_iter().collect::<Vec<_>>(), [exit()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_is_not_leased_before_it_has_proven_its_exit() {
    let site = Site::new().await;
    for (exit, credentials) in [(8, "ada:secret"), (7, "ada:guess")] {
        let upstream = Upstream::leaving_by(exit).await;
        let world = world(&upstream, credentials).await;
        assert_eq!(world.seen("ada", site.address).await, Err(1));
        assert!(world.egress.exit().leases.list().is_empty());
    }
    assert_eq!(site.visits(), 0);
}

/// An egress whose only exit is another one, spoken to by this protocol.
async fn behind(far: &World, protocol: &str, exit: &str) -> World {
    use std::os::unix::fs::PermissionsExt as _;
    let file = far.folder.path().join("credentials");
    let secret = String::from_utf8(far.secrets["near"].expose().to_vec()).unwrap();
    std::fs::write(&file, format!("near:{secret}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let lines = format!(
        "echo = \"http://{}/\"\n[[egress.upstream]]\nurl = \"{protocol}://{}\"\n\
         expected_exit = \"{exit}\"\ncredentials_file = {file:?}\n",
        echo_site().await,
        far.egress.address()
    );
    World::new(&["ada"], &lines).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_egress_can_be_the_upstream_of_another_by_socks_and_by_http() {
    let far = World::new(&["near"], &crate::world::addresses(&["127.0.2.9"])).await;
    for protocol in ["socks5", "http"] {
        let near = behind(&far, protocol, "127.0.2.9").await;
        let site = Site::new().await;
        assert_eq!(near.seen("ada", site.address).await, Ok([127, 0, 2, 9].into()), "{protocol}");
        assert_eq!(
            near.seen("ada", "127.0.0.1:1".parse().unwrap()).await,
            Err(5),
            "{protocol}: why is passed on"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn datagrams_leave_by_a_socks_upstream_and_end_with_it() {
    let far = World::new(&["near"], &crate::world::addresses(&["127.0.2.10"])).await;
    let near = behind(&far, "socks5", "127.0.2.10").await;
    let (mut stream, relay) = crate::udp::associate(&near, "ada").await;
    let (site, client) =
        (UdpSocket::bind("127.0.0.1:0").await.unwrap(), UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let target = crate::udp::target(site.local_addr().unwrap());
    client.send_to(&codec::write_datagram(&target, b"question"), relay).await.unwrap();
    let mut buffer = [0; 64];
    let (length, exit) = site.recv_from(&mut buffer).await.unwrap();
    assert_eq!((&buffer[..length], exit.ip()), (b"question".as_slice(), IpAddr::from([127, 0, 2, 10])));
    site.send_to(b"answer", exit).await.unwrap();
    let (length, _) = client.recv_from(&mut buffer).await.unwrap();
    assert_eq!(codec::read_datagram(&buffer[..length]), Some((target, b"answer".as_slice())));
    AccountFile::change(&far.accounts_file(), |all| all.remove("near")).unwrap();
    until("the end", async || stream.read(&mut [0; 1]).await.is_ok_and(|count| count == 0)).await;

    let plain = World::new(&["near"], &crate::world::addresses(&["127.0.2.11"])).await;
    let near = behind(&plain, "http", "127.0.2.11").await;
    let secret = &near.secrets["ada"];
    let mut stream =
        socks_request(near.egress.address(), "ada", secret, Command::Associate, "0.0.0.0", 0).await;
    assert_eq!(codec::read_reply(&mut stream).await.unwrap().0, 4, "HTTP carries no datagrams");
}
