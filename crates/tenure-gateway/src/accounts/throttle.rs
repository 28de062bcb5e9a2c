//! Slowing down who guesses passwords.
//!
//! Failures are counted for each address, and for each pair of account and address. After a few free tries the
//! next one has to wait, twice as long each time, up to a minute. That is per pair: whoever guesses at somebody
//! else's account from elsewhere makes only themselves wait. An account that is guessed at from very many
//! addresses at once is slowed down for addresses that have never signed in with it, by some seconds at most,
//! so nobody can be locked out for good. (ASVS 5.0, 6.3.1; NIST SP 800-63B-4, section 3.2.2.)

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tenure::clock::Clock;
use tenure::core::Timestamp;

use crate::net::network;

/// How many tries are free, and how long the next ones wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Failures of one address at one account that cost nothing.
    pub free_per_pair: u32,
    /// Failures of one address at any accounts that cost nothing.
    pub free_per_address: u32,
    /// Failures of all strange addresses at one account that cost nothing.
    pub free_per_account: u32,
    /// The longest wait of one address.
    pub longest: Duration,
    /// The longest wait of a strange address because others guess at the account.
    pub longest_for_strangers: Duration,
    /// After this time without a failure everything is forgotten.
    pub forget_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            free_per_pair: 5,
            free_per_address: 20,
            free_per_account: 50,
            longest: Duration::from_secs(60),
            longest_for_strangers: Duration::from_secs(5),
            forget_after: Duration::from_secs(15 * 60),
        }
    }
}

/// How many entries each table has at most. When one is full, those that matter least are forgotten.
const MOST: usize = 100_000;

pub(super) struct Throttle {
    clock: Arc<dyn Clock>,
    limits: Limits,
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    pairs: HashMap<(String, IpAddr), Failures>,
    addresses: HashMap<IpAddr, Failures>,
    accounts: HashMap<String, Failures>,
    /// Addresses from which somebody has signed in with an account before.
    familiar: HashMap<(String, IpAddr), Timestamp>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

impl Throttle {
    pub(super) fn new(clock: Arc<dyn Clock>, limits: Limits) -> Self {
        Self { clock, limits, tables: Mutex::default() }
    }

    /// Whether a try may be made now; otherwise how long to wait.
    pub(super) fn admit(&self, name: &str, address: IpAddr) -> Result<(), Duration> {
        let (now, address) = (self.clock.now(), network(address));
        let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = (name.to_owned(), address);
        let limits = &self.limits;
        let left = |failures: Option<&Failures>, free: u32, longest: Duration| {
            failures.map_or(Duration::ZERO, |failures| failures.wait(free, longest, limits.forget_after, now))
        };
        let familiar = tables.familiar.contains_key(&pair);
        let for_account = if familiar { None } else { tables.accounts.get(name) };
        let wait = left(tables.pairs.get(&pair), limits.free_per_pair, limits.longest)
            .max(left(tables.addresses.get(&address), limits.free_per_address, limits.longest))
            .max(left(for_account, limits.free_per_account, limits.longest_for_strangers));
        if wait.is_zero() { Ok(()) } else { Err(wait) }
    }

    /// Notes a failure.
    pub(super) fn failed(&self, name: &str, address: IpAddr) {
        let (now, address) = (self.clock.now(), network(address));
        let forget_after = self.limits.forget_after;
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        note(&mut tables.pairs, (name.to_owned(), address), now, forget_after);
        note(&mut tables.addresses, address, now, forget_after);
        note(&mut tables.accounts, name.to_owned(), now, forget_after);
    }

