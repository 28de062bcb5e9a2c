//! Crashes, restarts, reloads.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tenure_tests::{ports, until};

use super::host::{Host, addresses, text};

#[test]
fn after_kill_nine_everybody_has_the_same_address_within_a_second() {
    let mut host = Host::start("", &addresses(&["127.0.3.11", "127.0.3.12", "127.0.3.13"]));
    let accounts: Vec<_> = ["ada", "bob", "eve"].map(|name| (name, host.add(name))).into();
    let seen = |host: &Host| -> Vec<_> {
        accounts.iter().map(|(name, secret)| host.curl(&host.socks(name, secret), &[])).collect()
    };
    let before = seen(&host);
    assert!(before.iter().all(Option::is_some));
    for _ in 0..5 {
        host.egress.kill();
        let began = Instant::now();
        host.start_again();
        let (name, secret) = &accounts[0];
        assert_eq!(host.curl(&host.socks(name, secret), &[]), before[0]);
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        assert_eq!(seen(&host), before);
    }
}

#[test]
fn commands_work_on_the_files_where_no_egress_runs() {
    let mut host = Host::start("", &addresses(&["127.0.3.14", "127.0.3.15"]));
    let ada = host.add("ada");
    assert_eq!(host.curl(&host.socks("ada", &ada), &[]).as_deref(), Some("127.0.3.14"));
    let running = host.command(&["move", "ada", "--to", "127.0.3.15"]);
    assert!(text(&running.stdout).contains("ada leaves by 127.0.3.15 now"), "{}", text(&running.stdout));
    assert_eq!(host.egress.terminate().code(), Some(0));
    host.command(&["move", "ada", "--to", "127.0.3.14"]);
    assert!(text(&host.command(&["leases"]).stdout).contains("127.0.3.14"));
    host.start_again();
    assert_eq!(host.curl(&host.socks("ada", &ada), &[]).as_deref(), Some("127.0.3.14"));
}

#[test]
fn a_reload_takes_over_what_is_valid_and_cuts_nobody_off() {
    let host = Host::start("", &addresses(&["127.0.3.16"]));
    let ada = host.add("ada");
    let site = ports::listener();
    let port = site.local_addr().unwrap().port();
    let mut open = TcpStream::connect(host.front).unwrap();
    let basic = basic("ada", &ada);
    write!(
        open,
        "CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic {basic}\r\n\r\n"
    )
    .unwrap();
    let (mut far, _) = site.accept().unwrap();
    let mut head = [0; 15];
    open.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    let mut works = |open: &mut TcpStream| {
        open.write_all(b"x").unwrap();
        far.read_exact(&mut [0]).unwrap();
    };

    let path = host.setup.path("tenure.toml");
    let good = fs::read_to_string(&path).unwrap();
    fs::write(&path, good.replace("[egress]", "[egress]\nfamilies = []")).unwrap();
    host.egress.signal("HUP");
    until("the bad one is refused", || {
        host.egress.written().contains("the old configuration goes on").then_some(())
    });
    works(&mut open);
    fs::write(&path, good.replace("127.0.0.0/8", "127.0.0.0/9") + &addresses(&["127.0.3.17"])).unwrap();
    host.egress.signal("HUP");
    until("the good one is taken over", || {
        host.egress.written().contains("the configuration was read again").then_some(())
    });
    works(&mut open);
    let bob = host.add("bob");
    assert_eq!(host.curl(&host.socks("bob", &bob), &[]).as_deref(), Some("127.0.3.17"));
    works(&mut open);
}

fn basic(name: &str, secret: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let pair = format!("{name}:{secret}");
    let mut text = String::new();
    for three in pair.as_bytes().chunks(3) {
        let bits =
            three.iter().fold(0, |bits, &byte| bits << 8 | usize::from(byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let digit = char::from(DIGITS[bits >> (18 - 6 * place) & 63]);
            text.push(if place <= three.len() { digit } else { '=' });
        }
    }
    text
}
