//! `CONNECT` and absolute form.

use base64::Engine as _;
use tenure_egress::AccountName;
use tenure_egress::front::{Options, Who};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::world::{SECRET, World, echo, read_head, read_message, site, until};

fn authorization(account: &str) -> String {
    let pair = [account.as_bytes(), b":", SECRET].concat();
    format!("Proxy-Authorization: Basic {}\r\n", base64::engine::general_purpose::STANDARD.encode(pair))
}

#[tokio::test]
async fn connect_carries_bytes_both_ways_and_half_closes() {
    let (world, echo) = (World::asking().await, echo().await);
    let mut stream = world.connect().await;
    let request = format!(
        "CONNECT site.example:{} HTTP/1.1\r\nHost: x\r\n{}\r\nearly ",
        echo.port(),
        authorization("ada")
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200 "));
    stream.write_all(b"and late").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut got = String::new();
    stream.read_to_string(&mut got).await.unwrap();
    assert_eq!(got, "early and late");
}

#[tokio::test]
async fn nobody_passes_without_the_secret_of_an_account() {
    let (world, echo) = (World::asking().await, echo().await);
    let wrong = "Proxy-Authorization: Basic YWRhOm5v\r\n";
    for authorization in ["", wrong, "Proxy-Authorization: Bearer YWRhOm5v\r\n"] {
        let mut stream = world.connect().await;
        let request = format!("CONNECT {echo} HTTP/1.1\r\nHost: x\r\n{authorization}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let (head, _) = read_message(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 407 "), "{head}");
        assert!(head.to_lowercase().contains("proxy-authenticate: basic realm="), "{head}");
    }
}

#[tokio::test]
async fn a_refusal_has_its_status_and_says_why() {
    let world = World::asking().await;
    for (host, status, error) in [
        ("forbidden.example", "403", "error=destination_ip_prohibited"),
        ("unknown.example", "502", "error=dns_error"),
        ("127.0.0.1", "502", "error=connection_refused"),
    ] {
        for line in [format!("CONNECT {host}:1 HTTP/1.1"), format!("GET http://{host}:1/ HTTP/1.1")] {
            let mut stream = world.connect().await;
            let request = format!("{line}\r\nHost: x\r\n{}\r\n", authorization("ada"));
            stream.write_all(request.as_bytes()).await.unwrap();
            let (head, body) = read_message(&mut stream).await;
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {head}");
            assert!(head.contains("proxy-status: tenure-test; ") && head.contains(error), "{line}: {head}");
            assert!(body.starts_with("tenure-test: "), "{body}");
        }
    }
}

