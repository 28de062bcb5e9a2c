//! Interleaving: every call of the store stops before and after it, and the simulation decides who
//! goes on.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use crate::core::{Session, SessionId, Subject, Timestamp, TokenHash, Version};
use crate::store::*;

thread_local! {
    static AT_GATE: Cell<bool> = const { Cell::new(false) };
}

/// Stops until the simulation goes on with this task.
pub(crate) async fn gate() {
    let mut waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        AT_GATE.set(true);
        // Where one task runs several calls at once, only those that are woken go on.
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Goes on with a task until it stands at a gate or is done. Pauses between attempts are skipped,
/// so that the order of everything follows from the seed alone.
pub(crate) async fn step<T>(task: &mut Pin<Box<dyn Future<Output = T>>>) -> Poll<T> {
    loop {
        AT_GATE.set(false);
        let polled = poll_fn(|context| Poll::Ready(task.as_mut().poll(context))).await;
        if polled.is_ready() || AT_GATE.get() {
            return polled;
        }
        tokio::task::yield_now().await;
    }
}

/// A store with a gate before and after each call.
pub(crate) struct Gated<S>(pub(crate) S);

macro_rules! gated {
    ($call:expr) => {{
        gate().await;
        let answer = $call.await;
        gate().await;
        answer
    }};
}

impl<S: Store> Store for Gated<S> {
    async fn insert(
        &self,
        record: Record,
        token: TokenHash,
        admission: Admission,
    ) -> Result<Vec<Record>, InsertError> {
        gated!(self.0.insert(record, token, admission))
    }

    async fn find(&self, token: &TokenHash) -> Result<Option<Found>, Unavailable> {
        gated!(self.0.find(token))
    }

    async fn load(&self, id: SessionId) -> Result<Option<Record>, Unavailable> {
        gated!(self.0.load(id))
    }

    async fn touch(&self, session: &Found, touch: Touch) -> Result<(), TouchError> {
        gated!(self.0.touch(session, touch))
    }

    async fn retire(&self, session: &Found, at: Timestamp) -> Result<(), TouchError> {
        gated!(self.0.retire(session, at))
    }

    async fn update(&self, expected: Version, change: Change) -> Result<Version, UpdateError> {
        gated!(self.0.update(expected, change))
    }

    async fn list(&self, subject: &Subject) -> Result<Vec<Record>, Unavailable> {
        gated!(self.0.list(subject))
    }

    async fn page(&self, after: Option<SessionId>, limit: usize) -> Result<Vec<Session>, Unavailable> {
        gated!(self.0.page(after, limit))
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<SessionId>, Unavailable> {
        gated!(self.0.due(now, limit))
    }

    async fn forget(&self, id: SessionId) -> Result<(), Unavailable> {
        gated!(self.0.forget(id))
    }

    fn counts(&self) -> Counts {
        self.0.counts()
    }

    async fn data_keys(&self, id: SessionId) -> Result<Vec<(String, DataVersion)>, DataError> {
        gated!(self.0.data_keys(id))
    }

    async fn data(&self, id: SessionId, key: &str) -> Result<Option<DataValue>, DataError> {
        gated!(self.0.data(id, key))
    }

    async fn write_data(
        &self,
        id: SessionId,
        key: &str,
        value: Option<Vec<u8>>,
        precondition: Precondition,
    ) -> Result<DataVersion, DataError> {
        gated!(self.0.write_data(id, key, value, precondition))
    }
}
