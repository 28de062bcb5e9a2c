//! An egress of its own, its accounts, and sites that tell who connects.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tenure_egress::accounts::AccountFile;
use tenure_egress::egress::{Config, Egress};
use tenure_egress::front::socks5::codec::{self, Command};
use tenure_egress::pool::Tags;
use tenure_egress::settings::Source;
use tenure_egress::{Host, Secret, Target};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) egress: Egress,
    pub(crate) secrets: HashMap<String, Secret>,
    text: String,
}

impl World {
    /// An egress with a loopback of sites, some accounts, and these lines of configuration.
    pub(crate) async fn new(accounts: &[&str], lines: &str) -> Self {
        Self::strict(accounts, &format!("allow = [\"127.0.0.0/8\"]\n{lines}")).await
    }

    /// The same, where nothing is allowed beyond the public internet.
    pub(crate) async fn strict(accounts: &[&str], lines: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let text = format!("[egress]\nlisten = \"127.0.0.1:0\"\nstate = {state:?}\n{lines}");
        let mut secrets = HashMap::new();
        for name in accounts {
            let added =
                AccountFile::change(&state.join("accounts"), |all| all.add(name, None, Tags::default()));
            secrets.insert((*name).to_owned(), added.unwrap());
        }
        let config = Config::read(&Source::of_text(&text)).unwrap();
        let egress = Egress::start(&config).await.unwrap();
        Self { folder, egress, secrets, text }
    }

    pub(crate) fn accounts_file(&self) -> PathBuf {
        self.folder.path().join("state/accounts")
    }

    pub(crate) fn config(&self) -> Config {
        Config::read(&Source::of_text(&self.text)).unwrap()
    }

    /// Stops it and starts it again on what it left behind.
    pub(crate) async fn restart(self) -> Self {
        let Self { folder, egress, secrets, text } = self;
        egress.stop().await;
        let egress = Egress::start(&Config::read(&Source::of_text(&text)).unwrap()).await.unwrap();
        Self { folder, egress, secrets, text }
    }

    /// A connection by SOCKS5, or the code of the refusal.
    pub(crate) async fn socks(
        &self,
        account: &str,
        host: &str,
        port: u16,
    ) -> Result<BufReader<TcpStream>, u8> {
        socks(self.egress.address(), account, &self.secrets[account], host, port).await
    }

    /// The address that a site sees of an account.
    pub(crate) async fn seen(&self, account: &str, site: SocketAddr) -> Result<IpAddr, u8> {
        let mut stream = self.socks(account, &site.ip().to_string(), site.port()).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        Ok(text.trim().parse().unwrap())
    }

    /// The head of the answer to a request to the proxy.
    pub(crate) async fn http(&self, account: &str, line: &str) -> String {
        use base64::Engine as _;
        let pair = [account.as_bytes(), b":", self.secrets[account].expose()].concat();
        let pair = base64::engine::general_purpose::STANDARD.encode(pair);
        let mut stream = TcpStream::connect(self.egress.address()).await.unwrap();
        let request = format!(
            "{line} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic {pair}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }
}

pub(crate) async fn socks(
    proxy: SocketAddr,
    account: &str,
    secret: &Secret,
    host: &str,
    port: u16,
) -> Result<BufReader<TcpStream>, u8> {
    let mut stream = socks_request(proxy, account, secret, Command::Connect, host, port).await;
    let (code, _) = codec::read_reply(&mut stream).await.unwrap();
    if code == 0 { Ok(stream) } else { Err(code) }
}

pub(crate) async fn socks_request(
    proxy: SocketAddr,
    account: &str,
    secret: &Secret,
    command: Command,
    host: &str,
    port: u16,
) -> BufReader<TcpStream> {
    let mut stream = BufReader::new(TcpStream::connect(proxy).await.unwrap());
    stream.write_all(&[5, 1, 2]).await.unwrap();
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await.unwrap();
    stream.write_all(&codec::write_password(account, secret).unwrap()).await.unwrap();
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, [1, 0], "{account} is let in");
    let target = Target { host: Host::parse(host).unwrap(), port };
    stream.write_all(&codec::write_request(command, &target)).await.unwrap();
    stream
}

/// `[[egress.address]]` for each of these.
pub(crate) fn addresses(list: &[&str]) -> String {
    list.iter().map(|address| format!("[[egress.address]]\naddress = {address:?}\n")).collect()
}

/// A site that tells who connects and ends; it remembers all who did.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    visitors: Arc<Mutex<Vec<IpAddr>>>,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::on("127.0.0.1:0").await
    }

    pub(crate) async fn on(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let visitors = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&visitors);
        tokio::spawn(async move {
            loop {
                let (mut stream, peer) = listener.accept().await.unwrap();
                seen.lock().unwrap().push(peer.ip());
                tokio::spawn(async move {
                    let _ = stream.write_all(format!("{}\n", peer.ip()).as_bytes()).await;
                    let _ = stream.shutdown().await;
                    // Not to be reset while the client still reads.
                    let _ = stream.read(&mut [0; 64]).await;
                });
            }
        });
        Self { address, visitors }
    }

    pub(crate) fn visits(&self) -> usize {
        self.visitors.lock().unwrap().len()
    }

    pub(crate) fn visitors(&self) -> BTreeSet<IpAddr> {
        self.visitors.lock().unwrap().iter().copied().collect()
    }
}

/// A site that sends back what it is sent.
pub(crate) async fn mirror() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let (mut reader, mut writer) = stream.split();
                let _ = tokio::io::copy(&mut reader, &mut writer).await;
            });
        }
    });
    address
}

/// Whether bytes still go both ways.
pub(crate) async fn is_open(stream: &mut BufReader<TcpStream>) -> bool {
    let exchanged = async {
        stream.write_all(b"x").await.ok()?;
        stream.read_u8().await.ok()
    };
    tokio::time::timeout(Duration::from_secs(5), exchanged).await.ok().flatten() == Some(b'x')
}

/// Waits until a condition holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < Duration::from_secs(20), "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    started.elapsed()
}
