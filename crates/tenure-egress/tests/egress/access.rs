//! What nobody reaches, however it is spelled.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tenure_egress::access::{Names, Rules};
use tenure_egress::exit::{Dialer, Manner};
use tenure_egress::front::socks5::codec::{self, Command};
use tenure_egress::{Family, Host, Target};
use tokio::net::UdpSocket;

use crate::world::{Site, World, addresses, socks_request};

/// Ways to this host and to networks behind it.
const FORBIDDEN: [&str; 23] = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "169.254.43518",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "localhost",
    "LOCALHOST.",
    "metadata.localhost",
    "127.0.0.1.",
    "0",
];

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn this_host_and_private_networks_are_reached_by_no_spelling() {
    let world = World::strict(&["ada"], &addresses(&["127.0.0.41"])).await;
    let site = Site::new().await;
    let port = site.address.port();
    for host in FORBIDDEN {
        assert_eq!(world.socks("ada", host, port).await.err(), Some(2), "{host}");
        let host = bracketed(host);
        for line in [format!("CONNECT {host}:{port}"), format!("GET http://{host}:{port}/")] {
            let head = world.http("ada", &line).await;
            assert!(
                head.starts_with("HTTP/1.1 403 ") && head.contains("destination_ip_prohibited"),
                "{line}: {head}"
            );
        }
    }
    for host in ["::1", "fd00::1", "fe80::1", "64:ff9b::7f00:1", "2002:7f00:1::1"] {
        assert!(world.socks("ada", host, port).await.is_err(), "{host}");
    }
    assert_eq!(site.visits(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_between_servers_and_the_own_addresses_are_refused_unless_listed() {
    let world = World::new(&["ada"], &addresses(&["127.0.0.42"])).await;
    assert_eq!(world.socks("ada", "127.0.0.1", 25).await.err(), Some(2));
    assert_eq!(world.socks("ada", "127.0.0.1", 0).await.err(), Some(2));
    let listed = World::new(&["ada"], &format!("allow_ports = [25]\n{}", addresses(&["127.0.0.43"]))).await;
    assert_eq!(listed.socks("ada", "127.0.0.1", 25).await.err(), Some(5), "nobody listens, and one may ask");
}

#[tokio::test(flavor = "multi_thread")]
async fn datagrams_reach_nothing_that_is_forbidden() {
    let world = World::strict(&["ada"], &addresses(&["127.0.0.44"])).await;
    let inside = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (account, secret) = ("ada", &world.secrets["ada"]);
    let mut stream =
        socks_request(world.egress.address(), account, secret, Command::Associate, "0.0.0.0", 0).await;
    let (code, relay) = codec::read_reply(&mut stream).await.unwrap();
    assert_eq!(code, 0);
    let Host::Address(relay_address) = relay.host else { panic!("{relay}") };
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = inside.local_addr().unwrap().port();
    for host in ["127.0.0.1", "2130706433", "localhost", "::ffff:127.0.0.1"] {
        let target = Target { host: Host::parse(host).unwrap(), port };
        client.send_to(&codec::write_datagram(&target, b"hello"), (relay_address, relay.port)).await.unwrap();
    }
    let arrived = tokio::time::timeout(Duration::from_millis(200), inside.recv_from(&mut [0; 16])).await;
    assert!(arrived.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_looked_up_once_and_what_was_judged_is_what_is_reached() {
    let world = World::strict(&["ada"], &addresses(&["127.0.0.45"])).await;
    let (public, inside) = (Site::on("127.0.0.46:0").await, Site::new().await);
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    // First the address that may be reached, then, as a rebinding name does, the one that may not.
    let look_up = move |_: &str| {
        let first = counter.fetch_add(1, Ordering::SeqCst) == 0;
        Ok(vec![IpAddr::from(if first { [127, 0, 0, 46] } else { [127, 0, 0, 1] })])
    };
    let names = Names::with(look_up, Duration::from_secs(5));
    world.egress.exit().behave(Manner {
        families: vec![Family::Ipv4],
        rules: Arc::new(Rules::new(vec!["127.0.0.46/32".parse().unwrap()], vec![], vec![])),
        dialer: Dialer { names, tls: no_tls(), time_limit: Duration::from_secs(5) },
        echo: None,
        connections: 10,
        log_destinations: true,
    });
    assert!(world.socks("ada", "rebinding.example", public.address.port()).await.is_ok());
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let again = world.socks("ada", "rebinding.example", inside.address.port()).await;
    assert_eq!(again.err(), Some(2));
    assert_eq!((asked.load(Ordering::SeqCst), public.visits(), inside.visits()), (2, 1, 0));
}

fn no_tls() -> Arc<rustls::ClientConfig> {
    let builder =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}
