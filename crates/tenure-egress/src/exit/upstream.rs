//! Proxies of others, as their client: `CONNECT` over TCP or TLS, and SOCKS5.
//!
//! They are given the address that was judged, and never the name: they would look it up once more.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use super::dial::{Dialer, Missed};
use super::stream::Carrier;
use crate::front::socks5::codec::{self, Command};
use crate::pool::{Protocol, Upstream};
use crate::{Family, Host, Refusal, Secret, Stream, Target};

/// The longest answer to a `CONNECT`.
const LONGEST_HEAD: u64 = 16 * 1024;
/// Enough for an answer; later reads go past it.
const BUFFER: usize = 1024;

/// Connects through a proxy.
///
/// # Errors
/// [`Missed`].
pub(super) async fn connect(dialer: &Dialer, upstream: &Upstream, to: SocketAddr) -> Result<Carrier, Missed> {
    let stream = reach(dialer, &upstream.proxy).await?;
    let credentials = upstream.credentials.as_ref();
    match upstream.protocol {
        Protocol::Http => {
            let mut stream = BufReader::with_capacity(BUFFER, stream);
            http(&mut stream, credentials, to).await?;
            Ok(Carrier::Proxied(stream))
        }
        Protocol::Https => {
            let name =
                ServerName::try_from(upstream.proxy.host.to_string().trim_matches(['[', ']']).to_owned())
                    .map_err(Missed::by_member)?;
            let secured = TlsConnector::from(dialer.tls.clone()).connect(name, stream).await;
            let mut stream = BufReader::with_capacity(BUFFER, secured.map_err(Missed::by_member)?);
            http(&mut stream, credentials, to).await?;
            Ok(Carrier::Secured(Box::new(stream)))
        }
        Protocol::Socks5 => {
            let mut stream = BufReader::with_capacity(BUFFER, stream);
            socks(&mut stream, credentials, to).await?;
            Ok(Carrier::Proxied(stream))
        }
    }
}

