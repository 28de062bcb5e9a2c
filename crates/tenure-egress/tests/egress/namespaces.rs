//! What takes a network of its own: addresses that go away, odd settings of the kernel, few ports. It needs root.

use std::net::IpAddr;
use std::process::Command;
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::world::{Site, World, addresses, is_open, mirror, until};

/// Runs a test in a network that has nothing but a loopback.
fn in_own_network<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    let thread = std::thread::spawn(move || {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).expect("a network of its own takes root");
        ip("link set lo up");
        // Threads are in the network of whoever starts them, so the runtime is made here.
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
            .block_on(test());
    });
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

fn ip(arguments: &str) {
    let done = Command::new("ip").args(arguments.split(' ')).output().unwrap();
    assert!(done.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Settings under /proc/sys/net are those of the thread that opens them.
fn set(name: &str, value: &str) {
    std::fs::write(format!("/proc/sys/net/ipv4/{name}"), value).unwrap();
}

/// The address that an account leaves by, and the one that everything would leave by otherwise.
const LEASED: &str = "10.77.0.11";
const OTHER: &str = "10.77.0.1";

fn link() {
    ip(&format!("addr add {OTHER}/32 dev lo"));
    ip(&format!("addr add {LEASED}/32 dev lo"));
}

async fn world() -> World {
    World::strict(
        &["ada"],
        &format!(
            "allow = [\"10.77.0.1/32\"]\nprobe_every = \"200ms\"\nconnect_timeout = \"300ms\"\n{}",
            addresses(&[LEASED])
        ),
    )
    .await
}

fn leased() -> IpAddr {
    LEASED.parse().unwrap()
}

async fn never_by_another(nonlocal_bind: &str) {
    link();
    set("ip_nonlocal_bind", nonlocal_bind);
    let (world, site) = (world().await, Site::on(&format!("{OTHER}:0")).await);
    for _ in 0..3000 {
        assert_eq!(world.seen("ada", site.address).await, Ok(leased()));
    }
    ip(&format!("addr del {LEASED}/32 dev lo"));
    let before = site.visits();
    for _ in 0..4000 {
        assert!(world.seen("ada", site.address).await.is_err());
    }
    assert_eq!(site.visits(), before);
    ip(&format!("addr add {LEASED}/32 dev lo"));
    let took = until("the return", async || world.seen("ada", site.address).await == Ok(leased())).await;
    assert!(took < Duration::from_secs(2), "{took:?}");
    for _ in 0..3000 {
        assert_eq!(world.seen("ada", site.address).await, Ok(leased()));
    }
    assert_eq!(site.visitors().into_iter().collect::<Vec<_>>(), [leased()]);
}

#[test]
fn in_ten_thousand_requests_an_address_that_goes_away_is_never_replaced() {
    in_own_network(|| never_by_another("0"));
}

#[test]
fn nor_where_the_kernel_lets_anybody_bind_to_any_address() {
    in_own_network(|| never_by_another("1"));
}

#[test]
fn an_open_connection_waits_for_its_address_to_come_back() {
    in_own_network(|| async {
        link();
        let (world, mirror) = (world().await, {
            let listener = tokio::net::TcpListener::bind(format!("{OTHER}:0")).await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (mut reader, mut writer) = stream.split();
                let _ = tokio::io::copy(&mut reader, &mut writer).await;
            });
            address
        });
        let mut open = world.socks("ada", OTHER, mirror.port()).await.unwrap();
        assert!(is_open(&mut open).await);
        ip(&format!("addr del {LEASED}/32 dev lo"));
        open.write_all(b"meanwhile").await.unwrap();
        let early = tokio::time::timeout(Duration::from_millis(300), open.read_u8()).await;
        assert!(early.is_err(), "nothing comes while the address is away");
        ip(&format!("addr add {LEASED}/32 dev lo"));
        let mut got = [0; 9];
        tokio::time::timeout(Duration::from_secs(15), open.read_exact(&mut got)).await.unwrap().unwrap();
        assert_eq!(&got, b"meanwhile");
    });
}

