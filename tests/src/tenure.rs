//! A `tenure` of one's own: configuration, accounts, start, restart, crash.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::browser::Browser;
use crate::http::{Connection, Request, Response};
use crate::poll::until;
use crate::ports;
use crate::process::Process;

/// The bearer token of the administration listener in these tests.
const ADMIN_TOKEN: &str = "a-token-for-the-administration-listener-of-the-tests";

/// The built `tenure`: `TENURE_BIN`, or the one beside the tests.
///
/// # Panics
/// It has not been built.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("TENURE_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a test knows its own path");
    test.ancestors().skip(1).map(|folder| folder.join("tenure")).find(|path| path.is_file()).unwrap_or_else(
        || panic!("no `tenure` beside {}: run `cargo build --workspace` first", test.display()),
    )
}

/// A folder with a configuration, in which `tenure` can run again and again.
#[derive(Debug)]
pub struct Setup {
    folder: TempDir,
    /// Where the gateway listens.
    pub address: SocketAddr,
    /// Where the administration listens.
    pub admin: SocketAddr,
    gateway: String,
    store: String,
    policy: String,
    more: String,
    environment: Vec<(String, String)>,
}

/// A running `tenure serve`. It is killed when this is dropped.
#[derive(Debug)]
pub struct Tenure {
    process: Process,
    /// Where the gateway listens.
    pub address: SocketAddr,
    /// Where the administration listens.
    pub admin: SocketAddr,
}

impl Setup {
    /// A gateway in front of this application, with the preset `custom` and its default limits.
    ///
    /// # Panics
    /// The temporary folder cannot be made.
    pub fn new(upstream: SocketAddr) -> Self {
        let setup = Self {
            folder: TempDir::with_prefix("tenure-").expect("a temporary folder"),
            address: ports::free(),
            admin: ports::free(),
            gateway: format!("upstream = \"http://{upstream}\"\n"),
            store: "path = \"data\"\n".into(),
            policy: "preset = \"custom\"\n".into(),
            more: String::new(),
            environment: Vec::new(),
        };
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(setup.path("admin-token"))
            .expect("the file of the token");
        writeln!(file, "{ADMIN_TOKEN}").expect("the file of the token");
        setup
    }

    /// Adds lines to `[gateway]`.
    #[must_use]
    pub fn gateway(mut self, lines: &str) -> Self {
        let _ = writeln!(self.gateway, "{lines}");
        self
    }

    /// Adds lines to `[policy]`.
    #[must_use]
    pub fn policy(mut self, lines: &str) -> Self {
        let _ = writeln!(self.policy, "{lines}");
        self
    }

    /// Replaces the path of the store.
    #[must_use]
    pub fn store_path(mut self, path: &Path) -> Self {
        self.store = format!("path = \"{}\"\n", path.display());
        self
    }

    /// Adds whole tables, such as `[[route]]`.
    #[must_use]
    pub fn more(mut self, toml: &str) -> Self {
        let _ = writeln!(self.more, "{toml}");
        self
    }

    /// Sets a variable of the environment of every command.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The token of the administration listener.
    pub const fn admin_token(&self) -> &'static str {
        ADMIN_TOKEN
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The configuration as it will be written.
    pub fn toml(&self) -> String {
        let Self { address, admin, gateway, store, policy, more, .. } = self;
        format!(
            "[gateway]\nlisten = \"{address}\"\n{gateway}\n[store]\n{store}\n\
             [admin]\nlisten = \"{admin}\"\ntoken_file = \"admin-token\"\n\n[policy]\n{policy}\n{more}"
        )
    }

