//! The leases of a running egress.

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use super::book::{Book, Candidate, Conflict, Lease};
use super::journal::{Journal, JournalError};
use super::medium::{LockedFile, Medium};
use super::record::Record;
use crate::{AccountName, Family};

/// Why a lease is not given, moved or released.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// No address of the pool is free for the account.
    #[error("no address is free for this account: all that have its tags are leased, cooling off or not up")]
    NoneFree,
    /// The account has no lease of that family.
    #[error("{0} has no {1} address")]
    NoLease(String, Family),
    /// Somebody was given that address lately, and it is not for anybody else yet.
    #[error("{0} is cooling off: it is not for anybody else yet")]
    Cooling(IpAddr),
    /// A rule forbids it.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// It can't be made durable, so it is not done.
    #[error("the journal of leases: {0}")]
    Journal(#[from] JournalError),
}

/// The leases of a running egress. Looking one up never waits for the disk; what changes one returns when that is
/// durable, so it is to be called where blocking is allowed.
#[derive(Debug)]
pub struct Leases<M = LockedFile> {
    journal: Mutex<Journal<M>>,
    book: RwLock<Book>,
    now: fn() -> u64,
}

impl Leases<LockedFile> {
    /// The leases of a file.
    ///
    /// # Errors
    /// [`JournalError`]; that another process has it open is one too.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        Self::with(LockedFile::open(path)?, crate::clock::now)
    }
}

impl<M: Medium> Leases<M> {
    /// The leases on a medium, and the clock that cooling off goes by, in seconds since 1970.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn with(medium: M, now: fn() -> u64) -> Result<Self, JournalError> {
        let (journal, book) = Journal::open(medium, now())?;
        Ok(Self { journal: Mutex::new(journal), book: RwLock::new(book), now })
    }

    /// The address of an account, if it has one of that family.
    pub fn find(&self, account: &AccountName, family: Family) -> Option<IpAddr> {
        self.book().lease(account.as_str(), family).map(|lease| lease.address)
    }

    /// Whose an address is.
    pub fn holder(&self, address: IpAddr) -> Option<AccountName> {
        self.book().holder(address).map(AccountName::new)
    }

    /// Every lease, by account.
    pub fn list(&self) -> Vec<Lease> {
        self.book().leases().cloned().collect()
    }

    /// The seconds until anybody may get an address, where that is not now.
    pub fn cooling(&self, address: IpAddr) -> Option<Duration> {
        let now = (self.now)();
        self.book().cooling_until(address, now).map(|until| Duration::from_secs(until - now))
    }

    /// The address of an account: the one that it has, or else the first of `candidates` that is free for it, durably.
    ///
    /// # Errors
    /// [`LeaseError::NoneFree`] or [`LeaseError::Journal`].
    pub fn obtain(
        &self,
        account: &AccountName,
        family: Family,
        candidates: impl IntoIterator<Item = Candidate>,
    ) -> Result<IpAddr, LeaseError> {
        let mut journal = self.journal();
        if let Some(address) = self.find(account, family) {
            return Ok(address);
        }
        let address = self.first_free(account, family, candidates)?;
        let at = (self.now)();
        self.commit(&mut journal, &Record::Lease { account: account.as_str().into(), address, at })?;
        Ok(address)
    }

    /// Gives an account the first of `candidates` that is free for it in the place of the address that it has; that
    /// one is nobody else's for `cool_off`. Gives back the old and the new one.
    ///
    /// # Errors
    /// [`LeaseError`]; then nothing has changed.
    pub fn relocate(
        &self,
        account: &AccountName,
        family: Family,
        candidates: impl IntoIterator<Item = Candidate>,
        cool_off: Duration,
    ) -> Result<(IpAddr, IpAddr), LeaseError> {
        let mut journal = self.journal();
        let from = self.held(account, family)?;
        let to = self.first_free(account, family, candidates)?;
        let at = (self.now)();
        let account = account.as_str().into();
        self.commit(&mut journal, &Record::Move { account, from, to, at, free_at: at + cool_off.as_secs() })?;
        Ok((from, to))
    }

    /// Takes the address of an account back; it is nobody else's for `cool_off`.
    ///
    /// # Errors
    /// [`LeaseError`]; then nothing has changed.
    pub fn release(
        &self,
        account: &AccountName,
        family: Family,
        cool_off: Duration,
    ) -> Result<IpAddr, LeaseError> {
        let mut journal = self.journal();
        let address = self.held(account, family)?;
        let free_at = (self.now)() + cool_off.as_secs();
        self.commit(&mut journal, &Record::Release { account: account.as_str().into(), address, free_at })?;
        Ok(address)
    }

    fn held(&self, account: &AccountName, family: Family) -> Result<IpAddr, LeaseError> {
        self.find(account, family).ok_or_else(|| LeaseError::NoLease(account.as_str().into(), family))
    }

    fn first_free(
        &self,
        account: &AccountName,
        family: Family,
        candidates: impl IntoIterator<Item = Candidate>,
    ) -> Result<IpAddr, LeaseError> {
        let (book, now) = (self.book(), (self.now)());
        let mut of_family = candidates.into_iter().filter(|&address| Family::of(address) == family);
        of_family
            .find(|&address| book.is_free_for(address, account.as_str(), now))
            .ok_or(LeaseError::NoneFree)
    }

    /// Durable first, then in force.
    fn commit(&self, journal: &mut Journal<M>, record: &Record) -> Result<(), LeaseError> {
        self.book().check(record)?;
        journal.append(record)?;
        let mut book = self.book_mut();
        book.apply(record)?;
        if journal.is_too_long(&book) {
            // The change itself is durable; that the journal can't be written anew is told when it is next used.
            if let Err(error) = journal.compact(&book, (self.now)()) {
                tracing::error!(%error, "the journal of leases could not be written anew");
            }
        }
        Ok(())
    }

    fn journal(&self) -> MutexGuard<'_, Journal<M>> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn book(&self) -> RwLockReadGuard<'_, Book> {
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn book_mut(&self) -> RwLockWriteGuard<'_, Book> {
        self.book.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
