//! Slowing down who guesses, by address and by account.
//!
//! An address that failed some times in a row is refused without a look for a while that doubles. An account that is
//! guessed at answers failures later and later; whoever knows its secret never waits, so that nobody can be locked out.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Failures of an address before it waits.
const FREE_TRIES: u32 = 5;
/// Failures at an account before their answers wait.
const FREE_TRIES_AT_ACCOUNT: u32 = 10;
/// The longest that an address is refused, and after which failures are forgotten.
const LONGEST: Duration = Duration::from_secs(60);
/// The longest that an answer waits.
const LONGEST_ANSWER: Duration = Duration::from_secs(5);
/// How many addresses and accounts are remembered; beyond it, the oldest failures are forgotten first.
const REMEMBERED: usize = 65_536;

/// Who failed lately.
#[derive(Debug, Default)]
pub struct Throttle {
    addresses: Mutex<HashMap<IpAddr, Failures>>,
    accounts: Mutex<HashMap<[u8; 32], Failures>>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    /// How long to wait from the last failure on: a second, then twice as long each time.
    fn wait(&self, free: u32) -> Duration {
        match self.count.checked_sub(free) {
            None | Some(0) => Duration::ZERO,
            Some(beyond) => Duration::from_secs(1 << (beyond - 1).min(6)).min(LONGEST),
        }
    }
}

impl Throttle {
    /// Whether an address may try now.
    pub fn may_try(&self, address: IpAddr, now: Instant) -> bool {
        let addresses = lock(&self.addresses);
        let failed = addresses.get(&network(address));
        failed
            .is_none_or(|failures| now.saturating_duration_since(failures.last) >= failures.wait(FREE_TRIES))
    }

    /// An address knew the secret of an account.
    pub fn succeeded(&self, address: IpAddr) {
        lock(&self.addresses).remove(&network(address));
    }

    /// An address failed at an account: how long to wait before it is told.
    pub fn failed(&self, address: IpAddr, account: &str, now: Instant) -> Duration {
        fail(&mut lock(&self.addresses), network(address), now);
        // Names are what guessers make up, so they are kept in a fixed length.
        let at = fail(&mut lock(&self.accounts), *blake3::hash(account.as_bytes()).as_bytes(), now);
        at.wait(FREE_TRIES_AT_ACCOUNT).min(LONGEST_ANSWER)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fail<K: Eq + Hash + Copy>(all: &mut HashMap<K, Failures>, key: K, now: Instant) -> Failures {
    let age = |failures: &Failures| now.saturating_duration_since(failures.last);
    if all.len() >= REMEMBERED {
        all.retain(|_, failures| age(failures) < LONGEST);
    }
    if all.len() >= REMEMBERED
        && let Some(oldest) = all.iter().min_by_key(|(_, failures)| failures.last).map(|(&key, _)| key)
    {
        all.remove(&oldest);
    }
    let failures = all.entry(key).or_insert(Failures { count: 0, last: now });
    if age(failures) > 2 * LONGEST {
        failures.count = 0;
    }
    *failures = Failures { count: failures.count.saturating_add(1), last: now };
    *failures
}

/// Whoever has one IPv6 address has a /64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_waits_twice_as_long_each_time_and_is_forgiven() {
        let throttle = Throttle::default();
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        for _ in 0..FREE_TRIES {
            assert!(throttle.may_try(address, start));
            throttle.failed(address, "ada", start);
        }
        assert!(throttle.may_try(address, start));
        throttle.failed(address, "ada", start);
        let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
        assert!(!throttle.may_try(address, start) && !throttle.may_try(neighbour, start));
        assert!(throttle.may_try("2001:db8:0:1::1".parse().unwrap(), start));
        assert!(throttle.may_try(address, after(1)));
        throttle.failed(address, "ada", after(1));
        assert!(!throttle.may_try(address, after(2)) && throttle.may_try(address, after(3)));
        throttle.succeeded(address);
        assert!(throttle.may_try(address, after(1)));
    }

    #[test]
    fn an_account_that_is_guessed_at_answers_failures_later_and_later() {
        let throttle = Throttle::default();
        let start = Instant::now();
        let waits: Vec<_> = (0..16_u8)
            .map(|last| throttle.failed([192, 0, 2, last].into(), "ada", start).as_secs())
            .collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 5, 5, 5]);
        let much_later = start + 3 * LONGEST;
        assert_eq!(throttle.failed([192, 0, 2, 99].into(), "ada", much_later), Duration::ZERO);
    }
}
