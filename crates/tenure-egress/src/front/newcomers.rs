//! Who has connected and not said yet who they are: no more than some at once from one network, so that nobody can take
//! all places by saying nothing.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Connections that have not said yet whose they are, by network.
#[derive(Debug)]
pub(super) struct Newcomers {
    by_network: Mutex<HashMap<IpAddr, usize>>,
    most: usize,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Newcomer {
    all: Arc<Newcomers>,
    network: IpAddr,
}

impl Newcomers {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { by_network: Mutex::default(), most })
    }

    fn by_network(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.by_network.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets one more in, if its network has not too many already.
    pub(super) fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Newcomer> {
        let network = network(peer);
        let mut by_network = self.by_network();
        let count = by_network.entry(network).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Newcomer { all: Arc::clone(self), network })
    }
}

impl Drop for Newcomer {
    fn drop(&mut self) {
        let mut by_network = self.all.by_network();
        if let Some(count) = by_network.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                by_network.remove(&self.network);
            }
        }
    }
}

/// Whoever has one IPv6 address has a /64 of them.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_takes_its_own_places_only() {
        let newcomers = Newcomers::new(2);
        let peer = |text: &str| text.parse().unwrap();
        let first = newcomers.enter(peer("2001:db8::1")).unwrap();
        let _second = newcomers.enter(peer("2001:db8::2")).unwrap();
        assert!(newcomers.enter(peer("2001:db8::3")).is_none());
        assert!(newcomers.enter(peer("2001:db8:0:1::1")).is_some());
        drop(first);
        assert!(newcomers.enter(peer("2001:db8::3")).is_some());
        drop(newcomers.enter(peer("192.0.2.1")));
        assert_eq!(newcomers.by_network().len(), 1, "who is gone is forgotten");
    }
}
