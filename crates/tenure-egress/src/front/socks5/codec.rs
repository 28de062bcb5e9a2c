//! The messages of RFC 1928 and RFC 1929.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use zeroize::Zeroizing;

use super::VERSION;
use crate::{Host, Refusal, Secret, Target};

/// No authentication (RFC 1928 §3).
pub const METHOD_NONE: u8 = 0x00;
/// User name and password (RFC 1929).
pub const METHOD_PASSWORD: u8 = 0x02;
/// None of the offered methods will do.
pub const METHOD_UNACCEPTABLE: u8 = 0xff;
/// The version of the messages of RFC 1929.
const PASSWORD_VERSION: u8 = 1;

const ADDRESS_V4: u8 = 1;
const ADDRESS_NAME: u8 = 3;
const ADDRESS_V6: u8 = 4;

/// What a client asks for (RFC 1928 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// A stream to the target.
    Connect,
    /// Waiting for a connection from the target. Not offered.
    Bind,
    /// Datagrams.
    Associate,
}

/// A request (RFC 1928 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub command: Command,
    /// The target; for datagrams, where the client will send them from, if it knows.
    pub target: Target,
}

/// An answer to a request (RFC 1928 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Reply {
    /// It is done.
    Succeeded = 0,
    /// Something failed.
    Failure = 1,
    /// The rules forbid it.
    NotAllowed = 2,
    /// There is no way out.
    NetworkUnreachable = 3,
    /// There is no way to the host.
    HostUnreachable = 4,
    /// The target refused.
    ConnectionRefused = 5,
    /// The command is not offered.
    CommandNotSupported = 7,
    /// The kind of address is not known.
    AddressNotSupported = 8,
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::LeaseUnavailable | Refusal::EgressUnreachable => Self::NetworkUnreachable,
            Refusal::Forbidden | Refusal::AccountGone => Self::NotAllowed,
            Refusal::NoSuchHost | Refusal::NameServerFailed | Refusal::TimedOut | Refusal::Unreachable => {
                Self::HostUnreachable
            }
            Refusal::ConnectionRefused => Self::ConnectionRefused,
            Refusal::NoAddress | Refusal::TooMany | Refusal::Failed => Self::Failure,
        }
    }
}

/// Why a message is not one.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It ended, or could not be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A version that is not spoken here.
    #[error("version {0} is not known here")]
    Version(u8),
    /// A command or kind of address that RFC 1928 does not name, or a host that is none: to be answered with this.
    #[error("the request can't be understood")]
    Refused(Reply),
}

/// The methods that a client offers.
///
/// # Errors
/// [`ReadError::Version`] or [`ReadError::Io`].
pub async fn read_methods<R: AsyncRead + Unpin>(reader: &mut R) -> Result<Vec<u8>, ReadError> {
    expect_version(reader, VERSION).await?;
    let mut methods = vec![0; usize::from(reader.read_u8().await?)];
    reader.read_exact(&mut methods).await?;
    Ok(methods)
}

/// User name and password (RFC 1929 §2). A name that is not UTF-8 is nobody's.
///
/// # Errors
/// [`ReadError::Version`] or [`ReadError::Io`].
pub async fn read_password<R: AsyncRead + Unpin>(reader: &mut R) -> Result<(String, Secret), ReadError> {
    expect_version(reader, PASSWORD_VERSION).await?;
    let mut name = vec![0; usize::from(reader.read_u8().await?)];
    reader.read_exact(&mut name).await?;
    let mut password = Zeroizing::new(vec![0; usize::from(reader.read_u8().await?)]);
    reader.read_exact(&mut password).await?;
    let name = String::from_utf8(name).unwrap_or_default();
    Ok((name, Secret::new(std::mem::take(&mut *password))))
}

/// The answer to user name and password.
pub const fn password_answer(accepted: bool) -> [u8; 2] {
    [PASSWORD_VERSION, if accepted { 0 } else { 1 }]
}

