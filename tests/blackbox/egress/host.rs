//! A host with an egress, an echo, and accounts.

use std::net::SocketAddr;
use std::process::{Command, Output};

use tenure_tests::process::Process;
use tenure_tests::{Setup, ports, until};

pub(crate) struct Host {
    pub(crate) setup: Setup,
    pub(crate) egress: Process,
    pub(crate) echo: SocketAddr,
    pub(crate) front: SocketAddr,
    _echo: Process,
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Host {
    /// An egress with these lines in `[egress]` and these tables behind them; `ECHO` in them is the echo's address.
    pub(crate) fn start(lines: &str, tables: &str) -> Self {
        let (front, echo) = (ports::free(), ports::free());
        let own = format!("[egress]\nlisten = \"{front}\"\nallow = [\"127.0.0.0/8\"]\n{lines}\n{tables}");
        let setup = Setup::new(ports::free()).more(&own.replace("ECHO", &echo.to_string()));
        setup.write();
        let echo_process =
            Process::start(&mut setup.command(&["egress", "echo", "--listen", &echo.to_string()])).unwrap();
        until("the echo listens", || std::net::TcpStream::connect(echo).ok());
        let egress = run(&setup, front);
        Self { setup, egress, echo, front, _echo: echo_process }
    }

    /// Starts the egress again after it was stopped or killed.
    pub(crate) fn start_again(&mut self) {
        self.egress = run(&self.setup, self.front);
    }

    /// Adds an account and gives its secret; the egress may not know it yet.
    pub(crate) fn add_unseen(&self, name: &str) -> String {
        let added = self.command(&["accounts", "add", name, "--json"]);
        let added: serde_json::Value = serde_json::from_slice(&added.stdout).unwrap();
        added["secret"].as_str().unwrap().to_owned()
    }

    /// Adds an account that leaves by SOCKS, and gives its secret.
    pub(crate) fn add(&self, name: &str) -> String {
        let secret = self.add_unseen(name);
        until("the account is known", || self.curl(&self.socks(name, &secret), &[]));
        secret
    }

    /// Runs `tenure egress` with these arguments; it succeeds.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        let output = self.setup.run(&[&["egress"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        output
    }

    pub(crate) fn socks(&self, name: &str, secret: &str) -> String {
        format!("socks5h://{name}:{secret}@{}", self.front)
    }

    pub(crate) fn http(&self, name: &str, secret: &str) -> String {
        format!("http://{name}:{secret}@{}", self.front)
    }

    /// What the echo says through a proxy; `None` if curl fails.
    pub(crate) fn curl(&self, proxy: &str, more: &[&str]) -> Option<String> {
        let url = format!("http://{}/", self.echo);
        let output = Command::new("curl")
            .args(["--silent", "--fail", "--max-time", "10", "--proxy", proxy])
            .args(more)
            .arg(url)
            .output()
            .expect("curl is there");
        output.status.success().then(|| text(&output.stdout).trim().to_owned())
    }
}

fn run(setup: &Setup, front: SocketAddr) -> Process {
    let mut egress = Process::start(&mut setup.command(&["egress"])).unwrap();
    until("the egress serves", || {
        assert!(egress.exited().is_none(), "it exited:\n{}", egress.written());
        std::net::TcpStream::connect(front).ok()
    });
    egress
}

/// `[[egress.address]]` for each of these.
pub(crate) fn addresses(list: &[&str]) -> String {
    list.iter().map(|address| format!("[[egress.address]]\naddress = \"{address}\"\n")).collect()
}