#[test]
fn an_address_has_all_its_ports_for_each_site_and_runs_out_without_harm() {
    in_own_network(|| async {
        set("ip_local_port_range", "40000 40199");
        let world = World::new(&["ada"], &addresses(&["127.0.0.81"])).await;
        let (one, other) = (mirror().await, mirror().await);
        let mut open = Vec::new();
        for site in [one, other] {
            for _ in 0..150 {
                open.push(connect(&world, site.port()).await.unwrap());
            }
        }
        // Two hundred ports, three hundred connections; and then there is no port left for one of the sites.
        let mut refused = 0;
        for _ in 0..100 {
            match connect(&world, one.port()).await {
                Ok(stream) => open.push(stream),
                Err(code) => {
                    assert_eq!(code, 1);
                    refused += 1;
                }
            }
        }
        assert!(refused >= 50, "{refused} refused");
        assert!(is_open(&mut open[0]).await);
        let member = world.egress.exit().pool.find("127.0.0.81".parse().unwrap()).unwrap();
        assert_eq!(member.state(), tenure_egress::pool::State::Up);
    });
}

/// As [`World::socks`], from addresses of the client's that have ports left.
async fn connect(world: &World, port: u16) -> Result<tokio::io::BufReader<tokio::net::TcpStream>, u8> {
    use tenure_egress::front::socks5::codec;
    static NEXT: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(0);
    let last = NEXT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    setsockopt(&socket, sockopt::IpBindAddressNoPort, &true).unwrap();
    socket.bind(([127, 0, 5, last % 50 + 1], 0).into()).unwrap();
    let mut stream = tokio::io::BufReader::new(socket.connect(world.egress.address()).await.unwrap());
    stream.write_all(&[5, 1, 2]).await.unwrap();
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await.unwrap();
    stream.write_all(&codec::write_password("ada", &world.secrets["ada"]).unwrap()).await.unwrap();
    stream.read_exact(&mut answer).await.unwrap();
    let target = tenure_egress::Target { host: tenure_egress::Host::parse("127.0.0.1").unwrap(), port };
    stream.write_all(&codec::write_request(codec::Command::Connect, &target)).await.unwrap();
    let (code, _) = codec::read_reply(&mut stream).await.unwrap();
    if code == 0 { Ok(stream) } else { Err(code) }
}

#[test]
fn an_account_has_an_address_of_each_family_and_crosses_over_to_none() {
    in_own_network(|| async {
        for address in ["fd77::1", "fd77::11", "fd77::12"] {
            ip(&format!("-6 addr add {address}/128 dev lo nodad"));
        }
        let lines = |families: &str| {
            format!(
                "allow = [\"127.0.0.0/8\", \"fd77::1\"]\nfamilies = {families}\n{}",
                addresses(&["127.0.0.82", "fd77::11", "127.0.0.83", "fd77::12"])
            )
        };
        let (v4, v6) = (Site::new().await, Site::on("[fd77::1]:0").await);
        let both = World::strict(&["ada", "bob"], &lines("[\"ipv6\", \"ipv4\"]")).await;
        assert_eq!(both.seen("ada", v6.address).await, Ok("fd77::11".parse().unwrap()));
        assert_eq!(both.seen("ada", v4.address).await, Ok("127.0.0.82".parse().unwrap()));
        assert_eq!(both.seen("bob", v4.address).await, Ok("127.0.0.83".parse().unwrap()));
        assert_eq!(both.seen("bob", v6.address).await, Ok("fd77::12".parse().unwrap()));
        let one = World::strict(&["ada"], &lines("[\"ipv4\"]")).await;
        assert_eq!(
            one.seen("ada", v6.address).await,
            Err(4),
            "there is no lease of that family, and none is made"
        );
        assert_eq!(one.seen("ada", v4.address).await, Ok("127.0.0.82".parse().unwrap()));
        assert_eq!(one.egress.exit().leases.list().len(), 1);
        assert_eq!(v6.visitors().len(), 2);
    });
}

#[test]
fn packets_leave_by_the_device_that_was_named_or_not_at_all() {
    in_own_network(|| async {
        let site = Site::new().await;
        for (more, seen) in [
            ("device = \"lo\"\nmark = 77", Ok("127.0.0.84".parse().unwrap())),
            ("device = \"nosuch0\"", Err(3)),
        ] {
            let table = format!("[[egress.address]]\naddress = \"127.0.0.84\"\n{more}\n");
            let world = World::new(&["ada"], &table).await;
            assert_eq!(world.seen("ada", site.address).await, seen, "{more}");
        }
        assert_eq!(site.visits(), 1);
    });
}
