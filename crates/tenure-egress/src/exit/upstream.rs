//! Proxies of others, as their client: `CONNECT` over TCP or TLS, and SOCKS5.
//!
//! They are given the address that was judged, and never the name: they would look it up once more.

use std::io;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
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
    let wrong = |error: codec::ReadError| Missed::by_member(error);
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
    let target = Target { host: Host::Address(to.ip()), port: to.port() };
    stream.write_all(&codec::write_request(Command::Connect, &target)).await.map_err(Missed::by_member)?;
    let (code, _) = codec::read_reply(stream).await.map_err(wrong)?;
    let said = format!("the upstream proxy answered {code}");
    match code {
        0 => Ok(()),
        3 | 4 => Err(Missed::at_site(Refusal::Unreachable, said)),
        5 => Err(Missed::at_site(Refusal::ConnectionRefused, said)),
        6 => Err(Missed::at_site(Refusal::TimedOut, said)),
        _ => Err(Missed::at_site(Refusal::LeaseUnavailable, said)),
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
