//! Proxies of others as exits: the ones that Debian has. It needs the packages microsocks and dante-server.

use std::net::SocketAddr;
use std::process::Command;

use tenure_tests::process::Process;
use tenure_tests::{ports, until};

use super::host::{Host, addresses};

fn microsocks(at: SocketAddr) -> Process {
    let mut command = Command::new("microsocks");
    command.args(["-i", "127.0.0.1", "-p", &at.port().to_string(), "-b", "127.0.3.21"]);
    command.args(["-u", "tenure", "-P", "for the peer"]);
    let process = Process::start(&mut command).unwrap();
    until("microsocks listens", || std::net::TcpStream::connect(at).ok());
    process
}

fn dante(at: SocketAddr) -> (Process, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let configuration = folder.path().join("danted.conf");
    // It leaves by an address that an interface has, and 127.0.0.1 is one everywhere.
    let text = format!(
        "logoutput: stderr\ninternal: 127.0.0.1 port = {}\nexternal: 127.0.0.1\nclientmethod: none\nsocksmethod: none\n\
         client pass {{ from: 0/0 to: 0/0 }}\nsocks pass {{ from: 0/0 to: 0/0 }}\n",
        at.port()
    );
    std::fs::write(&configuration, text).unwrap();
    let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
    let process =
        Process::start(Command::new("danted").arg("-f").arg(&configuration).env("PATH", path)).unwrap();
    until("dante listens", || std::net::TcpStream::connect(at).ok());
    (process, folder)
}

fn upstream(at: SocketAddr, exit: &str, more: &str) -> String {
    format!("[[egress.upstream]]\nurl = \"socks5://{at}\"\nexpected_exit = \"{exit}\"\n{more}\n")
}

#[test]
fn an_account_leaves_by_microsocks_only_while_that_is_there() {
    let at = ports::free();
    let mut peer = microsocks(at);
    let folder = tempfile::tempdir().unwrap();
    let credentials = folder.path().join("credentials");
    std::fs::write(&credentials, "tenure:for the peer\n").unwrap();
    let closed = Command::new("chmod").arg("600").arg(&credentials).status().unwrap();
    assert!(closed.success());
    let table = upstream(at, "127.0.3.21", &format!("credentials_file = {credentials:?}"));
    let host = Host::start("echo = \"http://ECHO/\"\nprobe_every = \"200ms\"", &table);
    let ada = host.add("ada");
    let proxy = host.socks("ada", &ada);
    assert_eq!(host.curl(&proxy, &[]).as_deref(), Some("127.0.3.21"));
    peer.kill();
    for _ in 0..20 {
        assert_eq!(host.curl(&proxy, &[]), None);
    }
    let _peer = microsocks(at);
    assert_eq!(until("it is back", || host.curl(&proxy, &[])), "127.0.3.21");
}

#[test]
fn an_account_leaves_by_dante_and_another_by_an_address_of_the_host() {
    let at = ports::free();
    let _peer = dante(at);
    let tables = addresses(&["127.0.3.22"]) + &upstream(at, "127.0.0.1", "");
    let host = Host::start("echo = \"http://ECHO/\"", &tables);
    let (ada, bob) = (host.add("ada"), host.add("bob"));
    assert_eq!(host.curl(&host.socks("ada", &ada), &[]).as_deref(), Some("127.0.3.22"));
    assert_eq!(host.curl(&host.http("bob", &bob), &[]).as_deref(), Some("127.0.0.1"));
}
