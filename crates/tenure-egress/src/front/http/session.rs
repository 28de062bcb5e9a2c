//! One HTTP connection of an application. It belongs to the account that its first request names.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Notify;

use super::answers::{self, Body};
use super::forward;
use crate::front::Who;
use crate::front::connection::{Buffered, Ends, Front};
use crate::front::newcomers::Newcomer;
use crate::front::relay::relay;
use crate::{AccountName, Host, Refusal, Stream, Target, Way};

/// The longest head of a request.
const LONGEST_HEAD: usize = 64 * 1024;

pub(in crate::front) async fn run<W: Way, S: Stream>(
    front: Arc<Front<W>>,
    stream: Buffered<S>,
    ends: Ends,
    newcomer: Newcomer,
) -> io::Result<()> {
    let session = Arc::new(Session {
        front: Arc::clone(&front),
        ends,
        account: OnceLock::new(),
        named: Notify::new(),
        tunnel: Mutex::new(None),
        newcomer: Mutex::new(Some(newcomer)),
    });
    let answering = Arc::clone(&session);
    let service = service_fn(move |request| {
        let session = Arc::clone(&answering);
        async move { Ok::<_, Infallible>(session.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(front.options.limits.handshake)
        .max_buf_size(LONGEST_HEAD)
        .preserve_header_case(true)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        served = connection => served.map_err(io::Error::other)?,
        () = session.gone() => return Ok(()),
    }
    match session.take_tunnel() {
        Some(tunnel) => carry::<S, W::Stream>(tunnel).await,
        None => Ok(()),
    }
}

struct Session<W: Way> {
    front: Arc<Front<W>>,
    ends: Ends,
    account: OnceLock<AccountName>,
    named: Notify,
    tunnel: Mutex<Option<Tunnel<W::Stream>>>,
    /// Given up when the first request has said whose the connection is.
    newcomer: Mutex<Option<Newcomer>>,
}

/// A `CONNECT` that succeeded: the stream to the site, and the client's once its answer is out.
struct Tunnel<T> {
    site: T,
    client: OnUpgrade,
    gone: Gone,
}

/// Ready when the account is to be cut.
type Gone = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<W: Way> Session<W> {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let name = self.front.options.name;
        let is_connect = request.method() == Method::CONNECT;
        // A page that was led here by its name service speaks so; nothing of this is for it.
        if !is_connect && request.uri().authority().is_none() {
            return answers::bad_request(name, "this is a proxy, and the request is not one for a proxy");
        }
        let Some(account) = self.authenticate(&request).await else {
            return answers::who_are_you(name);
        };
        if *self.account.get_or_init(|| account.clone()) != account {
            return answers::bad_request(name, "this connection belongs to another account");
        }
        self.named.notify_one();
        drop(self.newcomer.lock().unwrap_or_else(PoisonError::into_inner).take());
        if is_connect {
            self.connect(&account, request).await
        } else {
            forward::forward(&self.front, &account, request).await
        }
    }

    async fn authenticate(&self, request: &Request<Incoming>) -> Option<AccountName> {
        match &self.front.options.who {
            Who::Always(account) => Some(account.clone()),
            Who::Ask => {
                let (name, secret) = answers::credentials(request.headers())?;
                self.front.way.authenticate(&name, &secret, self.ends.peer.ip()).await
            }
        }
    }

    async fn connect(&self, account: &AccountName, request: Request<Incoming>) -> Response<Body> {
        let name = self.front.options.name;
        let Some(target) = connect_target(&request) else {
            return answers::bad_request(name, "CONNECT takes a host and a port");
        };
        // Looked at first, so that whoever is cut while the connection is opened does not keep it.
        let (way, whose) = (Arc::clone(&self.front.way), account.clone());
        let mut gone: Gone = Box::pin(async move { way.gone(&whose).await });
        let connected = tokio::select! {
            biased;
            () = &mut gone => Err(Refusal::AccountGone),
            connected = self.front.way.connect(account, &target) => connected,
        };
        match connected {
            Err(refusal) => answers::refused(name, refusal),
            Ok(site) => {
                let tunnel = Tunnel { site, client: hyper::upgrade::on(request), gone };
                *self.tunnel.lock().unwrap_or_else(PoisonError::into_inner) = Some(tunnel);
                answers::connected()
            }
        }
    }

    fn take_tunnel(&self) -> Option<Tunnel<W::Stream>> {
        self.tunnel.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Returns once the account of this connection is gone; not before it is known whose it is.
    async fn gone(&self) {
        loop {
            if let Some(account) = self.account.get() {
                return self.front.way.gone(account).await;
            }
            self.named.notified().await;
        }
    }
}

/// Relays a tunnel until it ends or its account is gone.
async fn carry<S: Stream, T: Stream>(tunnel: Tunnel<T>) -> io::Result<()> {
    let Tunnel { mut site, client, gone } = tunnel;
    let upgraded = client.await.map_err(io::Error::other)?;
    let Ok(parts) = upgraded.downcast::<TokioIo<Buffered<S>>>() else {
        return Err(io::Error::other("the connection is of another kind"));
    };
    let mut client = parts.io.into_inner();
    let relayed = async {
        // What the client sent without waiting for the answer.
        site.write_all(&parts.read_buf).await?;
        relay(&mut client, &mut site).await
    };
    tokio::select! {
        biased;
        () = gone => Ok(()),
        relayed = relayed => relayed,
    }
}

fn connect_target(request: &Request<Incoming>) -> Option<Target> {
    let authority = request.uri().authority()?;
    if authority.as_str().contains('@') {
        return None;
    }
    Some(Target { host: Host::parse(authority.host()).ok()?, port: authority.port_u16()? })
}