/// A request.
///
/// # Errors
/// [`ReadError`]; [`ReadError::Refused`] is answered before the connection is closed.
pub async fn read_request<R: AsyncRead + Unpin>(reader: &mut R) -> Result<Request, ReadError> {
    expect_version(reader, VERSION).await?;
    let mut head = [0; 3];
    reader.read_exact(&mut head).await?;
    let [command, _reserved, kind] = head;
    let target = read_target(reader, kind).await?;
    let command = match command {
        1 => Command::Connect,
        2 => Command::Bind,
        3 => Command::Associate,
        _ => return Err(ReadError::Refused(Reply::CommandNotSupported)),
    };
    Ok(Request { command, target })
}

async fn read_target<R: AsyncRead + Unpin>(reader: &mut R, kind: u8) -> Result<Target, ReadError> {
    let mut address = [0; 255];
    let length = match kind {
        ADDRESS_V4 => 4,
        ADDRESS_V6 => 16,
        ADDRESS_NAME => usize::from(reader.read_u8().await?),
        _ => return Err(ReadError::Refused(Reply::AddressNotSupported)),
    };
    reader.read_exact(&mut address[..length]).await?;
    let port = reader.read_u16().await?;
    let host = host(kind, &address[..length]).ok_or(ReadError::Refused(Reply::AddressNotSupported))?;
    Ok(Target { host, port })
}

/// An answer, with the address that was bound.
pub fn reply(reply: Reply, bound: SocketAddr) -> Vec<u8> {
    let mut bytes = vec![VERSION, reply as u8, 0];
    write_address(&mut bytes, &Host::Address(bound.ip()), bound.port());
    bytes
}

/// The address of answers that have none to tell.
pub const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// A datagram of a client (RFC 1928 §7): where to, and what. `None`: it is not one, or a fragment, which are dropped.
pub fn read_datagram(bytes: &[u8]) -> Option<(Target, &[u8])> {
    let [0, 0, 0, kind, rest @ ..] = bytes else { return None };
    let (length, rest) = match *kind {
        ADDRESS_V4 => (4, rest),
        ADDRESS_V6 => (16, rest),
        ADDRESS_NAME => (usize::from(*rest.first()?), rest.get(1..)?),
        _ => return None,
    };
    let (address, rest) = rest.split_at_checked(length)?;
    let (port, payload) = rest.split_first_chunk::<2>()?;
    Some((Target { host: host(*kind, address)?, port: u16::from_be_bytes(*port) }, payload))
}

/// The head of a datagram for a client, which says who sent it.
pub fn write_datagram_head(bytes: &mut Vec<u8>, from: SocketAddr) {
    bytes.extend_from_slice(&[0, 0, 0]);
    write_address(bytes, &Host::Address(from.ip()), from.port());
}

/// A request as a client writes it (RFC 1928 §4). A name longer than 255 octets is none, and cut.
pub fn write_request(command: Command, target: &Target) -> Vec<u8> {
    let command = match command {
        Command::Connect => 1,
        Command::Bind => 2,
        Command::Associate => 3,
    };
    let mut bytes = vec![VERSION, command, 0];
    write_address(&mut bytes, &target.host, target.port);
    bytes
}

/// A datagram as a client writes it (RFC 1928 §7).
pub fn write_datagram(target: &Target, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0];
    write_address(&mut bytes, &target.host, target.port);
    bytes.extend_from_slice(payload);
    bytes
}

/// The answer to a request, as a client reads it: the code of the reply, and the address that was bound.
///
/// # Errors
/// [`ReadError`].
pub async fn read_reply<R: AsyncRead + Unpin>(reader: &mut R) -> Result<(u8, Target), ReadError> {
    expect_version(reader, VERSION).await?;
    let mut head = [0; 3];
    reader.read_exact(&mut head).await?;
    let [code, _reserved, kind] = head;
    Ok((code, read_target(reader, kind).await?))
}

/// User name and password as a client writes them (RFC 1929 §2). `None`: one of them is too long.
pub fn write_password(name: &str, secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![PASSWORD_VERSION]);
    for part in [name.as_bytes(), secret.expose()] {
        bytes.push(u8::try_from(part.len()).ok()?);
        bytes.extend_from_slice(part);
    }
    Some(bytes)
}

