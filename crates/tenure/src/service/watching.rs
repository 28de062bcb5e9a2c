//! Waiting until one session stops, for open streams.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::Sessions;
use crate::core::{MissingReason, Reason, SessionId, State};
use crate::store::{Store, Unavailable};

/// Who waits for which session. Only transitions look here, never a request.
#[derive(Debug, Default)]
pub(super) struct Watchers(Mutex<HashMap<SessionId, watch::Sender<Option<Reason>>>>);

impl Watchers {
    fn table(&self) -> MutexGuard<'_, HashMap<SessionId, watch::Sender<Option<Reason>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn register(self: &Arc<Self>, id: SessionId) -> Watch {
        let receiver = self.table().entry(id).or_insert_with(|| watch::channel(None).0).subscribe();
        Watch { id, receiver: Some(receiver), watchers: Arc::clone(self), stopped: None }
    }

    pub(super) fn tell(&self, id: SessionId, reason: Reason) {
        if let Some(sender) = self.table().remove(&id) {
            sender.send_replace(Some(reason));
        }
    }

    fn unregister(&self, id: SessionId) {
        let mut table = self.table();
        if table.get(&id).is_some_and(|sender| sender.receiver_count() == 0) {
            table.remove(&id);
        }
    }
}

/// A wait for the moment at which a session is not active any more. It costs requests nothing.
#[derive(Debug)]
pub struct Watch {
    id: SessionId,
    /// `None` only while it is dropped.
    receiver: Option<watch::Receiver<Option<Reason>>>,
    watchers: Arc<Watchers>,
    stopped: Option<Reason>,
}

impl Watch {
    /// Waits until the session is locked or ended, and tells why. A session that reaches a limit
    /// while nobody asks for it is noticed by the [sweep](Sessions::sweep).
    ///
    /// Cancel safe.
    pub async fn stopped(&mut self) -> Reason {
        if let Some(reason) = self.stopped {
            return reason;
        }
        let told = match &mut self.receiver {
            Some(receiver) => receiver.wait_for(Option::is_some).await.ok().and_then(|told| *told),
            None => None,
        };
        // A closed channel was told first, and `wait_for` sees the last value of a closed one.
        *self.stopped.insert(told.unwrap_or(Reason::Missing(MissingReason::CookieUnknown)))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.receiver = None;
        self.watchers.unregister(self.id);
    }
}

impl<S: Store> Sessions<S> {
    /// Begins to wait until a session stops being active, whoever stops it. If it is not active
    /// already, the wait is over at once.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing is known about the session.
    pub async fn watch(&self, id: SessionId) -> Result<Watch, Unavailable> {
        // Registered first, so that a change between the two is not missed.
        let mut watch = self.watchers.register(id);
        watch.stopped = match self.store.load(id).await?.map(|record| record.session.state) {
            Some(State::Active) => None,
            Some(State::Locked { reason, .. }) => Some(Reason::Locked(reason)),
            Some(State::Ended { reason, .. }) => Some(Reason::Ended(reason)),
            None => Some(Reason::Missing(MissingReason::CookieUnknown)),
        };
        Ok(watch)
    }
}
