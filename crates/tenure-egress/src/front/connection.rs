//! One connection of an application: TLS where asked, then HTTP or SOCKS5 by its first byte.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;

use super::http::{self, Pool};
use super::newcomers::Newcomer;
use super::{Options, socks5};
use crate::{Stream, Way};

/// What all connections of one listener share.
pub(super) struct Front<W: Way> {
    pub(super) way: Arc<W>,
    pub(super) options: Arc<Options>,
    pub(super) pool: Arc<Pool>,
}

/// The two ends of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
}

/// A connection whose first bytes can be looked at. Large reads go past the buffer.
pub(super) type Buffered<S> = BufReader<S>;

/// Enough for a SOCKS5 negotiation, little enough to keep for as long as the connection lasts.
const BUFFER: usize = 1024;

/// `newcomer` is given up once it is known whose the connection is.
pub(super) async fn run<W: Way>(
    front: Arc<Front<W>>,
    stream: TcpStream,
    peer: SocketAddr,
    newcomer: Newcomer,
) -> io::Result<()> {
    let ends = Ends { local: stream.local_addr()?, peer };
    match front.options.tls.clone() {
        None => speak(front, stream, ends, newcomer).await,
        Some(acceptor) => {
            let handshake = tokio::time::timeout(front.options.limits.handshake, acceptor.accept(stream));
            speak(front, handshake.await.map_err(|_| too_slow())??, ends, newcomer).await
        }
    }
}

async fn speak<W: Way, S: Stream>(
    front: Arc<Front<W>>,
    stream: S,
    ends: Ends,
    newcomer: Newcomer,
) -> io::Result<()> {
    let mut stream = Buffered::with_capacity(BUFFER, stream);
    let first = tokio::time::timeout(front.options.limits.handshake, stream.fill_buf());
    match first.await.map_err(|_| too_slow())??.first() {
        None => Ok(()),
        Some(&socks5::VERSION) => socks5::session::run(front, stream, ends, newcomer).await,
        Some(_) => http::session::run(front, stream, ends, newcomer).await,
    }
}

pub(super) fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client was too slow")
}
