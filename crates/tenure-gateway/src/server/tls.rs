//! TLS of the gateway's own listener.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tenure_tls::{Certificate, TlsError};
use tokio::io;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::start::ServeError;
use crate::config;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What is spoken over TLS (ALPN, RFC 7301).
const PROTOCOLS: &[&str] = &["http/1.1"];

/// The certificate in use and where it comes from.
#[derive(Clone)]
pub(super) struct Tls {
    files: config::Tls,
    certificate: Arc<Certificate>,
    acceptor: TlsAcceptor,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// They can't be used.
    pub(super) fn open(files: &config::Tls) -> Result<Self, ServeError> {
        let certificate = Certificate::load(&files.certificate, &files.key)?;
        let acceptor = TlsAcceptor::from(Arc::new(certificate.server(PROTOCOLS).map_err(ServeError::Tls)?));
        Ok(Self { files: files.clone(), certificate, acceptor })
    }

    /// The client's side of the handshake, within its time.
    ///
    /// # Errors
    /// The client speaks no TLS, or none that is safe, or takes too long.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        tokio::time::timeout(HANDSHAKE, self.acceptor.accept(stream))
            .await
            .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "the handshake took too long")))
    }

    /// Reads the files again. If they can't be used, the old certificate stays.
    pub(super) fn renew(&self) -> Result<(), TlsError> {
        self.certificate.renew(&self.files.certificate, &self.files.key)
    }

    /// Reads the files again whenever they have changed. Both are usually written one after the other, so a pair that does
    /// not fit is tried again with the next look.
    pub(super) async fn follow(self) {
        let mut used = self.written();
        let mut told = used;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = self.written();
            if now == used {
                continue;
            }
            match self.renew() {
                Ok(()) => {
                    used = now;
                    tracing::info!("the certificate was read again");
                }
                Err(error) if now != told => {
                    told = now;
                    tracing::warn!(%error, "the changed certificate cannot be used; the one before it stays");
                }
                Err(_) => {}
            }
        }
    }

    /// When both files were written.
    fn written(&self) -> [Option<SystemTime>; 2] {
        [&self.files.certificate, &self.files.key]
            .map(|path| fs::metadata(path).and_then(|about| about.modified()).ok())
    }
}
