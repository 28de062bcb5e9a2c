//! A client that shows what comes over the wire: HTTP/1.1 as a browser's or a front proxy's, byte by byte.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Uri;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{CertificateError, ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
const SILENCE: Duration = Duration::from_secs(10);
/// How long a server may take to say that it wants a body (RFC 9110, section 10.1.1).
const CONTINUE_PATIENCE: Duration = Duration::from_secs(2);
/// No answer that is looked at is longer.
const LONGEST_BODY: u64 = 4 << 20;
const LONGEST_HEAD: u64 = 256 << 10;

/// Where systems keep the certificates that they trust.
const SYSTEM_AUTHORITIES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// The name or the address leads nowhere.
    #[error("{0}")]
    NoConnection(String),
    /// TLS failed.
    #[error("{what}")]
    Tls {
        /// What is wrong with it.
        what: String,
        /// What to do.
        advice: &'static str,
    },
    /// What came is no HTTP/1 answer.
    #[error("{0}")]
    NoAnswer(#[from] io::Error),
}

/// A server to ask.
#[derive(Debug, Clone)]
pub(super) struct Site {
    address: Result<SocketAddr, String>,
    authority: String,
    tls: Option<Tls>,
}

#[derive(Debug, Clone)]
struct Tls {
    name: String,
    config: Arc<ClientConfig>,
}

/// A request.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) method: &'a str,
    pub(super) target: String,
    pub(super) headers: Vec<(&'a str, String)>,
    /// How many bytes to send.
    pub(super) body: Option<u64>,
    /// For a stream without an end: the silence after which it has been read.
    pub(super) patience: Option<Duration>,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// How long after the head the first bytes of the body came, and how long the whole took.
    pub(super) first: Option<Duration>,
    pub(super) whole: Duration,
}

impl<'a> Ask<'a> {
    pub(super) fn get(target: impl Into<String>) -> Self {
        Self { method: "GET", target: target.into(), headers: Vec::new(), body: None, patience: None }
    }

    pub(super) const fn until_silent_for(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    pub(super) fn with(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let named = |(found, _): &&(String, String)| found.eq_ignore_ascii_case(name);
        self.headers.iter().find(named).map(|(_, value)| value.as_str())
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = move |(found, _): &&(String, String)| found.eq_ignore_ascii_case(name);
        self.headers.iter().filter(named).map(|(_, value)| value.as_str())
    }
}

impl Site {
    /// A plain listener, such as the gateway's own.
    pub(super) fn plain(mut address: SocketAddr) -> Self {
        if address.ip().is_unspecified() {
            let loopback = if address.is_ipv4() { "127.0.0.1" } else { "::1" };
            address.set_ip(loopback.parse().unwrap_or(address.ip()));
        }
        Self { address: Ok(address), authority: address.to_string(), tls: None }
    }

    /// An application.
    pub(super) fn of_upstream(upstream: &str) -> Result<Self, WireError> {
        let uri: Uri = upstream.parse().map_err(|error| WireError::NoConnection(format!("{error}")))?;
        Ok(Self::new(&uri, None))
    }

    /// The site as browsers reach it.
    pub(super) fn public(
        url: &str,
        connect: Option<SocketAddr>,
        authorities: Option<&Path>,
        in_days: u64,
    ) -> Result<Self, WireError> {
        let uri: Uri = url.parse().map_err(|error| WireError::NoConnection(format!("{error}")))?;
        let mut site = Self::new(&uri, connect);
        if uri.scheme_str() == Some("https") {
            let name = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
            site.tls = Some(Tls { name, config: trust(authorities, in_days)? });
        }
        Ok(site)
    }

    fn new(uri: &Uri, connect: Option<SocketAddr>) -> Self {
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let address = connect.map_or_else(
            || match (host.trim_matches(['[', ']']), port).to_socket_addrs() {
                Ok(mut found) => found.next().ok_or_else(|| format!("{host} has no address")),
                Err(error) => Err(format!("{host} has no address: {error}")),
            },
            Ok,
        );
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        Self { address, authority, tls: None }
    }

