//! The egress beside microsocks and dante, and beside no proxy at all: bytes a second through one connection, the time
//! of a new connection to its first byte, and memory of idle connections.
//!
//! Site, proxy and client are processes of their own on the same cores. All proxies speak SOCKS5; ours asks for a name
//! and a secret, keeps accounts, judges the target and counts.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tenure_benches::{argument, median};
use tenure_egress::Secret;
use tenure_egress::accounts::AccountFile;
use tenure_egress::egress::{Config, Egress};
use tenure_egress::pool::Tags;
use tenure_egress::settings::Source;

const CHUNK: usize = 256 * 1024;

fn main() {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("--as-site") => run_site(),
        Some("--as-egress") => run_egress(&arguments.next().unwrap()),
        _ => compare(),
    }
}

fn compare() {
    let megabytes = argument("megabytes", 1024);
    let (rounds, opens, idle) = (argument("rounds", 3), argument("connections", 200), argument("idle", 2000));
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start();
    let mut proxies = vec![Proxy::none(), Proxy::egress(folder.path())];
    for peer in [Proxy::microsocks(), Proxy::dante(folder.path())] {
        match peer {
            Ok(peer) => proxies.push(peer),
            Err(missing) => {
                println!("{missing}: NOT MEASURED (needs the Debian packages microsocks and dante-server)");
            }
        }
    }
    let mut results = vec![Measured::default(); proxies.len()];
    for proxy in &proxies {
        proxy.wait_until_ready(site.address);
    }
    for _ in 0..rounds {
        for (proxy, result) in proxies.iter().zip(&mut results) {
            result.down.push(proxy.download(site.address, megabytes));
            result.up.push(proxy.upload(site.address, megabytes));
            let mut times: Vec<f64> = (0..opens).map(|_| proxy.open(site.address)).collect();
            times.sort_by(f64::total_cmp);
            result.p50.push(times[times.len() / 2]);
            result.p95.push(times[times.len() * 95 / 100]);
        }
    }
    println!(
        "{megabytes} MB each way through one connection, {opens} new connections, {rounds} rounds, medians"
    );
    println!(
        "{:<12} {:>10} {:>8} {:>10} {:>8} {:>9} {:>9}",
        "", "down MB/s", "ratio", "up MB/s", "ratio", "p50 ms", "p95 ms"
    );
    let direct = (median(results[0].down.clone()), median(results[0].up.clone()));
    for (proxy, result) in proxies.iter().zip(&results) {
        let (down, up) = (median(result.down.clone()), median(result.up.clone()));
        println!(
            "{:<12} {down:>10.0} {:>8.2} {up:>10.0} {:>8.2} {:>9.2} {:>9.2}",
            proxy.name,
            down / direct.0,
            up / direct.1,
            median(result.p50.clone()),
            median(result.p95.clone())
        );
    }
    let p95 = |index: usize| median(results[index].p95.clone());
    println!("added by tenure per new connection, p95: {:.2} ms   target <= 1", p95(1) - p95(0));
    if let Some(index) = proxies.iter().position(|proxy| proxy.name == "microsocks") {
        let ratio = median(results[1].down.clone()) / median(results[index].down.clone());
        println!("tenure / microsocks, down: {ratio:.2}   target > 1");
    }
    for proxy in proxies.iter().filter(|proxy| proxy.name == "tenure") {
        println!(
            "memory of an idle connection: {:.1} KiB   target <= 32",
            proxy.memory_of_idle(site.address, idle)
        );
    }
}

#[derive(Default, Clone)]
struct Measured {
    down: Vec<f64>,
    up: Vec<f64>,
    p50: Vec<f64>,
    p95: Vec<f64>,
}

/// A process that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn myself(arguments: &[&str]) -> (Running, SocketAddr) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    (Running(child), line.trim().parse().unwrap())
}

struct Site {
    address: SocketAddr,
    _running: Running,
}

impl Site {
    fn start() -> Self {
        let (running, address) = myself(&["--as-site"]);
        Self { address, _running: running }
    }
}

/// Takes a byte for what to do and a number of bytes; `d` sends so many, `u` takes so many and sends one, `o` sends one.
fn run_site() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        std::thread::spawn(move || {
            let mut head = [0; 9];
            let mut chunk = vec![7; CHUNK];
            stream.read_exact(&mut head).ok()?;
            let mut rest = u64::from_be_bytes(head[1..].try_into().unwrap());
            stream.set_nodelay(true).ok()?;
            while rest > 0 && head[0] != b'o' {
                let most = chunk.len().min(usize::try_from(rest).unwrap());
                let count = if head[0] == b'd' {
                    stream.write(&chunk[..most]).ok()?
                } else {
                    stream.read(&mut chunk[..most]).ok()?
                };
                rest -= count as u64;
            }
            if head[0] != b'd' {
                stream.write_all(b"x").ok()?;
            }
            stream.read(&mut head).ok()
        });
    }
}

fn run_egress(config: &str) {
    let config = Config::read(&Source::of_text(&fs::read_to_string(config).unwrap())).unwrap();
    tenure_benches::runtime().block_on(async {
        let egress = Egress::start(&config).await.unwrap();
        println!("{}", egress.address());
        std::future::pending::<()>().await;
    });
}

struct Proxy {
    name: &'static str,
    address: Option<SocketAddr>,
    secret: Option<Secret>,
    running: Option<Running>,
}

impl Proxy {
    fn none() -> Self {
        Self { name: "direct", address: None, secret: None, running: None }
    }

