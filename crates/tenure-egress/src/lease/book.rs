//! All leases in memory. Nothing here reads a clock or a disk.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use serde::Serialize;

use super::record::Record;
use crate::{AccountName, Family};

/// An account's address of one family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lease {
    /// Whose it is.
    pub account: AccountName,
    /// What sites see.
    pub address: IpAddr,
    /// Since when, in seconds since 1970.
    pub since: u64,
}

/// An address that was given back, and is not given to anybody else yet.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cooling {
    account: String,
    free_at: u64,
}

/// An address that could be leased now: the pool has it, it is up, and its tags are those asked for.
pub type Candidate = IpAddr;

/// A change that would break a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The address is somebody's.
    #[error("{0} is leased to {1} already")]
    Taken(IpAddr, String),
    /// The account has an address of that family.
    #[error("{0} has {1} already")]
    HasOne(String, IpAddr),
    /// The account does not have that address.
    #[error("{0} does not have {1}")]
    NotTheirs(String, IpAddr),
    /// Both addresses of a move are of one family.
    #[error("{0} and {1} are of different families")]
    Crossing(IpAddr, IpAddr),
}

/// All leases.
#[derive(Debug, Default)]
pub struct Book {
    leases: BTreeMap<(String, Family), Lease>,
    holders: HashMap<IpAddr, String>,
    cooling: HashMap<IpAddr, Cooling>,
}

impl Book {
    /// The lease of an account.
    pub fn lease(&self, account: &str, family: Family) -> Option<&Lease> {
        self.leases.get(&(account.to_owned(), family))
    }

    /// Whose an address is.
    pub fn holder(&self, address: IpAddr) -> Option<&str> {
        self.holders.get(&address).map(String::as_str)
    }

    /// Every lease, by account.
    pub fn leases(&self) -> impl Iterator<Item = &Lease> {
        self.leases.values()
    }

    /// From when on anybody may get an address, where that is not now.
    pub fn cooling_until(&self, address: IpAddr, now: u64) -> Option<u64> {
        self.cooling.get(&address).map(|cooling| cooling.free_at).filter(|&free_at| free_at > now)
    }

    /// Whether an account may get an address: nobody has it, and whoever had it last is gone for long enough, or is
    /// this account.
    pub fn is_free_for(&self, address: IpAddr, account: &str, now: u64) -> bool {
        !self.holders.contains_key(&address)
            && self.cooling.get(&address).is_none_or(|last| last.free_at <= now || last.account == account)
    }

    /// Checks and makes a change.
    ///
    /// # Errors
    /// [`Conflict`]; nothing has changed then.
    pub fn apply(&mut self, record: &Record) -> Result<(), Conflict> {
        self.check(record)?;
        match record {
            Record::Lease { account, address, at } => self.give(account, *address, *at),
            Record::Release { account, address, free_at } => self.take(account, *address, *free_at),
            Record::Move { account, from, to, at, free_at } => {
                self.take(account, *from, *free_at);
                self.give(account, *to, *at);
            }
        }
        Ok(())
    }

    /// Whether a change would be made.
    ///
    /// # Errors
    /// [`Conflict`].
    pub fn check(&self, record: &Record) -> Result<(), Conflict> {
        match record {
            Record::Lease { account, address, .. } => {
                if let Some(lease) = self.lease(account, Family::of(*address)) {
                    return Err(Conflict::HasOne(account.clone(), lease.address));
                }
                self.check_untaken(*address)
            }
            Record::Release { account, address, .. } => self.check_theirs(account, *address),
            Record::Move { account, from, to, .. } => {
                self.check_theirs(account, *from)?;
                if Family::of(*from) != Family::of(*to) {
                    return Err(Conflict::Crossing(*from, *to));
                }
                self.check_untaken(*to)
            }
        }
    }

