//! Connections to sites that wait for the next request.
//!
//! Each is kept under the account that it was opened for, and serves no other: its source address is that account's.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use tokio::time::Instant;

use crate::{AccountName, Target};

type Key = (AccountName, Target);

/// How many connections to one site are kept for one account.
const MOST: usize = 16;

/// Connections to sites, by account and target.
pub(in crate::front) struct Pool {
    kept: Mutex<HashMap<Key, Vec<Kept>>>,
    keep_for: Duration,
}

struct Kept {
    sender: SendRequest<Incoming>,
    since: Instant,
}

impl Pool {
    pub(in crate::front) fn new(keep_for: Duration) -> Self {
        Self { kept: Mutex::default(), keep_for }
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<Key, Vec<Kept>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that is ready for a request, if there is one. It is out of the pool then.
    pub(super) fn take(&self, account: &AccountName, target: &Target) -> Option<SendRequest<Incoming>> {
        let mut kept = self.kept();
        let key = (account.clone(), target.clone());
        let waiting = kept.get_mut(&key)?;
        waiting.retain(|connection| !connection.sender.is_closed());
        let ready = waiting.iter().rposition(|connection| connection.sender.is_ready());
        let taken = ready.map(|index| waiting.swap_remove(index).sender);
        if waiting.is_empty() {
            kept.remove(&key);
        }
        taken
    }

    /// Keeps a connection for the same account and target; it may still be busy with an answer.
    pub(super) fn put(&self, account: &AccountName, target: &Target, sender: SendRequest<Incoming>) {
        let mut kept = self.kept();
        let waiting = kept.entry((account.clone(), target.clone())).or_default();
        if waiting.len() < MOST {
            waiting.push(Kept { sender, since: Instant::now() });
        }
    }

    /// Closes what has waited for too long.
    pub(in crate::front) fn sweep(&self) {
        let keep_for = self.keep_for;
        self.kept().retain(|_, waiting| {
            // A connection that is busy with a long answer was put here before it was idle; it may stay.
            waiting.retain(|connection| {
                let fresh = connection.since.elapsed() < keep_for;
                !connection.sender.is_closed() && (fresh || !connection.sender.is_ready())
            });
            !waiting.is_empty()
        });
    }
}
