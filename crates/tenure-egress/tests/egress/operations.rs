//! What operators do while accounts are at work.

use std::time::Duration;

use tenure_egress::accounts::AccountFile;
use tenure_egress::egress::operate::{Answer, Request};
use tenure_egress::egress::{Config, Egress, StartError, control, metrics};
use tenure_egress::pool::Tags;
use tenure_egress::settings::Source;
use tenure_egress::{AccountName, Family};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{Site, World, addresses, is_open, mirror, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_account_is_cut_off_within_a_second_and_the_others_notice_nothing() {
    let world = World::new(&["ada", "bob"], &addresses(&["127.0.0.61", "127.0.0.62"])).await;
    let mirror = mirror().await;
    let mut ada = world.socks("ada", "127.0.0.1", mirror.port()).await.unwrap();
    let mut bob = world.socks("bob", "127.0.0.1", mirror.port()).await.unwrap();
    assert!(is_open(&mut ada).await && is_open(&mut bob).await);
    AccountFile::change(&world.accounts_file(), |all| all.remove("ada")).unwrap();
    let took = until("the cut", async || matches!(ada.read(&mut [0; 1]).await, Ok(0) | Err(_))).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(is_open(&mut bob).await);
    // Whoever comes new is let in without a restart, too.
    let secret =
        AccountFile::change(&world.accounts_file(), |all| all.add("eve", None, Tags::default())).unwrap();
    let exit = world.egress.exit();
    until("the new account", async || exit.accounts.is_known(&AccountName::new("eve"))).await;
    let connected =
        crate::world::socks(world.egress.address(), "eve", &secret, "127.0.0.1", mirror.port()).await;
    assert_eq!(
        connected.err(),
        Some(1),
        "there are two addresses, and the removed account still has its own"
    );
    assert!(is_open(&mut bob).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_is_an_operator_s_act_that_cuts_the_account_and_keeps_the_old_address_from_others() {
    let world = World::new(&["ada", "bob"], &addresses(&["127.0.0.63", "127.0.0.64"])).await;
    let (mirror, site) = (mirror().await, Site::new().await);
    let before = world.seen("ada", site.address).await.unwrap();
    let mut open = world.socks("ada", "127.0.0.1", mirror.port()).await.unwrap();
    assert!(is_open(&mut open).await);
    let socket = world.config().control;
    let request = Request::Move { account: "ada".into(), family: Family::Ipv4, to: None };
    let Some(Answer::Moved(moved)) = control::ask(&socket, &request).await.unwrap() else {
        panic!("not moved")
    };
    assert_eq!(moved.from, before);
    until("the cut", async || matches!(open.read(&mut [0; 1]).await, Ok(0) | Err(_))).await;
    assert_eq!(world.seen("ada", site.address).await.ok(), moved.to);
    assert_eq!(world.seen("bob", site.address).await, Err(1), "the old address cools off");
    let back = Request::Move { account: "ada".into(), family: Family::Ipv4, to: Some(before) };
    assert!(
        matches!(control::ask(&socket, &back).await.unwrap(), Some(Answer::Moved(_))),
        "but not for who had it"
    );
    assert_eq!(world.seen("ada", site.address).await, Ok(before));
    let release = Request::Release { account: "bob".into(), family: Family::Ipv4 };
    let refused = control::ask(&socket, &release).await.unwrap();
    assert_eq!(refused, Some(Answer::Refused("bob has no ipv4 address".into())));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_counted_for_each_lease() {
    let world = World::new(&["ada"], &addresses(&["127.0.0.65"])).await;
    let mirror = mirror().await;
    let mut open = world.socks("ada", "127.0.0.1", mirror.port()).await.unwrap();
    assert!(is_open(&mut open).await);
    assert!(world.socks("ada", "10.0.0.1", 80).await.is_err());
    let text = metrics::text(world.egress.exit());
    for line in [
        "tenure_egress_connections{account=\"ada\"} 1",
        "tenure_egress_opened_total{account=\"ada\"} 1",
        "tenure_egress_sent_bytes_total{account=\"ada\"} 1",
        "tenure_egress_received_bytes_total{account=\"ada\"} 1",
        "tenure_egress_refused_total{account=\"ada\",code=\"forbidden\"} 1",
        "tenure_egress_lease{account=\"ada\",exit=\"127.0.0.65\"} 1",
        "tenure_egress_address_state{address=\"127.0.0.65\",exit=\"127.0.0.65\",state=\"up\"} 1",
        "tenure_egress_address_availability{address=\"127.0.0.65\",exit=\"127.0.0.65\"} 1.0",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_connections_is_each_account_s_own() {
    let lines = format!("max_connections = 3\n{}", addresses(&["127.0.0.66", "127.0.0.67"]));
    let world = World::new(&["ada", "bob"], &lines).await;
    let mirror = mirror().await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(world.socks("ada", "127.0.0.1", mirror.port()).await.unwrap());
    }
    assert_eq!(world.socks("ada", "127.0.0.1", mirror.port()).await.err(), Some(1));
    assert!(world.socks("bob", "127.0.0.1", mirror.port()).await.is_ok());
    open.pop();
    until("a free place", async || world.socks("ada", "127.0.0.1", mirror.port()).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_egress_at_a_time_has_the_state() {
    let world = World::new(&[], &addresses(&["127.0.0.68"])).await;
    let second = Egress::start(&world.config()).await;
    assert!(matches!(&second, Err(StartError::Leases { .. })), "{second:?}");
    assert!(second.unwrap_err().to_string().contains("is the egress running already?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_are_served_where_asked() {
    let world =
        World::new(&[], &format!("metrics_listen = \"127.0.0.1:0\"\n{}", addresses(&["127.0.0.69"]))).await;
    let mut stream = TcpStream::connect(world.egress.metrics_address().unwrap()).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK") && text.contains("tenure_egress_address_state"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_lease_has_the_tags_of_its_account_and_later_tags_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let text = |first: &str, second: &str| {
        format!(
            "[egress]\nlisten = \"127.0.0.1:0\"\nstate = {state:?}\nallow = [\"127.0.0.0/8\"]\n\
             [[egress.address]]\naddress = \"127.0.0.71\"\ncountry = {first:?}\n\
             [[egress.address]]\naddress = \"127.0.0.72\"\ncountry = {second:?}\n"
        )
    };
    let config = |text: &str| Config::read(&Source::of_text(text)).unwrap();
    let tags = Tags { country: Some("FR".into()), network: None };
    let secret = AccountFile::change(&state.join("accounts"), |all| all.add("ada", None, tags)).unwrap();
    let site = Site::new().await;
    for text in [text("de", "fr"), text("fr", "de")] {
        let egress = Egress::start(&config(&text)).await.unwrap();
        let connected =
            crate::world::socks(egress.address(), "ada", &secret, "127.0.0.1", site.address.port()).await;
        connected.unwrap();
        egress.stop().await;
    }
    until("both visits", async || site.visits() == 2).await;
    assert_eq!(
        site.visitors().into_iter().collect::<Vec<_>>(),
        ["127.0.0.72".parse::<std::net::IpAddr>().unwrap()]
    );
}