async fn expect_version<R: AsyncRead + Unpin>(reader: &mut R, expected: u8) -> Result<(), ReadError> {
    let version = reader.read_u8().await?;
    if version == expected { Ok(()) } else { Err(ReadError::Version(version)) }
}

fn host(kind: u8, address: &[u8]) -> Option<Host> {
    match kind {
        ADDRESS_V4 => Some(Host::Address(Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?).into())),
        ADDRESS_V6 => {
            let address = IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?));
            Some(Host::Address(address.to_canonical()))
        }
        _ => Host::parse(std::str::from_utf8(address).ok()?).ok(),
    }
}

fn write_address(bytes: &mut Vec<u8>, host: &Host, port: u16) {
    match host {
        Host::Address(IpAddr::V4(address)) => {
            bytes.push(ADDRESS_V4);
            bytes.extend_from_slice(&address.octets());
        }
        Host::Address(IpAddr::V6(address)) => {
            bytes.push(ADDRESS_V6);
            bytes.extend_from_slice(&address.octets());
        }
        Host::Name(name) => {
            let name = &name.as_bytes()[..name.len().min(255)];
            bytes.push(ADDRESS_NAME);
            bytes.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
            bytes.extend_from_slice(name);
        }
    }
    bytes.extend_from_slice(&port.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(host: &str, port: u16) -> Target {
        Target { host: Host::parse(host).unwrap(), port }
    }

    #[tokio::test]
    async fn a_request_is_read_as_it_was_written() {
        for host in ["192.0.2.7", "2001:db8::7", "wiki.example.com"] {
            let written = write_request(Command::Connect, &target(host, 443));
            let read = read_request(&mut written.as_slice()).await.unwrap();
            assert_eq!(read, Request { command: Command::Connect, target: target(host, 443) });
        }
    }

    #[tokio::test]
    async fn a_mapped_address_is_the_address_that_it_maps() {
        let mut written = vec![5, 1, 0, 4];
        written.extend_from_slice(&"::ffff:127.0.0.1".parse::<Ipv6Addr>().unwrap().octets());
        written.extend_from_slice(&[0, 80]);
        let read = read_request(&mut written.as_slice()).await.unwrap();
        assert_eq!(read.target, target("127.0.0.1", 80));
    }

    #[tokio::test]
    async fn what_is_not_offered_is_answered_by_its_code() {
        let refused = |bytes: &'static [u8]| async move {
            match read_request(&mut { bytes }).await {
                Err(ReadError::Refused(reply)) => reply,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(refused(&[5, 9, 0, 1, 1, 2, 3, 4, 0, 80]).await, Reply::CommandNotSupported);
        assert_eq!(refused(&[5, 1, 0, 7, 1, 2, 3, 4, 0, 80]).await, Reply::AddressNotSupported);
        assert_eq!(refused(&[5, 1, 0, 3, 2, b'a', b'/', 0, 80]).await, Reply::AddressNotSupported);
        assert!(matches!(read_request(&mut [4_u8, 1].as_slice()).await, Err(ReadError::Version(4))));
    }

    #[test]
    fn a_datagram_is_read_as_it_was_written_and_a_fragment_is_dropped() {
        for host in ["192.0.2.7", "2001:db8::7", "dns.example.com"] {
            let mut written = write_datagram(&target(host, 53), b"question");
            assert_eq!(read_datagram(&written), Some((target(host, 53), b"question".as_slice())));
            written[2] = 1;
            assert_eq!(read_datagram(&written), None);
        }
        for cut in 0..10 {
            assert_eq!(read_datagram(&write_datagram(&target("192.0.2.7", 53), b"")[..cut]), None);
        }
    }

    #[tokio::test]
    async fn a_password_is_read_and_never_shown() {
        let written = b"\x01\x03ada\x06secret";
        let (name, secret) = read_password(&mut written.as_slice()).await.unwrap();
        assert_eq!((name.as_str(), secret.expose()), ("ada", b"secret".as_slice()));
        assert!(!format!("{secret:?}").contains("secret"));
    }
}