    /// Notes a success: this address is familiar to this account. What it failed at elsewhere still counts.
    pub(super) fn succeeded(&self, name: &str, address: IpAddr) {
        let (now, address) = (self.clock.now(), network(address));
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = (name.to_owned(), address);
        tables.pairs.remove(&pair);
        if tables.familiar.len() >= MOST
            && let Some(oldest) =
                tables.familiar.iter().min_by_key(|(_, at)| **at).map(|(pair, _)| pair.clone())
        {
            tables.familiar.remove(&oldest);
        }
        tables.familiar.insert(pair, now);
    }
}

impl Failures {
    /// How long the next try has to wait: nothing while tries are free, then a second, doubled each time.
    fn wait(&self, free: u32, longest: Duration, forget_after: Duration, now: Timestamp) -> Duration {
        let Some(beyond) = self.count.checked_sub(free) else { return Duration::ZERO };
        if now.since(self.last) >= forget_after {
            return Duration::ZERO;
        }
        let wait = Duration::from_secs(1_u64 << beyond.min(32)).min(longest);
        (self.last + wait).since(now)
    }
}

fn note<K: Eq + Hash + Clone>(
    table: &mut HashMap<K, Failures>,
    key: K,
    now: Timestamp,
    forget_after: Duration,
) {
    if table.len() >= MOST && !table.contains_key(&key) {
        table.retain(|_, failures| now.since(failures.last) < forget_after);
        while table.len() >= MOST {
            let Some(least) = table
                .iter()
                .min_by_key(|(_, failures)| (failures.count, failures.last))
                .map(|(key, _)| key.clone())
            else {
                break;
            };
            table.remove(&least);
        }
    }
    let failures = table.entry(key).or_insert(Failures { count: 0, last: now });
    if now.since(failures.last) >= forget_after {
        failures.count = 0;
    }
    failures.count = failures.count.saturating_add(1);
    failures.last = now;
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure::clock::ManualClock;

    fn throttle() -> (Arc<ManualClock>, Throttle) {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_000_000)));
        (Arc::clone(&clock), Throttle::new(clock, Limits::default()))
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn whoever_guesses_waits_longer_each_time_but_never_for_long() {
        let (clock, throttle) = throttle();
        for _ in 0..5 {
            assert_eq!(throttle.admit("ada", address(1)), Ok(()));
            throttle.failed("ada", address(1));
        }
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            let wait = Duration::from_secs(seconds);
            assert_eq!(throttle.admit("ada", address(1)), Err(wait));
            clock.advance(wait);
            assert_eq!(throttle.admit("ada", address(1)), Ok(()));
            throttle.failed("ada", address(1));
        }
        clock.advance(Duration::from_secs(15 * 60));
        assert_eq!(throttle.admit("ada", address(1)), Ok(()));
    }

    #[test]
    fn nobody_can_lock_somebody_else_out() {
        let (_, throttle) = throttle();
        throttle.succeeded("ada", address(9));
        for last in 0..=255 {
            for _ in 0..10 {
                throttle.failed("ada", IpAddr::from([198, 51, 100, last]));
            }
        }
        assert_eq!(throttle.admit("ada", address(9)), Ok(()), "a familiar address");
        let stranger = throttle.admit("ada", address(8)).unwrap_err();
        assert!(stranger <= Duration::from_secs(5), "{stranger:?}");
        assert_eq!(throttle.admit("bob", address(8)), Ok(()), "another account");
    }

    #[test]
    fn an_address_that_tries_many_accounts_waits_too() {
        let (_, throttle) = throttle();
        for number in 0..20 {
            throttle.failed(&format!("user{number}"), address(1));
        }
        assert!(throttle.admit("somebody", address(1)).is_err());
        assert_eq!(throttle.admit("somebody", address(2)), Ok(()));
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one() {
        let (_, throttle) = throttle();
        for last in 0..5_u16 {
            throttle.failed("ada", IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]));
        }
        assert!(throttle.admit("ada", IpAddr::from([0x2001, 0xdb8, 0, 1, 0xffff, 0, 0, 1])).is_err());
        assert_eq!(throttle.admit("ada", IpAddr::from([0x2001, 0xdb8, 0, 2, 0, 0, 0, 1])), Ok(()));
    }
}