    /// Where it is.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.address.clone().ok()
    }

    /// Whether TLS is spoken.
    pub(super) fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// Asks on a connection of its own.
    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<Answer, WireError> {
        let tcp = self.connect()?;
        let watched = tcp.try_clone()?;
        match &self.tls {
            None => exchange(tcp, &watched, &self.authority, ask),
            Some(tls) => {
                let stream = shake_hands(tls, tcp)?;
                exchange(stream, &watched, &self.authority, ask)
            }
        }
    }

    fn connect(&self) -> Result<TcpStream, WireError> {
        let address = self.address.clone().map_err(WireError::NoConnection)?;
        let tcp = TcpStream::connect_timeout(&address, CONNECT_PATIENCE)
            .map_err(|error| WireError::NoConnection(format!("nobody answers at {address}: {error}")))?;
        tcp.set_read_timeout(Some(SILENCE))?;
        tcp.set_write_timeout(Some(SILENCE))?;
        Ok(tcp)
    }
}

/// A time of so many days ahead, at which certificates are looked at.
#[derive(Debug)]
struct Ahead(Duration);

impl TimeProvider for Ahead {
    fn current_time(&self) -> Option<UnixTime> {
        let now = rustls::time_provider::DefaultTimeProvider.current_time()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()) + self.0))
    }
}

fn trust(authorities: Option<&Path>, in_days: u64) -> Result<Arc<ClientConfig>, WireError> {
    let mut roots = RootCertStore::empty();
    let system = SYSTEM_AUTHORITIES.iter().map(Path::new).find(|path| path.exists());
    for path in system.into_iter().chain(authorities) {
        let wrong = |error: &dyn std::fmt::Display| {
            WireError::NoConnection(format!("{}: no certificates could be read: {error}", path.display()))
        };
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))? {
            // Systems trust some that are too odd to be of use.
            let _ = roots.add(certificate.map_err(|error| wrong(&error))?);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let ahead = Arc::new(Ahead(Duration::from_secs(in_days * 86_400)));
    let config = ClientConfig::builder_with_details(provider, ahead)
        .with_safe_default_protocol_versions()
        .map_err(|error| WireError::NoConnection(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn shake_hands(tls: &Tls, mut tcp: TcpStream) -> Result<StreamOwned<ClientConnection, TcpStream>, WireError> {
    let name = ServerName::try_from(tls.name.clone())
        .map_err(|error| WireError::NoConnection(format!("{}: {error}", tls.name)))?;
    let mut connection = ClientConnection::new(Arc::clone(&tls.config), name)
        .map_err(|error| WireError::NoConnection(error.to_string()))?;
    while connection.is_handshaking() {
        connection.complete_io(&mut tcp).map_err(|error| explain(&error, &tls.name))?;
    }
    Ok(StreamOwned::new(connection, tcp))
}

fn explain(error: &io::Error, name: &str) -> WireError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let (what, advice) = match inner {
        Some(rustls::Error::InvalidCertificate(certificate)) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
                "the certificate has expired".to_owned(),
                "Renew it, and see why that did not happen by itself.",
            ),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                ("the certificate is not valid yet".to_owned(), "Look at the clock of this machine, or wait.")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
                format!("the certificate is for another name than {name}"),
                "Use a certificate for the host of gateway.public_url, or mend public_url.",
            ),
            CertificateError::UnknownIssuer => (
                "the certificate leads to no authority that this system trusts".to_owned(),
                "Send the whole chain, intermediate certificates included; for an authority of your own, name it with --ca.",
            ),
            other => (format!("the certificate is refused: {other:?}"), "Replace it."),
        },
        _ => (
            format!("TLS could not be spoken: {error}"),
            "gateway.public_url says https: let the proxy in front, or the gateway, speak TLS there.",
        ),
    };
    WireError::Tls { what, advice }
}

