//! Datagrams of an account, from sockets that are bound to its leased addresses, or by the relay of a SOCKS5 proxy.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;

use super::meters::Place;
use super::upstream::Association;
use crate::access::{Names, Rules};
use crate::{Datagrams, Family, Host, Target};

/// How many peers one socket speaks with, and how many names it remembers.
const PEERS: usize = 4096;
/// How long what a name means is remembered.
const REMEMBERED: Duration = Duration::from_secs(60);

/// What carries datagrams.
#[derive(Debug)]
pub(super) enum Line {
    /// From an address of this host.
    Direct(UdpSocket),
    /// Through a proxy.
    Relayed(Association),
}

impl Line {
    async fn send_to(&self, payload: &[u8], to: SocketAddr) -> io::Result<usize> {
        match self {
            Self::Direct(socket) => socket.send_to(payload, to).await,
            Self::Relayed(association) => association.send_to(payload, to).await,
        }
    }

    async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Direct(socket) => socket.readable().await,
            Self::Relayed(association) => association.readable().await,
        }
    }

    fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        match self {
            Self::Direct(socket) => socket.try_recv_from(buffer),
            Self::Relayed(association) => association.try_recv_from(buffer),
        }
    }
}

/// One socket for each family that the account has a lease of. It takes datagrams only from whom it has sent some.
#[derive(Debug)]
pub struct Sockets {
    pub(super) of_family: Vec<(Family, Line)>,
    pub(super) rules: Arc<Rules>,
    pub(super) names: Names,
    pub(super) place: Place,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    peers: HashSet<IpAddr>,
    names: HashMap<String, (IpAddr, Instant)>,
}

impl Sockets {
    pub(super) fn new(of_family: Vec<(Family, Line)>, rules: Arc<Rules>, names: Names, place: Place) -> Self {
        Self { of_family, rules, names, place, known: Mutex::default() }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The address of a target, if the account may reach it.
    async fn judged(&self, to: &Target) -> Option<SocketAddr> {
        let remembered = match &to.host {
            Host::Address(_) => None,
            Host::Name(name) => self.known().names.get(name).copied(),
        };
        let address = match remembered {
            Some((address, since)) if since.elapsed() < REMEMBERED => address,
            _ => self.look_up(&to.host).await?,
        };
        self.rules.judge(address, to.port).ok()?;
        Some(SocketAddr::new(address, to.port))
    }

    async fn look_up(&self, host: &Host) -> Option<IpAddr> {
        let families: Vec<_> = self.of_family.iter().map(|(family, _)| *family).collect();
        let (_, addresses) = self.names.find(host, &families).await.ok()?;
        let address = *addresses.first()?;
        if let Host::Name(name) = host {
            let mut known = self.known();
            if known.names.len() >= PEERS {
                known.names.clear();
            }
            known.names.insert(name.clone(), (address, Instant::now()));
        }
        Some(address)
    }

    fn is_peer(&self, from: SocketAddr) -> bool {
        self.known().peers.contains(&from.ip())
    }
}

impl Datagrams for Sockets {
    async fn send(&self, payload: &[u8], to: &Target) -> io::Result<()> {
        let Some(to) = self.judged(to).await else { return Ok(()) };
        let socket = self.of_family.iter().find(|(family, _)| *family == Family::of(to.ip()));
        let Some((_, socket)) = socket else { return Ok(()) };
        {
            let mut known = self.known();
            if known.peers.len() < PEERS {
                known.peers.insert(to.ip());
            }
        }
        // What the network says of one datagram is not the end of the socket.
        if let Ok(count) = socket.send_to(payload, to).await {
            self.place.meter().sent(count);
        }
        Ok(())
    }

    async fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        loop {
            let socket = match self.of_family.as_slice() {
                [] => return Err(io::ErrorKind::NotConnected.into()),
                [(_, only)] => {
                    only.readable().await?;
                    only
                }
                [(_, one), (_, other), ..] => tokio::select! {
                    ready = one.readable() => ready.map(|()| one)?,
                    ready = other.readable() => ready.map(|()| other)?,
                },
            };
            match socket.try_recv_from(buffer) {
                Ok((count, from)) if self.is_peer(from) => {
                    self.place.meter().received(count);
                    return Ok((count, from));
                }
                // A stranger; or nothing after all; or what the network says of an earlier datagram.
                Ok(_) | Err(_) => {}
            }
        }
    }
}
