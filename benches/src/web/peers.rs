//! The servers that are measured. Each has as many threads or processes as there are cores.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use tenure_tests::process::Process;
use tenure_tests::{Setup, ports, until};

use super::{HYPER, Server};

const USER: &str = "ada";
const PASSWORD: &str = "a long password of the benchmark";

/// An application that answers everything with 1 KB.
pub fn application() -> Server {
    let page = "x".repeat(1024);
    let server = nginx_with("no proxy", &format!("location / {{ return 200 \"{page}\"; }}"), "");
    Server { path: "/", ..server }
}

/// nginx that answers everything with an empty 204.
pub fn nginx() -> Server {
    nginx_with("nginx return 204", "location / { return 204; }", "")
}

/// nginx before the application, without any check.
pub fn proxy_nginx(application: SocketAddr) -> Server {
    let upstream =
        format!("upstream application {{ server {application}; keepalive 64; keepalive_requests 1000000; }}");
    let location = "location / { proxy_pass http://application; proxy_http_version 1.1; proxy_set_header Connection \"\"; }";
    nginx_with("nginx proxy_pass", location, &upstream)
}

/// HAProxy before the application, without any check.
pub fn proxy_haproxy(application: SocketAddr) -> Server {
    let address = ports::free();
    let threads = cores();
    let configuration = format!(
        "global\n  nbthread {threads}\n  maxconn 4096\ndefaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  \
         timeout server 60s\n  http-reuse always\nfrontend f\n  bind {address}\n  default_backend b\n\
         backend b\n  server a {application} pool-max-conn 128\n"
    );
    start("HAProxy", address, "haproxy.cfg", &configuration, |folder| {
        let mut command = Command::new("haproxy");
        command.args(["-db", "-f"]).arg(folder.join("haproxy.cfg"));
        command
    })
}

/// A bare hyper server in a process of its own, which the benchmark's own program becomes.
pub fn hyper() -> Server {
    let address = ports::free();
    let program = std::env::current_exe().unwrap();
    let process = Process::start(Command::new(program).args([HYPER, &address.to_string()])).unwrap();
    ready("hyper, bare", address, process)
}

/// Tenure with somebody signed in, whose session is judged at each request to this path.
pub fn gateway(path: &'static str, application: SocketAddr) -> Server {
    let setup = Setup::new(application).gateway("trusted_proxies = [\"127.0.0.1\"]");
    setup.add_user(USER, PASSWORD);
    let tenure = setup.start();
    let mut browser = tenure.browser();
    browser.sign_in(USER, PASSWORD);
    let cookies: Vec<_> =
        browser.clone_cookies().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let headers = vec![format!("Cookie: {}", cookies.join("; "))];
    let (address, process) = (tenure.address, Some(tenure.id()));
    Server { name: "tenure", address, path, headers, _running: Box::new((tenure, setup)), process }
}

fn nginx_with(name: &'static str, location: &str, more: &str) -> Server {
    let address = ports::free();
    let workers = cores();
    let configuration = format!(
        "worker_processes {workers};\ndaemon off;\npid nginx.pid;\nerror_log stderr error;\nevents {{ worker_connections 4096; }}\n\
         http {{ access_log off; keepalive_requests 10000000; {more}\nserver {{ listen {address} reuseport; {location} }} }}\n"
    );
    start(name, address, "nginx.conf", &configuration, |folder| {
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder).args(["-c", "nginx.conf", "-e", "stderr"]);
        command
    })
}

fn start(
    name: &'static str,
    address: SocketAddr,
    file: &str,
    configuration: &str,
    command: impl FnOnce(PathBuf) -> Command,
) -> Server {
    let folder = TempDir::with_prefix("tenure-bench-").unwrap();
    fs::write(folder.path().join(file), configuration).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = command(folder.path().to_owned());
    command.env("PATH", format!("{path}:/usr/sbin"));
    let process = Process::start(&mut command).unwrap();
    let mut server = ready(name, address, process);
    server._running = Box::new((server._running, folder));
    server
}

fn ready(name: &'static str, address: SocketAddr, mut process: Process) -> Server {
    until("a server listens", || {
        assert!(process.exited().is_none(), "{name} exited:\n{}", process.written());
        std::net::TcpStream::connect(address).ok()
    });
    Server::of(name, address, "/", process)
}

fn cores() -> usize {
    std::thread::available_parallelism().unwrap().get()
}