fn exchange(
    stream: impl Read + Write,
    watched: &TcpStream,
    authority: &str,
    ask: &Ask<'_>,
) -> Result<Answer, WireError> {
    let mut head = format!("{} {} HTTP/1.1\r\nHost: {authority}\r\n", ask.method, ask.target);
    for (name, value) in &ask.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if let Some(length) = ask.body {
        let _ = write!(head, "Content-Length: {length}\r\nExpect: 100-continue\r\n");
    }
    if !ask.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("connection")) {
        head.push_str("Connection: close\r\n");
    }
    head.push_str("\r\n");
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(head.as_bytes())?;
    stream.get_mut().flush()?;
    if let Some(length) = ask.body {
        watched.set_read_timeout(Some(CONTINUE_PATIENCE))?;
        let early = read_head(&mut stream);
        watched.set_read_timeout(Some(SILENCE))?;
        match early {
            Ok((100, _)) => {}
            Ok((status, headers)) => return Ok(Answer::of_head(status, headers)),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(error) => return Err(error.into()),
        }
        send_zeros(stream.get_mut(), length);
    }
    let (mut status, mut headers) = read_head(&mut stream)?;
    while status == 100 || status == 103 {
        (status, headers) = read_head(&mut stream)?;
    }
    let mut answer = Answer::of_head(status, headers);
    if status != 101 && status != 204 && status != 304 {
        if ask.patience.is_some() {
            watched.set_read_timeout(ask.patience)?;
        }
        answer.read_body(&mut stream, ask.patience.is_some())?;
    }
    Ok(answer)
}

/// A server that has refused a body closes the connection in the middle of it; its answer is there to be read.
fn send_zeros(stream: &mut impl Write, length: u64) {
    let zeros = [0; 64 << 10];
    let mut left = length;
    while left > 0 {
        let portion = usize::try_from(left).unwrap_or(zeros.len()).min(zeros.len());
        if stream.write_all(&zeros[..portion]).is_err() {
            return;
        }
        left -= portion as u64;
    }
    let _ = stream.flush();
}

fn read_head<S: Read>(stream: &mut BufReader<S>) -> io::Result<(u16, Vec<(String, String)>)> {
    let mut limited = stream.take(LONGEST_HEAD);
    let mut line = || -> io::Result<String> {
        let mut bytes = Vec::new();
        limited.read_until(b'\n', &mut bytes)?;
        if bytes.last() != Some(&b'\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    };
    let first = line()?;
    let status = first.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("what came is no HTTP/1 answer"))?;
    let mut headers = Vec::new();
    loop {
        let line = line()?;
        if line.is_empty() {
            return Ok((status, headers));
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }
}

impl Answer {
    const fn of_head(status: u16, headers: Vec<(String, String)>) -> Self {
        Self { status, headers, body: Vec::new(), first: None, whole: Duration::ZERO }
    }

    /// Reads up to the end of the connection, the length, or the last chunk. The framing of chunks stays in.
    fn read_body(&mut self, stream: &mut impl Read, endless: bool) -> io::Result<()> {
        let began = Instant::now();
        let chunked = self.header("transfer-encoding").is_some();
        let length = self.header("content-length").and_then(|length| length.parse::<u64>().ok());
        let mut piece = [0; 16 << 10];
        loop {
            let have = self.body.len() as u64;
            let ended = chunked && self.body.ends_with(b"0\r\n\r\n");
            if ended || length.is_some_and(|length| have >= length) || have >= LONGEST_BODY {
                break;
            }
            match stream.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => {
                    self.first.get_or_insert_with(|| began.elapsed());
                    self.body.extend_from_slice(&piece[..read]);
                }
                Err(error)
                    if endless
                        && matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) =>
                {
                    break;
                }
                // TLS that ends without a farewell.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(error),
            }
        }
        self.whole = began.elapsed();
        Ok(())
    }
}
