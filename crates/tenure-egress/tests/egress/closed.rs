//! Fail closed: never another address, never the default route.

use std::time::Duration;

use crate::world::{Site, World, addresses};

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_there_lets_nobody_out_by_another() {
    let world = World::new(&["ada"], &addresses(&["192.0.2.77"])).await;
    let site = Site::new().await;
    // It was there when it was leased.
    let leased: std::net::IpAddr = [192, 0, 2, 77].into();
    let account = tenure_egress::AccountName::new("ada");
    let leases = &world.egress.exit().leases;
    leases.obtain(&account, tenure_egress::Family::Ipv4, [leased]).unwrap();
    for _ in 0..200 {
        assert_eq!(world.seen("ada", site.address).await, Err(3));
    }
    for line in [format!("GET http://{}/", site.address), format!("CONNECT {}", site.address)] {
        let head = world.http("ada", &line).await;
        assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("error=proxy_internal_error"), "{head}");
    }
    assert_eq!(site.visits(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_left_the_configuration_lets_nobody_out_until_it_is_back() {
    let world = World::new(&["ada"], &addresses(&["127.0.0.31", "127.0.0.32"])).await;
    let site = Site::new().await;
    let address = world.seen("ada", site.address).await.unwrap();
    let with = world.config();
    let mut without = world.config();
    without.pool.retain(|entry| entry.exit != address);
    assert!(world.egress.reload(&with, &without).unwrap().is_empty());
    assert_eq!(world.seen("ada", site.address).await, Err(3));
    world.egress.reload(&without, &with).unwrap();
    assert_eq!(world.seen("ada", site.address).await, Ok(address));
    assert_eq!(site.visitors().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_refuses_or_does_not_answer_is_no_fault_of_the_address() {
    let world =
        World::new(&["ada"], &format!("connect_timeout = \"300ms\"\n{}", addresses(&["127.0.0.33"]))).await;
    assert_eq!(world.seen("ada", "127.0.0.1:1".parse().unwrap()).await, Err(5));
    // A listener whose queue is full answers nobody.
    let full = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    full.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    full.listen(0).unwrap();
    let address = full.local_addr().unwrap().as_socket().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..8 {
        let connecting = tokio::net::TcpStream::connect(address);
        waiting.push(tokio::time::timeout(Duration::from_millis(50), connecting).await);
    }
    assert_eq!(world.seen("ada", address).await, Err(4));
    let member = world.egress.exit().pool.find([127, 0, 0, 33].into()).unwrap();
    assert_eq!(member.state(), tenure_egress::pool::State::Up);
}