    /// The records that make this book of an empty one; what has cooled off by now is left out.
    pub fn snapshot(&self, now: u64) -> Vec<Record> {
        let lease = |account: &str, address, at| Record::Lease { account: account.into(), address, at };
        let mut records = Vec::new();
        for (&address, last) in self.cooling.iter().filter(|(_, last)| last.free_at > now) {
            // Whoever holds it now may have had it before; the lease below ends the cooling again.
            records.push((address, last));
        }
        records.sort_unstable_by_key(|(address, _)| *address);
        let cooled = records.into_iter().flat_map(|(address, last)| {
            let release = Record::Release { account: last.account.clone(), address, free_at: last.free_at };
            [lease(&last.account, address, 0), release]
        });
        let held = self.leases.values().map(|held| lease(held.account.as_str(), held.address, held.since));
        cooled.chain(held).collect()
    }

    /// How many records a snapshot has at most.
    pub fn size(&self) -> usize {
        self.leases.len() + 2 * self.cooling.len()
    }

    fn check_untaken(&self, address: IpAddr) -> Result<(), Conflict> {
        self.holder(address).map_or(Ok(()), |holder| Err(Conflict::Taken(address, holder.into())))
    }

    fn check_theirs(&self, account: &str, address: IpAddr) -> Result<(), Conflict> {
        match self.holder(address) {
            Some(holder) if holder == account => Ok(()),
            _ => Err(Conflict::NotTheirs(account.into(), address)),
        }
    }

    fn give(&mut self, account: &str, address: IpAddr, since: u64) {
        let lease = Lease { account: AccountName::new(account), address, since };
        self.leases.insert((account.into(), Family::of(address)), lease);
        self.holders.insert(address, account.into());
        self.cooling.remove(&address);
    }

    fn take(&mut self, account: &str, address: IpAddr, free_at: u64) {
        self.leases.remove(&(account.to_owned(), Family::of(address)));
        self.holders.remove(&address);
        self.cooling.insert(address, Cooling { account: account.into(), free_at });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    fn lease(account: &str, last: u8) -> Record {
        Record::Lease { account: account.into(), address: address(last), at: 1 }
    }

    #[test]
    fn an_address_has_one_holder_and_an_account_one_address_of_a_family() {
        let mut book = Book::default();
        book.apply(&lease("ada", 1)).unwrap();
        assert_eq!(book.apply(&lease("bob", 1)), Err(Conflict::Taken(address(1), "ada".into())));
        assert_eq!(book.apply(&lease("ada", 2)), Err(Conflict::HasOne("ada".into(), address(1))));
        let v6 = "2001:db8::1".parse().unwrap();
        book.apply(&Record::Lease { account: "ada".into(), address: v6, at: 1 }).unwrap();
        let crossing = Record::Move { account: "ada".into(), from: v6, to: address(2), at: 1, free_at: 1 };
        assert_eq!(book.apply(&crossing), Err(Conflict::Crossing(v6, address(2))));
        let others = Record::Release { account: "bob".into(), address: v6, free_at: 0 };
        assert_eq!(book.apply(&others), Err(Conflict::NotTheirs("bob".into(), v6)));
    }

    #[test]
    fn an_address_cools_off_for_everybody_but_its_last_holder() {
        let mut book = Book::default();
        book.apply(&lease("ada", 1)).unwrap();
        book.apply(&Record::Release { account: "ada".into(), address: address(1), free_at: 100 }).unwrap();
        assert!(!book.is_free_for(address(1), "bob", 99) && book.is_free_for(address(1), "bob", 100));
        assert!(book.is_free_for(address(1), "ada", 50));
        assert_eq!(book.cooling_until(address(1), 99), Some(100));
    }

    #[test]
    fn a_snapshot_makes_the_same_book() {
        let mut book = Book::default();
        for (account, last) in [("ada", 1), ("bob", 2), ("eve", 3)] {
            book.apply(&lease(account, last)).unwrap();
        }
        let away =
            Record::Move { account: "ada".into(), from: address(1), to: address(4), at: 2, free_at: 100 };
        book.apply(&away).unwrap();
        book.apply(&Record::Release { account: "bob".into(), address: address(2), free_at: 50 }).unwrap();
        let mut copy = Book::default();
        for record in book.snapshot(60) {
            copy.apply(&record).unwrap();
        }
        assert_eq!(copy.leases().collect::<Vec<_>>(), book.leases().collect::<Vec<_>>());
        assert!(!copy.is_free_for(address(1), "bob", 60) && copy.is_free_for(address(2), "eve", 60));
    }
}
