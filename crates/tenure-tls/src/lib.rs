//! TLS in front, by certificates that can be renewed while it is spoken; and TLS towards others. The gateway and the
//! egress share it, and nothing else.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// Where systems keep the authorities that they trust.
const AUTHORITIES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// Certificates or keys that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}", path = path.display())]
pub struct TlsError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub why: String,
}

impl TlsError {
    fn new(path: &Path, why: &dyn fmt::Display) -> Self {
        Self { path: path.into(), why: why.to_string() }
    }
}

/// A certificate chain and its key, which connections from now on are served with.
#[derive(Debug)]
pub struct Certificate {
    current: ArcSwap<CertifiedKey>,
}

impl Certificate {
    /// That of two PEM files.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn load(chain: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        Ok(Arc::new(Self { current: ArcSwap::from_pointee(read(chain, key)?) }))
    }

    /// Reads the files again. Connections that are open stay as they are.
    ///
    /// # Errors
    /// [`TlsError`]; the old one stays in use then.
    pub fn renew(&self, chain: &Path, key: &Path) -> Result<(), TlsError> {
        self.current.store(Arc::new(read(chain, key)?));
        Ok(())
    }

    /// The configuration of a server that uses it and speaks one of these protocols (ALPN, RFC 7301); none: whatever is
    /// spoken.
    ///
    /// # Errors
    /// The provider has no protocol version in common with us, which does not happen with the one that is built in.
    pub fn server(self: &Arc<Self>, protocols: &[&str]) -> Result<ServerConfig, rustls::Error> {
        let builder =
            ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(self) as _;
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Ok(config)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn read(chain: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let certificates = certificates(chain)?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| TlsError::new(key, &error))?;
    CertifiedKey::from_der(certificates, private, &provider()).map_err(|error| TlsError::new(chain, &error))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |error: pem::Error| TlsError::new(path, &error);
    CertificateDer::pem_file_iter(path).map_err(wrong)?.collect::<Result<_, _>>().map_err(wrong)
}

/// A client that trusts the authorities of a file, or those of the system.
///
/// # Errors
/// [`TlsError`].
pub fn client(authorities: Option<&Path>) -> Result<ClientConfig, TlsError> {
    let of_system = || AUTHORITIES.iter().map(PathBuf::from).find(|path| path.exists());
    let mut roots = RootCertStore::empty();
    if let Some(path) = authorities.map(Path::to_owned).or_else(of_system) {
        roots.add_parsable_certificates(certificates(&path)?);
    }
    client_of(roots)
}

/// A client that trusts nobody, where none is needed.
///
/// # Errors
/// As [`client`].
pub fn client_of_nobody() -> Result<ClientConfig, TlsError> {
    client_of(RootCertStore::empty())
}

fn client_of(roots: RootCertStore) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::new(Path::new("TLS"), &error))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
