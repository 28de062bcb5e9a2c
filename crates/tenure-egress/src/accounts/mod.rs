//! Accounts: identities that have a lease each. One person may have several.
//!
//! * [`mod@file`]: where they are kept; `tenure egress accounts` changes it while the egress runs.
//! * [`secret`]: what they prove themselves with.
//! * [`throttle`]: slowing down who guesses.

pub mod file;
pub mod secret;
pub mod throttle;

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;
use tokio::sync::watch;

pub use file::{Account, AccountError, AccountFile};
pub use secret::SecretHash;

use crate::pool::Tags;
use crate::{AccountName, Secret};
use file::Stamp;
use throttle::Throttle;

/// The accounts of a running egress.
#[derive(Debug)]
pub struct Accounts {
    path: PathBuf,
    stamp: Mutex<Option<Stamp>>,
    known: ArcSwap<HashMap<String, Known>>,
    /// Counts every change of whose connections may stay.
    changes: watch::Sender<u64>,
    throttle: Throttle,
}

#[derive(Debug, Clone)]
struct Known {
    account: Arc<Account>,
    /// The change since which its connections may stay.
    since: u64,
}

impl Accounts {
    /// The accounts of a file; none if there is no file.
    ///
    /// # Errors
    /// The file can't be read or understood.
    pub fn open(path: &Path) -> Result<Self, AccountError> {
        let accounts = Self {
            path: path.into(),
            stamp: Mutex::default(),
            known: ArcSwap::default(),
            changes: watch::Sender::new(0),
            throttle: Throttle::default(),
        };
        accounts.refresh()?;
        Ok(accounts)
    }

    /// Reads the file again if it has changed. What removed, disabled and re-keyed accounts have open is cut then; the
    /// others notice nothing.
    ///
    /// # Errors
    /// The file can't be read or understood; what was known stays in force.
    pub fn refresh(&self) -> Result<bool, AccountError> {
        let mut stamp = self.stamp.lock().unwrap_or_else(PoisonError::into_inner);
        let found = Stamp::of(&self.path)?;
        if *stamp == Some(found) {
            return Ok(false);
        }
        let accounts = AccountFile::read(&self.path)?;
        *stamp = Some(found);
        let change = *self.changes.borrow() + 1;
        let before = self.known.load();
        let known = |account: Account| {
            let since = match before.get(&account.name) {
                Some(known) if known.account.secret == account.secret => known.since,
                _ => change,
            };
            (account.name.clone(), Known { account: Arc::new(account), since })
        };
        let enabled = accounts.into_iter().filter(|account| !account.disabled);
        self.known.store(Arc::new(enabled.map(known).collect()));
        self.changes.send_replace(change);
        Ok(true)
    }

    /// Whether a secret is an account's.
    pub async fn authenticate(&self, name: &str, secret: &Secret, peer: IpAddr) -> Option<AccountName> {
        if !self.throttle.may_try(peer, Instant::now()) {
            tracing::debug!(%peer, "refused without a look: it has guessed too often");
            return None;
        }
        let known = self.known.load().get(name).map(|known| Arc::clone(&known.account));
        let hash = known.as_ref().map_or(&SecretHash::NOBODY, |account| &account.secret);
        if hash.is_of(secret) && known.is_some() {
            self.throttle.succeeded(peer);
            return Some(AccountName::new(name));
        }
        let wait = self.throttle.failed(peer, name, Instant::now());
        tracing::info!(%peer, event = "authentication_failed", "name and secret do not match");
        tokio::time::sleep(wait).await;
        None
    }

    /// Whether an account is there and may connect.
    pub fn is_known(&self, account: &AccountName) -> bool {
        self.known.load().contains_key(account.as_str())
    }

    /// Where an account asks its address to be.
    pub fn tags(&self, account: &AccountName) -> Tags {
        self.known.load().get(account.as_str()).map(|known| known.account.tags.clone()).unwrap_or_default()
    }

