//! Local accounts: names and passwords that the gateway keeps itself.
//!
//! * [`mod@file`]: the file of accounts, which `tenure user` changes also while the gateway runs.
//! * [`hashing`]: Argon2id, on a bounded number of threads away from those that serve.
//! * [`throttle`]: slowing down who guesses, without locking out whom they guess at.

pub mod file;
mod hashing;
mod throttle;

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tenure::clock::Clock;
use tenure::core::Subject;
use zeroize::Zeroizing;

pub use file::{Account, AccountFile, AccountFileError, FileStamp};
pub use hashing::{HashError, PasswordError, PasswordHash, hash_password};
pub use throttle::Limits;

use hashing::Hasher;
use throttle::Throttle;

/// The accounts of a running gateway.
pub struct Accounts {
    path: PathBuf,
    hasher: Hasher,
    throttle: Throttle,
    known: Mutex<Known>,
}

/// What was read of the file, and what has changed since it was last asked for.
#[derive(Default)]
struct Known {
    stamp: Option<FileStamp>,
    accounts: Arc<HashMap<String, Account>>,
    changes: BTreeMap<String, Change>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Credential,
    Closed,
}

/// Somebody who gave the right password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// Who it is.
    pub subject: Subject,
}

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Name and password do not belong together; which of them is wrong is never told.
    #[error("the name and the password do not match")]
    WrongCredentials,
    /// There were too many tries.
    #[error("too many tries; the next one is looked at in {} s", retry_after.as_secs())]
    Throttled {
        /// After this time the next one is looked at.
        retry_after: Duration,
    },
    /// More passwords wait to be checked than can be.
    #[error("too many passwords wait to be checked")]
    Busy,
    /// The file of accounts cannot be read.
    #[error("the accounts cannot be read: {0}")]
    Unavailable(#[from] AccountFileError),
}

/// A change of an account that its sessions must not outlive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AccountChange {
    /// It was removed or disabled.
    Closed(Subject),
    /// It has another password.
    CredentialChanged(Subject),
}

impl Accounts {
    /// The accounts of a file, which need not be there yet.
    ///
    /// # Errors
    /// The file cannot be read or understood.
    pub fn open(path: &Path, clock: Arc<dyn Clock>, limits: Limits) -> Result<Self, AccountFileError> {
        let accounts = Self {
            path: path.to_owned(),
            hasher: Hasher::new(),
            throttle: Throttle::new(clock, limits),
            known: Mutex::default(),
        };
        accounts.refresh()?;
        // What was so when the gateway started is no change.
        accounts.lock().changes.clear();
        Ok(accounts)
    }

