//! A front over a way of its own, and the sites behind it.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tenure_egress::front::{self, FrontError, Limits, Options, Who};
use tenure_egress::{AccountName, Datagrams, Host, Refusal, Secret, Target, Way};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::watch;

pub(crate) const SECRET: &[u8] = b"a secret of some length";

/// Straight to loopback; `gone` accounts are in a channel that tests write to.
pub(crate) struct Direct {
    pub(crate) gone: watch::Sender<Vec<String>>,
    /// From which address each account leaves.
    sources: HashMap<String, IpAddr>,
}

pub(crate) struct Socket(UdpSocket);

impl Datagrams for Socket {
    async fn send(&self, payload: &[u8], to: &Target) -> io::Result<()> {
        if let Host::Address(address) = to.host {
            let _ = self.0.send_to(payload, (address, to.port)).await;
        }
        Ok(())
    }

    async fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.recv_from(buffer).await
    }
}

impl Way for Direct {
    type Stream = TcpStream;
    type Datagrams = Socket;

    async fn authenticate(&self, account: &str, secret: &Secret, _: IpAddr) -> Option<AccountName> {
        let known = self.sources.contains_key(account) && secret.expose() == SECRET;
        known.then(|| AccountName::new(account))
    }

    async fn connect(&self, account: &AccountName, target: &Target) -> Result<TcpStream, Refusal> {
        let address = match &target.host {
            Host::Address(address) => *address,
            Host::Name(name) if name == "site.example" => [127, 0, 0, 1].into(),
            // Whoever goes there is cut while the connection is opened.
            Host::Name(name) if name == "cutting.example" => {
                self.gone.send_modify(|gone| gone.push(account.to_string()));
                [127, 0, 0, 1].into()
            }
            Host::Name(name) if name == "forbidden.example" => return Err(Refusal::Forbidden),
            Host::Name(_) => return Err(Refusal::NoSuchHost),
        };
        let socket = tokio::net::TcpSocket::new_v4().map_err(|_| Refusal::Failed)?;
        socket.bind((self.sources[account.as_str()], 0).into()).map_err(|_| Refusal::LeaseUnavailable)?;
        socket.connect((address, target.port).into()).await.map_err(|_| Refusal::ConnectionRefused)
    }

    async fn datagrams(&self, account: &AccountName) -> Result<Socket, Refusal> {
        let socket = UdpSocket::bind((self.sources[account.as_str()], 0)).await;
        Ok(Socket(socket.map_err(|_| Refusal::LeaseUnavailable)?))
    }

    async fn gone(&self, account: &AccountName) {
        let times = |gone: &Vec<String>| gone.iter().filter(|name| *name == account.as_str()).count();
        let mut gone = self.gone.subscribe();
        let before = times(&gone.borrow());
        let _ = gone.wait_for(|gone| times(gone) > before).await;
    }
}

pub(crate) struct World {
    pub(crate) front: SocketAddr,
    pub(crate) way: Arc<Direct>,
}

impl World {
    pub(crate) async fn asking() -> Self {
        Self::with(Options::new("tenure-test", Who::Ask)).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let way = Arc::new(Direct {
            gone: watch::Sender::new(Vec::new()),
            sources: HashMap::from([
                ("ada".into(), [127, 0, 0, 11].into()),
                ("bob".into(), [127, 0, 0, 12].into()),
            ]),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let front = listener.local_addr().unwrap();
        let served = front::serve(listener, Arc::clone(&way), Arc::new(options), std::future::pending());
        tokio::spawn(served);
        Self { front, way }
    }

    pub(crate) async fn connect(&self) -> BufReader<TcpStream> {
        BufReader::new(TcpStream::connect(self.front).await.unwrap())
    }
}

/// Reads the head of an HTTP message.
pub(crate) async fn read_head(stream: &mut BufReader<TcpStream>) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).await.unwrap() > 0, "ended after {head:?}");
    }
    head
}

/// Reads a message whose length its head says.
pub(crate) async fn read_message(stream: &mut BufReader<TcpStream>) -> (String, String) {
    let head = read_head(stream).await;
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.unwrap();
    (head, String::from_utf8(body).unwrap())
}

/// A site that sends back what it is sent.
pub(crate) async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let (mut reader, mut writer) = stream.split();
                let _ = tokio::io::copy(&mut reader, &mut writer).await;
                let _ = writer.shutdown().await;
            });
        }
    });
    address
}

/// A site that keeps connections, and answers each request with its head and with who connected; and the addresses of
/// all who did.
pub(crate) async fn site() -> (SocketAddr, Arc<Mutex<Vec<SocketAddr>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connected = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&connected);
    tokio::spawn(async move {
        loop {
            let (stream, peer) = listener.accept().await.unwrap();
            seen.lock().unwrap().push(peer);
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                while !stream.fill_buf().await.unwrap_or_default().is_empty() {
                    let (head, body) = read_message(&mut stream).await;
                    let words = format!("{}\n{head}{body}", peer.ip());
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nKeep-Alive: timeout=5\r\n\r\n{words}",
                        words.len()
                    );
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (address, connected)
}

/// Waits until a condition holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = std::time::Instant::now();
    while !holds().await {
        assert!(started.elapsed() < Duration::from_secs(10), "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn an_open_proxy_that_others_can_reach_is_refused_at_the_start() {
    let world = World::asking().await;
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let options = Arc::new(Options::new("tenure-test", Who::Always(AccountName::new("ada"))));
    let refused = front::serve(listener, Arc::clone(&world.way), options, std::future::pending()).await;
    assert!(matches!(refused, Err(FrontError::Open(_))));
}

#[tokio::test]
async fn a_client_that_says_nothing_is_let_go() {
    let limits = Limits { handshake: Duration::from_millis(100), ..Limits::default() };
    let world = World::with(Options::new("tenure-test", Who::Ask).with_limits(limits)).await;
    for begun in [&b""[..], b"\x05", b"\x05\x01\x02\x01\x03ad", b"GET http://site.example/ HTTP/1.1\r\nHo"] {
        let mut stream = world.connect().await;
        stream.write_all(begun).await.unwrap();
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "{begun:?}");
    }
}

#[tokio::test]
async fn clients_that_say_nothing_do_not_take_the_places_of_those_who_do() {
    let limits = Limits { newcomers: 3, ..Limits::default() };
    let world = World::with(Options::new("tenure-test", Who::Ask).with_limits(limits)).await;
    let echo = echo().await;
    let connect = async || {
        let mut stream = world.connect().await;
        let pair = "YWRhOmEgc2VjcmV0IG9mIHNvbWUgbGVuZ3Ro";
        let request =
            format!("CONNECT {echo} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic {pair}\r\n\r\n");
        let _ = stream.write_all(request.as_bytes()).await;
        let mut head = [0; 12];
        let answered = stream.read_exact(&mut head).await;
        (answered.is_ok() && head.ends_with(b" 200")).then_some(stream)
    };
    let mut known = Vec::new();
    for _ in 0..5 {
        known.push(connect().await.expect("whoever is known takes no place of newcomers"));
    }
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(world.connect().await);
    }
    until("all places of newcomers to be taken", async || connect().await.is_none()).await;
    silent.pop();
    until("a place again", async || connect().await.is_some()).await;
}