#[tokio::test]
async fn a_request_in_absolute_form_reaches_its_site_in_origin_form() {
    let (world, (site, _)) = (World::asking().await, site().await);
    let mut stream = world.connect().await;
    let request = format!(
        "POST http://site.example:{}/a?b=c HTTP/1.1\r\nHost: elsewhere\r\nX-Kept: 1\r\nConnection: x-dropped\r\nX-Dropped: 1\r\n\
         Proxy-Connection: keep-alive\r\n{}Content-Length: 5\r\n\r\nwords",
        site.port(),
        authorization("ada")
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let (head, body) = read_message(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && !head.to_lowercase().contains("keep-alive"), "{head}");
    let expected =
        format!("127.0.0.11\nPOST /a?b=c HTTP/1.1\r\nHost: site.example:{}\r\nX-Kept: 1\r\n", site.port());
    assert!(body.starts_with(&expected), "{body}");
    assert!(body.ends_with("\r\n\r\nwords") && !body.contains("Dropped") && !body.contains("roxy"), "{body}");
}

#[tokio::test]
async fn a_kept_connection_to_a_site_never_serves_another_account() {
    let (world, (site, connected)) = (World::asking().await, site().await);
    let (mut ada, mut bob) = (world.connect().await, world.connect().await);
    for _ in 0..10 {
        for (stream, account, address) in [(&mut ada, "ada", "127.0.0.11"), (&mut bob, "bob", "127.0.0.12")] {
            let request = format!("GET http://{site}/ HTTP/1.1\r\nHost: x\r\n{}\r\n", authorization(account));
            stream.write_all(request.as_bytes()).await.unwrap();
            let (_, body) = read_message(stream).await;
            assert!(body.starts_with(&format!("{address}\n")), "{account}: {body}");
        }
    }
    assert_eq!(connected.lock().unwrap().len(), 2, "connections are kept, one for each account");
}

#[tokio::test]
async fn one_connection_belongs_to_one_account() {
    let (world, (site, connected)) = (World::asking().await, site().await);
    let mut stream = world.connect().await;
    for (account, status) in [("ada", "200"), ("bob", "400")] {
        let request = format!("GET http://{site}/ HTTP/1.1\r\nHost: x\r\n{}\r\n", authorization(account));
        stream.write_all(request.as_bytes()).await.unwrap();
        let (head, _) = read_message(&mut stream).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
    assert_eq!(connected.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_request_that_is_not_for_a_proxy_is_refused_before_anything_else() {
    let world = World::with(Options::new("tenure-test", Who::Always(AccountName::new("ada")))).await;
    for line in [
        "GET / HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "GET https://site.example/ HTTP/1.1",
        "CONNECT a@b:1 HTTP/1.1",
    ] {
        let mut stream = world.connect().await;
        stream.write_all(format!("{line}\r\nHost: rebound.example\r\n\r\n").as_bytes()).await.unwrap();
        let (head, _) = read_message(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 400 "), "{line}: {head}");
    }
}

#[tokio::test]
async fn an_account_that_is_gone_is_cut_off_whatever_it_has_open() {
    let (world, echo, (site, _)) = (World::asking().await, echo().await, site().await);
    let mut tunnel = world.connect().await;
    let request = format!("CONNECT {echo} HTTP/1.1\r\nHost: x\r\n{}\r\n", authorization("ada"));
    tunnel.write_all(request.as_bytes()).await.unwrap();
    read_head(&mut tunnel).await;
    let mut idle = world.connect().await;
    let request = format!("GET http://{site}/ HTTP/1.1\r\nHost: x\r\n{}\r\n", authorization("ada"));
    idle.write_all(request.as_bytes()).await.unwrap();
    read_message(&mut idle).await;
    let mut other = world.connect().await;
    let request = format!("CONNECT {echo} HTTP/1.1\r\nHost: x\r\n{}\r\n", authorization("bob"));
    other.write_all(request.as_bytes()).await.unwrap();
    read_head(&mut other).await;

    world.way.gone.send_replace(vec!["ada".into()]);
    for stream in [&mut tunnel, &mut idle] {
        until("cutting off", async || matches!(stream.read(&mut [0; 1]).await, Ok(0) | Err(_))).await;
    }
    other.write_all(b"x").await.unwrap();
    assert_eq!(other.read_u8().await.unwrap(), b'x');
}

#[tokio::test]
async fn who_is_cut_while_a_connection_is_opened_does_not_keep_it() {
    let (world, (site, connected)) = (World::asking().await, site().await);
    for line in [
        format!("CONNECT cutting.example:{} HTTP/1.1", site.port()),
        format!("GET http://cutting.example:{}/ HTTP/1.1", site.port()),
    ] {
        for round in 1..=3 {
            let before = connected.lock().unwrap().len();
            let mut stream = world.connect().await;
            let request = format!("{line}\r\nHost: x\r\nConnection: close\r\n{}\r\n", authorization("ada"));
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut rest = Vec::new();
            let ended =
                tokio::time::timeout(std::time::Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
            assert!(ended.is_ok(), "{line}, {round}: it goes on after {:?}", String::from_utf8_lossy(&rest));
            until("a connection of its own", async || connected.lock().unwrap().len() == before + 1).await;
        }
    }
}
