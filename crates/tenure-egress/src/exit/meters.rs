//! What is counted, for each account.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::{AccountName, Refusal};

/// What is counted, for each account that did anything since the start.
#[derive(Debug, Default)]
pub struct Meters {
    by_account: Mutex<BTreeMap<AccountName, Arc<Meter>>>,
}

impl Meters {
    /// The meter of an account.
    pub fn of(&self, account: &AccountName) -> Arc<Meter> {
        let mut by_account = self.by_account.lock().unwrap_or_else(PoisonError::into_inner);
        match by_account.get(account) {
            Some(meter) => Arc::clone(meter),
            None => Arc::clone(by_account.entry(account.clone()).or_default()),
        }
    }

    /// Every meter, by account.
    pub fn list(&self) -> Vec<(AccountName, Arc<Meter>)> {
        let by_account = self.by_account.lock().unwrap_or_else(PoisonError::into_inner);
        by_account.iter().map(|(account, meter)| (account.clone(), Arc::clone(meter))).collect()
    }

    /// Forgets accounts that are no more.
    pub fn retain(&self, keep: impl Fn(&AccountName) -> bool) {
        let mut by_account = self.by_account.lock().unwrap_or_else(PoisonError::into_inner);
        by_account.retain(|account, meter| keep(account) || meter.open.load(Ordering::Relaxed) > 0);
    }
}

/// What is counted of one account.
#[derive(Debug, Default)]
pub struct Meter {
    open: AtomicU64,
    opened: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    refused: [AtomicU64; Refusal::ALL.len()],
}

/// What a meter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Connections and sockets that are open now.
    pub open: u64,
    /// Connections and sockets that were opened.
    pub opened: u64,
    /// Bytes to sites.
    pub sent: u64,
    /// Bytes from sites.
    pub received: u64,
    /// What was refused, and why.
    pub refused: Vec<(Refusal, u64)>,
}

impl Meter {
    /// Takes a place, if there are fewer than `limit` taken.
    pub fn enter(self: &Arc<Self>, limit: u64) -> Option<Place> {
        let place = Place { meter: Arc::clone(self) };
        // The place counts from here on, and is given back when it is dropped.
        (self.open.fetch_add(1, Ordering::Relaxed) < limit).then_some(place)
    }

    /// A connection or socket was opened.
    pub fn opened(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    /// Bytes went to a site.
    pub fn sent(&self, count: usize) {
        self.sent.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Bytes came from a site.
    pub fn received(&self, count: usize) {
        self.received.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Something was refused.
    pub fn refused(&self, refusal: Refusal) {
        let index = Refusal::ALL.iter().position(|&each| each == refusal);
        if let Some(counter) = index.and_then(|index| self.refused.get(index)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What it says now.
    pub fn read(&self) -> Reading {
        let refused =
            Refusal::ALL.into_iter().zip(self.refused.iter().map(|count| count.load(Ordering::Relaxed)));
        Reading {
            open: self.open.load(Ordering::Relaxed),
            opened: self.opened.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
            refused: refused.filter(|(_, count)| *count > 0).collect(),
        }
    }
}

/// One of the connections that an account may have.
#[derive(Debug)]
pub struct Place {
    meter: Arc<Meter>,
}

impl Place {
    /// Where it is counted.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.meter.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_holds_and_a_place_is_free_again_when_it_is_left() {
        let meter = Meters::default().of(&AccountName::new("ada"));
        let first = meter.enter(2).unwrap();
        let _second = meter.enter(2).unwrap();
        assert!(meter.enter(2).is_none());
        assert_eq!(meter.read().open, 2);
        drop(first);
        assert!(meter.enter(2).is_some());
        meter.refused(Refusal::TooMany);
        assert_eq!(meter.read().refused, [(Refusal::TooMany, 1)]);
    }
}