    /// Every account that may connect, by name.
    pub fn list(&self) -> Vec<Arc<Account>> {
        let mut accounts: Vec<_> =
            self.known.load().values().map(|known| Arc::clone(&known.account)).collect();
        accounts.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        accounts
    }

    /// Cuts what an account has open now; it may connect again.
    pub fn cut(&self, account: &AccountName) {
        let _one_at_a_time = self.stamp.lock().unwrap_or_else(PoisonError::into_inner);
        let change = *self.changes.borrow() + 1;
        let mut known = HashMap::clone(&self.known.load());
        if let Some(known) = known.get_mut(account.as_str()) {
            known.since = change;
        }
        self.known.store(Arc::new(known));
        self.changes.send_replace(change);
    }

    /// Returns once what `account` has open is to be cut.
    pub async fn gone(&self, account: &AccountName) {
        let since = || self.known.load().get(account.as_str()).map(|known| known.since);
        let mut changes = self.changes.subscribe();
        let Some(opened) = since() else { return };
        while since() == Some(opened) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn add(path: &Path, name: &str) -> Secret {
        AccountFile::change(path, |accounts| accounts.add(name, None, Tags::default())).unwrap()
    }

    #[tokio::test]
    async fn an_account_proves_itself_by_its_secret_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts");
        let (ada, bob) = (add(&path, "ada"), add(&path, "bob"));
        let accounts = Accounts::open(&path).unwrap();
        assert_eq!(accounts.authenticate("ada", &ada, PEER).await, Some(AccountName::new("ada")));
        assert_eq!(accounts.authenticate("ada", &bob, PEER).await, None);
        assert_eq!(accounts.authenticate("eve", &ada, PEER).await, None);
        let stored = std::fs::read(&path).unwrap();
        assert!(!stored.windows(ada.expose().len()).any(|window| window == ada.expose()));
    }

    #[tokio::test]
    async fn only_who_is_removed_or_gets_another_secret_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts");
        for name in ["ada", "bob", "eve", "sid"] {
            add(&path, name);
        }
        let accounts = Arc::new(Accounts::open(&path).unwrap());
        let watch = |name: &'static str| {
            let accounts = Arc::clone(&accounts);
            tokio::spawn(async move { accounts.gone(&AccountName::new(name)).await })
        };
        let [ada, bob, eve, sid] = ["ada", "bob", "eve", "sid"].map(watch);
        tokio::task::yield_now().await;
        AccountFile::change(&path, |accounts| {
            accounts.remove("ada")?;
            accounts.renew("bob")?;
            accounts.set_disabled("sid", true)
        })
        .unwrap();
        assert!(accounts.refresh().unwrap());
        assert!(!accounts.refresh().unwrap(), "nothing has changed since");
        for cut in [ada, bob, sid] {
            tokio::time::timeout(Duration::from_secs(5), cut).await.unwrap().unwrap();
        }
        assert!(!eve.is_finished());
        accounts.cut(&AccountName::new("eve"));
        tokio::time::timeout(Duration::from_secs(5), eve).await.unwrap().unwrap();
        assert!(accounts.is_known(&AccountName::new("eve")), "cut, and free to come back");
        accounts.gone(&AccountName::new("ada")).await;
    }

    #[tokio::test]
    async fn who_guesses_is_refused_without_a_look_and_the_owner_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts");
        let ada = add(&path, "ada");
        let accounts = Accounts::open(&path).unwrap();
        let guesser: IpAddr = [192, 0, 2, 9].into();
        for _ in 0..6 {
            let guess = Secret::new(b"a guess".to_vec());
            assert_eq!(accounts.authenticate("ada", &guess, guesser).await, None);
        }
        assert_eq!(
            accounts.authenticate("ada", &ada, guesser).await,
            None,
            "this address waits, whatever it says"
        );
        assert!(accounts.authenticate("ada", &ada, PEER).await.is_some());
    }
}
