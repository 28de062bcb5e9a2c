//! Accepting connections until told to stop.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::connection::{self, Front};
use super::http::Pool;
use super::newcomers::Newcomers;
use super::{Options, Who};
use crate::Way;

/// Why a front does not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrontError {
    /// A proxy that asks nobody who they are, where others can reach it.
    #[error(
        "{0} is not loopback: a proxy there must ask who connects, or everybody could leave by its addresses"
    )]
    Open(SocketAddr),
    /// The listener is no more.
    #[error("the listener failed: {0}")]
    Listener(#[from] io::Error),
}

/// The silence after which a peer is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// How long accepting rests when the process has no more file descriptors.
const REST: Duration = Duration::from_millis(50);

/// Serves applications that connect to `listener`, until `stop` is ready; then lets them finish for a while.
///
/// # Errors
/// [`FrontError`], at once: an open proxy is refused before anything is accepted.
pub async fn serve<W: Way>(
    listener: TcpListener,
    way: Arc<W>,
    options: Arc<Options>,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), FrontError> {
    let address = listener.local_addr()?;
    if matches!(options.who, Who::Always(_)) && !address.ip().to_canonical().is_loopback() {
        return Err(FrontError::Open(address));
    }
    let limits = options.limits;
    let places = Arc::new(Semaphore::new(limits.connections));
    let pool = Arc::new(Pool::new(limits.pooled));
    let newcomers = Newcomers::new(limits.newcomers);
    let front = Arc::new(Front { way, options, pool: Arc::clone(&pool) });
    let mut open = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    let mut sweep = tokio::time::interval(limits.pooled.max(Duration::from_millis(100)));
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            Some(_) = open.join_next() => continue,
            _ = sweep.tick() => {
                pool.sweep();
                continue;
            }
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, peer, place)) => {
                let Some(newcomer) = newcomers.enter(peer.ip()) else {
                    tracing::debug!(%peer, "closed: its network has too many connections that say nothing");
                    continue;
                };
                prepare(&stream);
                let front = Arc::clone(&front);
                open.spawn(async move {
                    if let Err(error) = connection::run(front, stream, peer, newcomer).await {
                        tracing::debug!(%peer, %error, "a connection ended");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(REST).await;
            }
        }
    }
    drop(listener);
    let all_ended = async { while open.join_next().await.is_some() {} };
    // Whoever is still there then is cut: dropping the set aborts them.
    let _ = tokio::time::timeout(limits.drain, all_ended).await;
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, SocketAddr::new(peer.ip().to_canonical(), peer.port()), place))
}

/// What fails here costs speed or a clean-up, not the connection.
fn prepare(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEP_ALIVE));
}
