//! A worker: one thread, one runtime, one listener.

use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tenure::store::Store;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use super::background::Cancel;
use super::tls::Tls;
use crate::edge::{Gateway, Worker, handle};
use crate::net::{Peer, Scheme};

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The most bytes that the head of a request may have, in all.
const LARGEST_HEAD: usize = 64 * 1024;
/// After a failure to accept (too many open files), how long to wait before the next try.
const AFTER_FAILURE: Duration = Duration::from_millis(50);
/// How long open requests may take to finish once the server stops.
const DRAIN: Duration = Duration::from_secs(20);

/// Serves connections of one listener until it is cancelled, then lets open requests finish.
pub(super) fn run<S: Store>(
    gateway: Arc<Gateway<S>>,
    listener: TcpListener,
    tls: Option<Tls>,
    cancel: Cancel,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "a worker could not start");
            return;
        }
    };
    LocalSet::new().block_on(&runtime, serve(gateway, listener, tls, cancel));
}

async fn serve<S: Store>(
    gateway: Arc<Gateway<S>>,
    listener: TcpListener,
    tls: Option<Tls>,
    mut cancel: Cancel,
) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "a worker could not listen");
            return;
        }
    };
    let worker = Rc::new(Worker::default());
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            () = cancel.cancelled() => break,
        };
        match accepted {
            Ok((stream, address)) => {
                let (gateway, worker, cancel) = (Arc::clone(&gateway), Rc::clone(&worker), cancel.clone());
                connections.spawn_local(welcome(gateway, worker, tls.clone(), stream, address, cancel));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        tracing::warn!("some requests did not finish in time and were cut off");
    }
}

/// Serves a client that has connected, after the handshake if there is to be one.
async fn welcome<S: Store>(
    gateway: Arc<Gateway<S>>,
    worker: Rc<Worker>,
    tls: Option<Tls>,
    stream: TcpStream,
    address: SocketAddr,
    cancel: Cancel,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "small packets may be delayed");
    }
    let peer = |scheme| Peer { address: address.ip(), scheme };
    let Some(tls) = tls else {
        return connection(gateway, worker, stream, peer(Scheme::Http), cancel).await;
    };
    match tls.accept(stream).await {
        Ok(stream) => connection(gateway, worker, stream, peer(Scheme::Https), cancel).await,
        Err(error) => tracing::debug!(%error, client = %address.ip(), "no TLS was agreed on"),
    }
}

async fn connection<S: Store>(
    gateway: Arc<Gateway<S>>,
    worker: Rc<Worker>,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    peer: Peer,
    mut cancel: Cancel,
) {
    let service = service_fn(|request| {
        let (gateway, worker) = (Arc::clone(&gateway), Rc::clone(&worker));
        async move { Ok::<_, std::convert::Infallible>(handle(&gateway, &worker, peer, request).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(LARGEST_HEAD);
    let mut connection =
        std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = cancel.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, client = %peer.address, "a connection ended early");
    }
}
