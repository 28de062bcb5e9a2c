//! Front proxies with the configurations of `examples/`, on free ports.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::http::{Connection, Request};
use crate::poll::until;
use crate::ports;
use crate::process::Process;

/// A front proxy that asks a Tenure about every request, or passes every request to one.
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
        Self::nginx_as_written(address, &example("nginx/nginx.conf", address, tenure, application))
    }

    /// nginx with a configuration of the test's own, which listens at this address.
    ///
    /// # Panics
    /// nginx is not installed or does not start.
    pub fn nginx_as_written(address: SocketAddr, configuration: &str) -> Self {
        // Without these, nginx writes to folders that only root may use.
        let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("  {kind}_temp_path tmp_{kind};\n"))
            .collect();
        let configuration = configuration.replacen("http {\n", &format!("http {{\n{folders}"), 1);
        Self::start(address, &[("nginx.conf", &configuration)], |folder| {
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
        Self::start(address, &[("Caddyfile", &configuration)], |folder| {
            let mut command = Command::new(program("caddy"));
            command.args(["run", "--adapter", "caddyfile", "--config", "Caddyfile"]);
            command.current_dir(folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
            command
        })
    }

    /// HAProxy with `examples/haproxy/haproxy.cfg` and its Lua.
    ///
    /// # Panics
    /// HAProxy is not installed or does not start.
    pub fn haproxy(address: SocketAddr, tenure: SocketAddr, application: SocketAddr) -> Self {
        let configuration = example("haproxy/haproxy.cfg", address, tenure, application);
        let files = [("haproxy.cfg", &*configuration), ("tenure.lua", &text("haproxy/tenure.lua"))];
        Self::start(address, &files, |folder| {
            let mut command = Command::new(program("haproxy"));
            command.args(["-db", "-f", "haproxy.cfg"]).current_dir(folder);
            command
        })
    }

    /// Apache with `examples/apache/tenure.conf`; the application is behind Tenure.
    ///
    /// # Panics
    /// Apache is not installed or does not start.
    pub fn apache(address: SocketAddr, tenure: SocketAddr, _application: SocketAddr) -> Self {
        let site = put(text("apache/tenure.conf"), &[(FRONT, address), (TENURE, tenure)]);
        // What Debian's own configuration has besides sites.
        let modules: String = ["mpm_event", "authz_core", "headers", "proxy", "proxy_http"]
            .iter()
            .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
            .collect();
        let configuration = format!(
            "{modules}ServerName localhost\nPidFile apache.pid\nErrorLog /dev/stderr\nUser www-data\nGroup www-data\n{site}"
        );
        Self::start(address, &[("apache.conf", &configuration)], |folder| {
            let mut command = Command::new(program("apache2"));
            command.arg("-d").arg(folder).args(["-f", "apache.conf", "-D", "FOREGROUND"]);
            command
        })
    }

    /// Envoy with `examples/envoy/envoy.yaml`.
    ///
    /// # Panics
    /// Envoy is not installed or does not start.
    pub fn envoy(address: SocketAddr, tenure: SocketAddr, application: SocketAddr) -> Self {
        let named = text("envoy/envoy.yaml");
        // The addresses of sockets are in two parts there.
        let parts =
            |address: SocketAddr| format!("address: {}, port_value: {}", address.ip(), address.port());
        let configuration = [(FRONT, address), (TENURE, tenure), (APPLICATION, application)].iter().fold(
            put(named, &[(TENURE, tenure)]),
            |text, (from, to)| {
                let from = parts(from.parse().expect("an address"));
                assert!(text.contains(&from), "envoy.yaml no longer names {from}");
                text.replace(&from, &parts(*to))
            },
        );
        Self::start(address, &[("envoy.yaml", &configuration)], |folder| {
            let mut command = Command::new(program("envoy"));
            command.args([
                "-c",
                "envoy.yaml",
                "--disable-hot-restart",
                "--concurrency",
                "1",
                "-l",
                "warning",
            ]);
            command.current_dir(folder);
            command
        })
    }

    /// Traefik with `examples/traefik/`.
    ///
    /// # Panics
    /// Traefik is not installed or does not start.
    pub fn traefik(address: SocketAddr, tenure: SocketAddr, application: SocketAddr) -> Self {
        let fixed = put(text("traefik/traefik.yaml"), &[(FRONT, address)]);
        let routes = put(text("traefik/dynamic.yaml"), &[(TENURE, tenure), (APPLICATION, application)]);
        let front = Self::start(address, &[("traefik.yaml", &fixed), ("dynamic.yaml", &routes)], |folder| {
            let mut command = Command::new(program("traefik"));
            command.args(["--configFile=traefik.yaml"]).current_dir(folder);
            command
        });
        // It listens before it has read its routes.
        until("Traefik knows its routes", || {
            let mut connection = Connection::open(address).ok()?;
            let question = Request::new("GET", "/.tenure/status").with("Host", address.to_string());
            connection.exchange(&question).ok().filter(|answer| answer.status != 404)
        });
        front
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        self.process.written()
    }

    fn start(address: SocketAddr, files: &[(&str, &str)], command: impl FnOnce(&Path) -> Command) -> Self {
        let folder = TempDir::with_prefix("tenure-front-").expect("a temporary folder");
        for (file, configuration) in files {
            fs::write(folder.path().join(file), configuration).expect("the configuration can be written");
        }
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
        // The workers of some only go when their master is asked to.
        self.process.signal("TERM");
        until("the front proxy stops", || self.process.exited());
    }
}

/// A free address for a front proxy.
pub fn free_address() -> SocketAddr {
    ports::free()
}

fn example(file: &str, address: SocketAddr, tenure: SocketAddr, application: SocketAddr) -> String {
    put(text(file), &[(FRONT, address), (TENURE, tenure), (APPLICATION, application)])
}

/// A file of `examples/`.
fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Puts other addresses in the place of those that an example uses.
fn put(text: String, addresses: &[(&str, SocketAddr)]) -> String {
    addresses.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "an example no longer names {from}");
        text.replace(from, &to.to_string())
    })
}

/// A program in the `PATH`, where Debian keeps servers, or where `scripts/setup` puts those that Debian has not.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([
            PathBuf::from("/usr/sbin"),
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools-proxies/bin"),
        ])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| {
            panic!("{name} is not installed: `scripts/test setup` installs what the tests need")
        })
}