    fn egress(folder: &Path) -> Self {
        let state = folder.join("state");
        let added = AccountFile::change(&state.join("accounts"), |all| all.add("ada", None, Tags::default()));
        let config = folder.join("tenure.toml");
        let text = format!(
            "[egress]\nlisten = \"127.0.0.1:0\"\nstate = {state:?}\nallow = [\"127.0.0.0/8\"]\nmax_connections = 100000\n\
             [[egress.address]]\naddress = \"127.0.0.11\"\n"
        );
        fs::write(&config, text).unwrap();
        let (running, address) = myself(&["--as-egress", config.to_str().unwrap()]);
        Self { name: "tenure", address: Some(address), secret: Some(added.unwrap()), running: Some(running) }
    }

    fn microsocks() -> Result<Self, &'static str> {
        let port = free_port();
        let child = quiet("microsocks", &["-i", "127.0.0.1", "-p", &port.to_string(), "-b", "127.0.0.12"]);
        Self::peer("microsocks", child, port)
    }

    fn dante(folder: &Path) -> Result<Self, &'static str> {
        let (port, config) = (free_port(), folder.join("danted.conf"));
        let text = format!(
            "logoutput: /dev/null\ninternal: 127.0.0.1 port = {port}\nexternal: 127.0.0.1\nclientmethod: none\nsocksmethod: none\n\
             client pass {{ from: 0/0 to: 0/0 }}\nsocks pass {{ from: 0/0 to: 0/0 }}\n"
        );
        fs::write(&config, text).unwrap();
        Self::peer("dante", quiet("danted", &["-f", config.to_str().unwrap()]), port)
    }

    fn peer(name: &'static str, child: std::io::Result<Child>, port: u16) -> Result<Self, &'static str> {
        let running = Running(child.map_err(|_| name)?);
        let address = (Ipv4Addr::LOCALHOST, port).into();
        Ok(Self { name, address: Some(address), secret: None, running: Some(running) })
    }

    fn wait_until_ready(&self, site: SocketAddr) {
        let began = Instant::now();
        while self.try_connect(site).is_none() {
            assert!(began.elapsed() < Duration::from_secs(10), "{} does not serve", self.name);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn try_connect(&self, site: SocketAddr) -> Option<TcpStream> {
        let mut stream = TcpStream::connect(self.address.unwrap_or(site)).ok()?;
        stream.set_nodelay(true).ok()?;
        if self.address.is_none() {
            return Some(stream);
        }
        let mut answer = [0; 10];
        match &self.secret {
            None => stream.write_all(&[5, 1, 0]).ok()?,
            Some(secret) => {
                stream.write_all(&[5, 1, 2]).ok()?;
                stream.read_exact(&mut answer[..2]).ok()?;
                let length = u8::try_from(secret.expose().len()).ok()?;
                stream.write_all(&[&[1, 3], b"ada".as_slice(), &[length], secret.expose()].concat()).ok()?;
            }
        }
        stream.read_exact(&mut answer[..2]).ok()?;
        let [high, low] = site.port().to_be_bytes();
        stream.write_all(&[5, 1, 0, 1, 127, 0, 0, 1, high, low]).ok()?;
        stream.read_exact(&mut answer).ok()?;
        (answer[1] == 0).then_some(stream)
    }

    fn ask(&self, site: SocketAddr, what: u8, count: u64) -> TcpStream {
        let mut stream = self.try_connect(site).unwrap();
        stream.write_all(&[&[what], count.to_be_bytes().as_slice()].concat()).unwrap();
        stream
    }

    fn download(&self, site: SocketAddr, megabytes: u64) -> f64 {
        let mut stream = self.ask(site, b'd', megabytes << 20);
        let (mut chunk, began) = (vec![0; CHUNK], Instant::now());
        let mut rest = megabytes << 20;
        while rest > 0 {
            let count = stream.read(&mut chunk).unwrap();
            assert!(count > 0 && chunk[..count].iter().all(|&byte| byte == 7));
            rest -= count as u64;
        }
        megabytes as f64 * 1.048_576 / began.elapsed().as_secs_f64()
    }

    fn upload(&self, site: SocketAddr, megabytes: u64) -> f64 {
        let mut stream = self.ask(site, b'u', megabytes << 20);
        let (chunk, began) = (vec![7; CHUNK], Instant::now());
        for _ in 0..megabytes << 20 >> 18 {
            stream.write_all(&chunk).unwrap();
        }
        stream.read_exact(&mut [0]).unwrap();
        megabytes as f64 * 1.048_576 / began.elapsed().as_secs_f64()
    }

    /// Milliseconds from the first packet to the site's first byte.
    fn open(&self, site: SocketAddr) -> f64 {
        let began = Instant::now();
        self.ask(site, b'o', 0).read_exact(&mut [0]).unwrap();
        began.elapsed().as_secs_f64() * 1000.0
    }

    /// KiB of resident memory for each connection that has carried something and is idle.
    fn memory_of_idle(&self, site: SocketAddr, count: u64) -> f64 {
        let before = self.resident();
        let mut open: Vec<_> = (0..count).map(|_| self.ask(site, b'o', 0)).collect();
        for stream in &mut open {
            stream.read_exact(&mut [0]).unwrap();
        }
        (self.resident() - before) / count as f64
    }

    fn resident(&self) -> f64 {
        let id = self.running.as_ref().unwrap().0.id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

fn quiet(program: &str, arguments: &[&str]) -> std::io::Result<Child> {
    let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
    Command::new(program)
        .args(arguments)
        .env("PATH", path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