    /// Writes the configuration.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn write(&self) {
        self.write_toml(&self.toml());
    }

    /// Writes a configuration of the test's own.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn write_toml(&self, toml: &str) {
        fs::write(self.path("tenure.toml"), toml).expect("the configuration can be written");
    }

    /// `tenure` with these arguments, in this folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        // What the tests are told by such variables is no setting of the gateway.
        let ours = std::env::vars_os().map(|(name, _)| name);
        for name in ours.filter(|name| name.to_string_lossy().starts_with("TENURE_")) {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("NO_COLOR", "1");
        command
    }

    /// Runs `tenure` with these arguments and the configuration as it was last written.
    ///
    /// # Panics
    /// The binary cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.run_with_input(arguments, "")
    }

    /// Runs `tenure` and gives it something to read.
    ///
    /// # Panics
    /// The binary cannot be started.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the built `tenure` can be started");
        if let Some(mut stdin) = child.stdin.take() {
            // A command that reads nothing has closed it already.
            let _ = stdin.write_all(input.as_bytes());
        }
        child.wait_with_output().expect("the output of `tenure`")
    }

    /// Adds a local account.
    ///
    /// # Panics
    /// The command fails.
    pub fn add_user(&self, name: &str, password: &str) {
        if !self.path("tenure.toml").exists() {
            self.write();
        }
        let output =
            self.run_with_input(&["user", "add", name, "--password-stdin"], &format!("{password}\n"));
        assert!(output.status.success(), "tenure user add: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Writes the configuration, starts the gateway and waits until it serves.
    ///
    /// # Panics
    /// It exits or does not serve in time; what it wrote is shown.
    pub fn start(&self) -> Tenure {
        self.write();
        self.start_as_written()
    }

    /// Starts the gateway with the configuration as it was last written.
    ///
    /// # Panics
    /// It exits or does not serve in time; what it wrote is shown.
    pub fn start_as_written(&self) -> Tenure {
        let process =
            Process::start(&mut self.command(&["serve"])).expect("the built `tenure` can be started");
        let mut tenure = Tenure { process, address: self.address, admin: self.admin };
        until("the gateway serves", || {
            if let Some(status) = tenure.process.exited() {
                panic!("`tenure serve` exited ({status}):\n{}", tenure.log());
            }
            tenure.is_ready().then_some(())
        });
        tenure
    }

    /// Starts the gateway with a configuration that it should refuse, and gives what it said.
    ///
    /// # Panics
    /// It serves, or exits as if all was well.
    pub fn start_refused(&self) -> String {
        let mut process =
            Process::start(&mut self.command(&["serve"])).expect("the built `tenure` can be started");
        let status = until("the gateway refuses to start", || process.exited());
        assert!(!status.success(), "it exited as if all was well: {}", process.written());
        // Its last words may still be on their way.
        until("it says why", || Some(process.written()).filter(|written| !written.is_empty()))
    }
}

impl Tenure {
    /// A new browser that visits this gateway.
    pub fn browser(&self) -> Browser {
        Browser::new(self.address)
    }

    /// Asks the administration listener, with its token.
    ///
    /// # Panics
    /// It does not answer.
    pub fn administration(&self, method: &str, path: &str) -> Response {
        let request = Request::new(method, path)
            .with("Host", self.admin.to_string())
            .with("Authorization", format!("Bearer {ADMIN_TOKEN}"))
            .with("Accept", "application/json");
        Connection::open(self.admin)
            .and_then(|mut connection| connection.exchange(&request))
            .unwrap_or_else(|error| panic!("{method} {path} of the administration: {error}"))
    }

    /// What it has written so far: its log.
    pub fn log(&self) -> String {
        self.process.written()
    }

    /// Kills it as `kill -9` does.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops it as a service manager does.
    ///
    /// # Panics
    /// It does not stop in time, or not cleanly.
    pub fn stop(&mut self) {
        let status = self.process.terminate();
        assert!(status.success(), "it stopped with {status}:\n{}", self.log());
    }

    /// Makes it read its configuration again.
    pub fn reload(&self) {
        self.process.signal("HUP");
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    fn is_ready(&self) -> bool {
        let request = Request::new("GET", "/readyz").with("Host", self.admin.to_string());
        Connection::open(self.admin)
            .and_then(|mut connection| connection.exchange(&request))
            .is_ok_and(|response| response.status == 200)
    }
}