    /// Checks a name and a password.
    ///
    /// A name that is not known costs the same work as one that is. A try that is refused for being one too
    /// many is not looked at, so it tells nothing about the password.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn verify(&self, name: &str, password: &str, address: IpAddr) -> Result<Verified, Refused> {
        self.throttle.admit(name, address).map_err(|retry_after| Refused::Throttled { retry_after })?;
        let account = self.refresh()?.get(name).filter(|account| !account.disabled).cloned();
        let hash = account.as_ref().map(|account| account.password.clone());
        let password = Zeroizing::new(password.to_owned());
        let matches = self.hasher.verify(password, hash).await.map_err(|HashError| Refused::Busy)?;
        let subject = Subject::new(name).ok().filter(|_| matches && account.is_some());
        match subject {
            Some(subject) => {
                self.throttle.succeeded(name, address);
                Ok(Verified { subject })
            }
            None => {
                self.throttle.failed(name, address);
                Err(Refused::WrongCredentials)
            }
        }
    }

    /// The changes since the last call that sessions must not outlive. A file that cannot be read changes
    /// nothing: not knowing is not an ending.
    pub fn changes(&self) -> Vec<AccountChange> {
        if let Err(error) = self.refresh() {
            tracing::warn!(%error, "the file of accounts could not be read");
        }
        std::mem::take(&mut self.lock().changes)
            .into_iter()
            .filter_map(|(name, change)| {
                let subject = Subject::new(&name).ok()?;
                Some(match change {
                    Change::Credential => AccountChange::CredentialChanged(subject),
                    Change::Closed => AccountChange::Closed(subject),
                })
            })
            .collect()
    }

    /// Gives a change back that could not be dealt with: it comes with the next [`changes`](Self::changes).
    pub fn remind(&self, change: AccountChange) {
        let (subject, change) = match change {
            AccountChange::Closed(subject) => (subject, Change::Closed),
            AccountChange::CredentialChanged(subject) => (subject, Change::Credential),
        };
        self.lock().note(subject.as_str(), change);
    }

    /// The accounts as they are, read again only if the file has changed.
    fn refresh(&self) -> Result<Arc<HashMap<String, Account>>, AccountFileError> {
        let mut known = self.lock();
        let stamp = FileStamp::of(&self.path)?;
        if known.stamp != Some(stamp) {
            let accounts = AccountFile::read(&self.path)?;
            let accounts: HashMap<_, _> =
                accounts.into_iter().map(|account| (account.name.clone(), account)).collect();
            known.compare(&accounts);
            known.accounts = Arc::new(accounts);
            known.stamp = Some(stamp);
        }
        Ok(Arc::clone(&known.accounts))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn compare(&mut self, now: &HashMap<String, Account>) {
        let before = Arc::clone(&self.accounts);
        for (name, account) in &*before {
            match now.get(name) {
                None => self.note(name, Change::Closed),
                Some(now) if now.disabled && !account.disabled => self.note(name, Change::Closed),
                Some(now) if now.password != account.password => self.note(name, Change::Credential),
                Some(_) => {}
            }
        }
    }

    fn note(&mut self, name: &str, change: Change) {
        let noted = self.changes.entry(name.to_owned()).or_insert(change);
        *noted = change.max(*noted);
    }
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure::clock::ManualClock;
    use tenure::core::Timestamp;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn with_ada(folder: &Path) -> (PathBuf, Accounts) {
        let path = folder.join("accounts");
        AccountFile::change(&path, |accounts| accounts.add("ada", hash_password("correct horse").unwrap()))
            .unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_000_000)));
        let accounts = Accounts::open(&path, clock, Limits::default()).unwrap();
        (path, accounts)
    }

    #[tokio::test]
    async fn only_the_right_password_of_an_open_account_lets_in() {
        let folder = tempfile::tempdir().unwrap();
        let (path, accounts) = with_ada(folder.path());
        assert_eq!(accounts.verify("ada", "correct horse", HERE).await.unwrap().subject.as_str(), "ada");
        for (name, password) in [
            ("ada", "wrong"),
            ("bob", "correct horse"),
            ("ada", ""),
            ("", "correct horse"),
            ("Ada", "correct horse"),
        ] {
            let refused = accounts.verify(name, password, HERE).await;
            assert!(matches!(refused, Err(Refused::WrongCredentials)), "{name} {password}");
        }
        AccountFile::change(&path, |accounts| accounts.set_disabled("ada", true)).unwrap();
        assert!(matches!(
            accounts.verify("ada", "correct horse", HERE).await,
            Err(Refused::WrongCredentials)
        ));
    }

    #[tokio::test]
    async fn an_unknown_name_costs_the_same_work_as_a_known_one() {
        let folder = tempfile::tempdir().unwrap();
        let (_, accounts) = with_ada(folder.path());
        for name in ["ada", "nobody"] {
            let before = accounts.hasher.computed();
            let _ = accounts.verify(name, "wrong", HERE).await;
            assert_eq!(accounts.hasher.computed() - before, 1, "{name}");
        }
    }

    #[tokio::test]
    async fn changes_are_told_once_and_again_if_they_are_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let (path, accounts) = with_ada(folder.path());
        assert_eq!(accounts.changes(), []);
        let ada = Subject::new("ada").unwrap();
        AccountFile::change(&path, |accounts| {
            accounts.set_password("ada", hash_password("another one").unwrap())
        })
        .unwrap();
        assert_eq!(accounts.changes(), [AccountChange::CredentialChanged(ada.clone())]);
        assert_eq!(accounts.changes(), []);
        accounts.remind(AccountChange::CredentialChanged(ada.clone()));
        AccountFile::change(&path, |accounts| accounts.remove("ada")).unwrap();
        assert_eq!(accounts.changes(), [AccountChange::Closed(ada)]);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_closes_no_account() {
        let folder = tempfile::tempdir().unwrap();
        let (path, accounts) = with_ada(folder.path());
        std::fs::write(&path, "garbage").unwrap();
        assert_eq!(accounts.changes(), []);
        assert!(matches!(accounts.verify("ada", "correct horse", HERE).await, Err(Refused::Unavailable(_))));
    }
}
