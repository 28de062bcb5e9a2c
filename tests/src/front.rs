//! nginx and Caddy with the configurations of `examples/`, on free ports.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::poll::until;
use crate::ports;
use crate::process::Process;

/// A front proxy that asks a Tenure about every request.
#[derive(Debug)]
pub struct Front {
    process: Process,
    /// Where browsers reach it.
    pub address: SocketAddr,
    _folder: TempDir,
}

/// The addresses that the examples use, which the tests replace by free ones.
const FRONT: &str = "127.0.0.1:8000";
const TENURE: &str = "127.0.0.1:8080";
const APPLICATION: &str = "127.0.0.1:3000";

impl Front {
    /// nginx with `examples/nginx/nginx.conf`.
    ///
    /// # Panics
    /// nginx is not installed or does not start.
    pub fn nginx(address: SocketAddr, tenure: SocketAddr, application: SocketAddr) -> Self {
        let example = example("nginx/nginx.conf", address, tenure, application);
        // Without these, nginx writes to folders that only root may use.
        let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("  {kind}_temp_path tmp_{kind};\n"))
            .collect();
        let configuration = example.replacen("http {\n", &format!("http {{\n{folders}"), 1);
        Self::start(address, "nginx.conf", &configuration, |folder| {
            let mut command = Command::new(program("nginx"));
            command.arg("-p").arg(folder).args(["-c", "nginx.conf", "-g", "daemon off;"]);
            command
        })
    }

    /// Caddy with `examples/caddy/Caddyfile`.
    ///
    /// # Panics
    /// Caddy is not installed or does not start.
    pub fn caddy(address: SocketAddr, tenure: SocketAddr, application: SocketAddr) -> Self {
        let example = example("caddy/Caddyfile", address, tenure, application);
        // Its administration listens on a fixed port, which tests at the same time would fight over.
        let configuration = format!("{{\n\tadmin off\n\tauto_https off\n}}\n{example}");
        Self::start(address, "Caddyfile", &configuration, |folder| {
            let mut command = Command::new(program("caddy"));
            command.args(["run", "--adapter", "caddyfile", "--config", "Caddyfile"]);
            command.current_dir(folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
            command
        })
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        self.process.written()
    }

    fn start(
        address: SocketAddr,
        file: &str,
        configuration: &str,
        command: impl FnOnce(&Path) -> Command,
    ) -> Self {
        let folder = TempDir::with_prefix("tenure-front-").expect("a temporary folder");
        fs::write(folder.path().join(file), configuration).expect("the configuration can be written");
        let process = Process::start(&mut command(folder.path())).expect("the front proxy can be started");
        let mut front = Self { process, address, _folder: folder };
        until("the front proxy serves", || {
            if let Some(status) = front.process.exited() {
                panic!("the front proxy exited ({status}):\n{}", front.log());
            }
            TcpStream::connect(address).is_ok().then_some(())
        });
        front
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // nginx's workers only go when their master is asked to.
        self.process.signal("TERM");
        until("the front proxy stops", || self.process.exited());
    }
}

/// A free address for a front proxy.
pub fn free_address() -> SocketAddr {
    ports::free()
}

fn example(file: &str, address: SocketAddr, tenure: SocketAddr, application: SocketAddr) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(file);
    let mut text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for (from, to) in [(FRONT, address), (TENURE, tenure), (APPLICATION, application)] {
        assert!(text.contains(from), "{} no longer names {from}", path.display());
        text = text.replace(from, &to.to_string());
    }
    text
}

/// A program in the `PATH` or where Debian keeps servers.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| {
            panic!("{name} is not installed: `scripts/test setup` installs what the tests need")
        })
}
