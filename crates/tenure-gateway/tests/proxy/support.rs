//! A gateway that forwards everything, an application made of a function, and a client that sees the bytes.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tenure_gateway::net::{Peer, Scheme, TrustedProxies, resolve};
use tenure_gateway::proxy::inject::ClientScript;
use tenure_gateway::proxy::{
    BoxError, CloseReason, Forward, OwnCookies, RespBody, Upstream, UpstreamLimits, forward,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

pub(crate) type AppBody = BoxBody<Bytes, BoxError>;

/// Nothing in these tests takes this long unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited too long for {what}"),
    }
}

/// Waits until the condition holds.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    soon(what, async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

pub(crate) fn text(text: impl Into<Bytes>) -> AppBody {
    Full::new(text.into()).map_err(|never: Infallible| match never {}).boxed()
}

pub(crate) fn nothing() -> AppBody {
    Empty::new().map_err(|never: Infallible| match never {}).boxed()
}

/// A body that consists of what is sent into the channel, and ends with it.
pub(crate) fn channel() -> (mpsc::Sender<Frame<Bytes>>, AppBody) {
    let (sender, receiver) = mpsc::channel(1);
    (sender, ChannelBody(receiver).boxed())
}

struct ChannelBody(mpsc::Receiver<Frame<Bytes>>);

impl hyper::body::Body for ChannelBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.poll_recv(context).map(|frame| frame.map(Ok))
    }
}

/// Starts an application and returns its address.
pub(crate) async fn application<F, R>(answer: F) -> SocketAddr
where
    F: Fn(Request<Incoming>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<AppBody>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            let answer = answer.clone();
            let service = service_fn(move |request| {
                let answering = answer(request);
                async move { Ok::<_, Infallible>(answering.await) }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .with_upgrades(),
            );
        }
    });
    address
}

/// An application that takes connections and leaves the bytes to the test.
pub(crate) async fn raw_application() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    close: watch::Sender<Option<CloseReason>>,
}

#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) limits: UpstreamLimits,
    pub(crate) trusted: &'static [&'static str],
    pub(crate) with_script: bool,
}

impl Gateway {
    pub(crate) async fn before(application: SocketAddr) -> Self {
        Self::with(application, Settings::default()).await
    }

    pub(crate) async fn with(application: SocketAddr, settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let uri = format!("http://{application}").parse().unwrap();
        let upstream = Upstream::new(&uri, settings.limits.clone()).unwrap();
        let (close, closing) = watch::channel(None);
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let (upstream, closing, settings) = (upstream.clone(), closing.clone(), settings.clone());
                let service = service_fn(move |request| {
                    let (upstream, closing, settings) = (upstream.clone(), closing.clone(), settings.clone());
                    async move { Ok::<_, Infallible>(serve(request, &upstream, peer, closing, &settings).await) }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .with_upgrades(),
                );
            }
        });
        Self { address, close }
    }

    /// Ends every open stream.
    pub(crate) fn lock(&self, reason: &'static str) {
        self.close.send_replace(Some(CloseReason { state: "locked", reason: reason.into() }));
    }

    pub(crate) async fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream, buffer: Vec::new() }
    }

    /// Sends a request on a connection of its own and reads the response to its end.
    pub(crate) async fn ask(&self, request: &str) -> Answer {
        let mut client = self.connect().await;
        client.send(request).await;
        client.answer().await
    }
}

async fn serve(
    request: Request<Incoming>,
    upstream: &Upstream,
    peer: SocketAddr,
    mut closing: watch::Receiver<Option<CloseReason>>,
    settings: &Settings,
) -> Response<RespBody> {
    let peer = Peer { address: peer.ip(), scheme: Scheme::Http };
    let trusted = TrustedProxies::parse(settings.trusted).unwrap();
    let origin = resolve(peer, request.headers(), &trusted);
    let own_cookies = OwnCookies::new(["__Host-tenure", "tenure"]);
    let script = ClientScript::new("/.tenure").unwrap();
    let identity = [(HeaderName::from_static("tenure-subject"), HeaderValue::from_static("ada"))];
    let with = Forward {
        upstream,
        peer,
        origin: &origin,
        own_cookies: &own_cookies,
        identity: &identity,
        script: settings
            .with_script
            .then_some((&script, format!("ses_{}", "a1".repeat(16)).parse().unwrap())),
    };
    let ends = move || {
        let reason: tenure_gateway::proxy::Until = Box::pin(async move {
            let reason = closing.wait_for(Option::is_some).await.map(|reason| reason.clone());
            match reason {
                Ok(Some(reason)) => reason,
                _ => std::future::pending().await,
            }
        });
        reason
    };
    match forward(request, with, ends).await {
        Ok(response) => response,
        Err(error) => {
            let mut response = Response::new(RespBody::from(Bytes::from(error.to_string())));
            *response.status_mut() = error.status();
            response
        }
    }
}

/// One connection, read by hand.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Client {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Reads until the text has come, and takes everything up to its end.
    pub(crate) async fn read_to(&mut self, end: &[u8]) -> Vec<u8> {
        let what = String::from_utf8_lossy(end).into_owned();
        soon(&what, async {
            loop {
                if let Some(at) = self.buffer.windows(end.len()).position(|window| window == end) {
                    return self.buffer.drain(..at + end.len()).collect();
                }
                assert!(
                    self.fill().await > 0,
                    "closed before {what:?}: {:?}",
                    String::from_utf8_lossy(&self.buffer)
                );
            }
        })
        .await
    }

    pub(crate) async fn read_to_end(&mut self) -> Vec<u8> {
        soon("the end of the connection", async { while self.fill().await > 0 {} }).await;
        std::mem::take(&mut self.buffer)
    }

    async fn read_exactly(&mut self, length: usize) -> Vec<u8> {
        soon("the body", async {
            while self.buffer.len() < length {
                assert!(self.fill().await > 0, "closed in the middle of a body");
            }
        })
        .await;
        self.buffer.drain(..length).collect()
    }

    async fn fill(&mut self) -> usize {
        self.stream.read_buf(&mut self.buffer).await.unwrap_or(0)
    }

    pub(crate) async fn head(&mut self) -> Answer {
        let head = String::from_utf8(self.read_to(b"\r\n\r\n").await).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Answer { status, headers, body: Vec::new(), trailers: String::new() }
    }

    pub(crate) async fn chunk(&mut self) -> Vec<u8> {
        let size = String::from_utf8(self.read_to(b"\r\n").await).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        if size == 0 {
            return Vec::new();
        }
        let mut chunk = self.read_exactly(size + 2).await;
        chunk.truncate(size);
        chunk
    }

    pub(crate) async fn answer(&mut self) -> Answer {
        let mut answer = self.head().await;
        if answer.header("transfer-encoding") == Some("chunked") {
            loop {
                let chunk = self.chunk().await;
                if chunk.is_empty() {
                    break;
                }
                answer.body.extend_from_slice(&chunk);
            }
            loop {
                let line = String::from_utf8(self.read_to(b"\r\n").await).unwrap();
                if line == "\r\n" {
                    break;
                }
                answer.trailers.push_str(&line);
            }
        } else if let Some(length) = answer.header("content-length") {
            let length = length.parse().unwrap();
            answer.body = self.read_exactly(length).await;
        }
        answer
    }
}

/// The next connection of a raw application, to be read by hand.
pub(crate) async fn accept(listener: &TcpListener) -> Client {
    let (stream, _) = soon("a connection", listener.accept()).await.unwrap();
    Client { stream, buffer: Vec::new() }
}