/// A connection to the proxy itself, which leaves by whatever address this host has.
async fn reach(dialer: &Dialer, proxy: &Target) -> Result<TcpStream, Missed> {
    let found = dialer.names.find(&proxy.host, &[Family::Ipv4, Family::Ipv6]).await;
    let (_, addresses) = found.map_err(|refusal| Missed::by_member(format_args!("{proxy}: {refusal}")))?;
    let mut last = None;
    for address in addresses {
        match TcpStream::connect((address, proxy.port)).await {
            Ok(stream) => {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    let why = last.map_or_else(String::new, |error| error.to_string());
    Err(Missed::by_member(format_args!("{proxy}: {why}")))
}

async fn http<S: Stream>(
    stream: &mut BufReader<S>,
    credentials: Option<&(String, Secret)>,
    to: SocketAddr,
) -> Result<(), Missed> {
    let mut request = Zeroizing::new(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n"));
    if let Some((name, secret)) = credentials {
        let pair = Zeroizing::new([name.as_bytes(), b":", secret.expose()].concat());
        request.push_str("Proxy-Authorization: Basic ");
        STANDARD.encode_string(&*pair, &mut request);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.map_err(Missed::by_member)?;
    stream.flush().await.map_err(Missed::by_member)?;
    let head = read_head(stream).await.map_err(Missed::by_member)?;
    let status = status(&head).ok_or_else(|| Missed::by_member("the upstream proxy does not speak HTTP"))?;
    let said = format!("the upstream proxy answered {status}");
    match status {
        200..300 => Ok(()),
        // A proxy that says what became of the connection is believed about that.
        _ if says(&head, "connection_refused") => Err(Missed::at_site(Refusal::ConnectionRefused, said)),
        _ if says(&head, "destination_ip_unroutable") => Err(Missed::at_site(Refusal::Unreachable, said)),
        504 => Err(Missed::at_site(Refusal::TimedOut, said)),
        _ => Err(Missed { refusal: Refusal::LeaseUnavailable, why: said, by_member: status == 407 }),
    }
}

async fn read_head<S: Stream>(stream: &mut BufReader<S>) -> io::Result<String> {
    let mut head = Vec::new();
    let mut limited = stream.take(LONGEST_HEAD);
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        if limited.read_until(b'\n', &mut head).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the upstream proxy broke off"));
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn status(head: &str) -> Option<u16> {
    let (version, rest) = head.split_once(' ')?;
    version.starts_with("HTTP/1.").then(|| rest.get(..3)?.parse().ok())?
}

fn says(head: &str, error: &str) -> bool {
    head.lines().any(|line| line.to_ascii_lowercase().starts_with("proxy-status:") && line.contains(error))
}

async fn socks<S: Stream>(
    stream: &mut BufReader<S>,
    credentials: Option<&(String, Secret)>,
    to: SocketAddr,
) -> Result<(), Missed> {
    greet(stream, credentials).await?;
    let target = Target { host: Host::Address(to.ip()), port: to.port() };
    request(stream, Command::Connect, &target).await.map(|_| ())
}

/// Negotiates the method, and gives the credentials.
async fn greet<S: Stream>(
    stream: &mut BufReader<S>,
    credentials: Option<&(String, Secret)>,
) -> Result<(), Missed> {
    let method = if credentials.is_some() { codec::METHOD_PASSWORD } else { codec::METHOD_NONE };
    stream.write_all(&[5, 1, method]).await.map_err(Missed::by_member)?;
    let mut chosen = [0; 2];
    stream.read_exact(&mut chosen).await.map_err(Missed::by_member)?;
    if chosen != [5, method] {
        return Err(Missed::by_member("the upstream proxy asks for another kind of credentials"));
    }
    if let Some((name, secret)) = credentials {
        let words = codec::write_password(name, secret);
        let words = words.ok_or_else(|| Missed::by_member("the credentials are too long for SOCKS5"))?;
        stream.write_all(&words).await.map_err(Missed::by_member)?;
        stream.read_exact(&mut chosen).await.map_err(Missed::by_member)?;
        if chosen[1] != 0 {
            return Err(Missed::by_member("the upstream proxy refuses the credentials"));
        }
    }
    Ok(())
}

/// Asks for something, and gives the address that was bound for it.
async fn request<S: Stream>(
    stream: &mut BufReader<S>,
    command: Command,
    target: &Target,
) -> Result<Target, Missed> {
    stream.write_all(&codec::write_request(command, target)).await.map_err(Missed::by_member)?;
    let (code, bound) = codec::read_reply(stream).await.map_err(Missed::by_member)?;
    let said = format!("the upstream proxy answered {code}");
    match code {
        0 => Ok(bound),
        3 | 4 => Err(Missed::at_site(Refusal::Unreachable, said)),
        5 => Err(Missed::at_site(Refusal::ConnectionRefused, said)),
        6 => Err(Missed::at_site(Refusal::TimedOut, said)),
        _ => Err(Missed::at_site(Refusal::LeaseUnavailable, said)),
    }
}

/// A relay for datagrams at a SOCKS5 proxy; it is there for as long as the connection that it was asked for on.
#[derive(Debug)]
pub(super) struct Association {
    socket: UdpSocket,
    over: watch::Receiver<bool>,
    watching: AbortHandle,
}

impl Association {
    /// Asks a proxy for a relay.
    pub(super) async fn open(dialer: &Dialer, upstream: &Upstream) -> Result<Self, Missed> {
        let opening = async {
            let stream = reach(dialer, &upstream.proxy).await?;
            let proxy = stream.peer_addr().map_err(Missed::by_member)?;
            let mut stream = BufReader::with_capacity(BUFFER, stream);
            greet(&mut stream, upstream.credentials.as_ref()).await?;
            let anywhere = Target { host: Host::Address(codec::NOWHERE.ip()), port: 0 };
            let relay = match request(&mut stream, Command::Associate, &anywhere).await? {
                Target { host: Host::Address(address), port } if !address.is_unspecified() => (address, port),
                // "Where you reached me": the address of the proxy itself.
                Target { port, .. } => (proxy.ip(), port),
            };
            let any: IpAddr =
                if relay.0.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
            let socket = UdpSocket::bind((any, 0)).await.map_err(Missed::by_member)?;
            socket.connect(relay).await.map_err(Missed::by_member)?;
            let (tell, over) = watch::channel(false);
            let watching = tokio::spawn(async move {
                let mut ignored = [0; 64];
                while matches!(stream.read(&mut ignored).await, Ok(count) if count > 0) {}
                tell.send_replace(true);
            });
            Ok(Self { socket, over, watching: watching.abort_handle() })
        };
        let too_late = |_| Missed::by_member("the upstream proxy did not answer in time");
        tokio::time::timeout(dialer.time_limit, opening).await.map_err(too_late)?
    }

    /// Sends one datagram by the relay; as with every datagram, nobody learns whether it arrives.
    pub(super) async fn send_to(&self, payload: &[u8], to: SocketAddr) -> io::Result<usize> {
        let to = Target { host: Host::Address(to.ip()), port: to.port() };
        self.socket.send(&codec::write_datagram(&to, payload)).await?;
        Ok(payload.len())
    }

    /// Returns when there may be a datagram.
    ///
    /// # Errors
    /// The relay is no more.
    pub(super) async fn readable(&self) -> io::Result<()> {
        let mut over = self.over.clone();
        tokio::select! {
            _ = over.wait_for(|&over| over) => Err(io::ErrorKind::ConnectionAborted.into()),
            ready = self.socket.readable() => ready,
        }
    }

    /// A datagram that has arrived, and who sent it to the relay.
    pub(super) fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let length = self.socket.try_recv(buffer)?;
        let malformed = || io::Error::from(io::ErrorKind::InvalidData);
        let (from, payload) = codec::read_datagram(&buffer[..length]).ok_or_else(malformed)?;
        let Host::Address(address) = from.host else { return Err(malformed()) };
        let (start, count) = (length - payload.len(), payload.len());
        buffer.copy_within(start..length, 0);
        Ok((count, SocketAddr::new(address, from.port)))
    }
}

impl Drop for Association {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_an_answer_is_read() {
        assert_eq!(status("HTTP/1.1 200 Connection established\r\n\r\n"), Some(200));
        assert_eq!(status("HTTP/1.0 407\r\n\r\n"), Some(407));
        for head in ["", "HTTP/2 200", "SSH-2.0 x", "HTTP/1.1 2é"] {
            assert_eq!(status(head), None, "{head}");
        }
        assert!(says(
            "HTTP/1.1 502 x\r\nProxy-Status: a; error=connection_refused\r\n\r\n",
            "connection_refused"
        ));
    }
}
