//! The embedded store: every session in memory, every change in a log-structured engine (fjall).
//!
//! * [`memory`]: the tables that requests are judged from, without I/O.
//! * [`engine`]: fjall, and getting it back after a failure.
//! * [`journal`]: making changes durable together (group commit), and activity behind.
//! * [`recovery`]: from the engine back into memory, after a stop or a crash.
//! * [`mod@format`]: how a record is written.
//! * [`bag`]: the data bags, which are on disk only.
//!
//! What takes away (a lock, an ending) is in memory first and durable then; what gives (a sign-in, an unlock, a
//! rotation) is in memory only once it is durable, and until then nobody else may change the session, except to
//! end it. The journal keeps the order in which changes were decided.

mod bag;
mod engine;
pub mod format;
mod insert;
mod journal;
mod memory;
mod recovery;
mod update;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{
    Admission, Change, Counts, DataError, DataValue, DataVersion, Details, Found, InsertError, Precondition,
    Record, Store, TokenStanding, Touch, TouchError, Unavailable, UpdateError,
};
use crate::clock::Clock;
use crate::core::{Session, SessionId, State, Subject, Timestamp, TokenHash, Version};
use crate::keys::{Purpose, SharedKeys};

use engine::EngineSlot;
use format::Stored;
use journal::{Job, Journal, Write};
use memory::{Kept, Memory};

pub use recovery::{OpenError, Recovery};

/// How an embedded store is opened.
pub struct EmbeddedOptions {
    /// Its folder; made if it is not there.
    pub path: PathBuf,
    /// The key ring that seals what is stored.
    pub keys: SharedKeys,
    /// The time, for what is written behind.
    pub clock: Arc<dyn Clock>,
    /// How long activity may wait to be written. After a crash everybody gets this time back.
    pub touch_interval: Duration,
}

impl EmbeddedOptions {
    /// In this folder, with activity written every two seconds.
    pub fn new(path: impl Into<PathBuf>, keys: SharedKeys, clock: Arc<dyn Clock>) -> Self {
        Self { path: path.into(), keys, clock, touch_interval: Duration::from_secs(2) }
    }
}

/// The embedded store. Dropping it writes what waits, and closes it.
pub struct EmbeddedStore {
    journal: Journal,
    inner: Arc<Inner>,
}

/// What the store shares with its journal.
struct Inner {
    memory: Memory,
    engine: Arc<EngineSlot>,
    keys: SharedKeys,
    bags: bag::Locks,
}

/// A due session that was handed out is not handed out again for this long.
const HANDED_OUT_FOR: Duration = Duration::from_secs(60);

impl Inner {
    /// The value under which a session is stored: token and audience in the clear, so that a damaged record can
    /// still be told to its owner; all else sealed.
    fn seal(&self, stored: &Stored) -> Result<Vec<u8>, Unavailable> {
        let session = &stored.record.session;
        let purpose = Purpose { kind: "session", place: session.id.as_bytes() };
        let sealed = self.keys.load().seal(purpose, &format::encode(stored)).map_err(Unavailable::because)?;
        let mut value = Vec::with_capacity(recovery::CLEAR + sealed.len());
        value.extend_from_slice(&stored.token.0);
        value.extend_from_slice(&session.audience.0.to_le_bytes());
        value.extend_from_slice(&sealed);
        Ok(value)
    }

    /// What the engine has of a session's details; nothing if that cannot be read, for the session itself is well.
    fn details(&self, id: SessionId) -> Result<Details, Unavailable> {
        let Some(value) = self.engine.with(|engine| engine.sessions.get(id.as_bytes()))? else {
            return Ok(Details::default());
        };
        Ok(recovery::open_record(&self.keys.load(), id, &value).map_or_else(
            |problem| {
                tracing::error!(session = %id, %problem, "the details of a session cannot be read");
                Details::default()
            },
            |stored| stored.record.details,
        ))
    }

    /// The whole record of a session that is in memory.
    fn record(&self, id: SessionId) -> Result<Option<Record>, Unavailable> {
        let (session, due_at, in_flight) = match self.memory.shard(id).get(&id) {
            Some(kept) if kept.visible => (kept.session.clone(), kept.due_at, kept.in_flight.clone()),
            _ => return Ok(None),
        };
        let details = match in_flight {
            Some(record) => record.details.clone(),
            None => self.details(id)?,
        };
        Ok(Some(Record { session, details, due_at }))
    }

    /// What is to be written behind now: activity, and what could not be made durable before.
    fn behind(self: &Arc<Self>, now: Timestamp, last: bool) -> Job {
        let dirty = self.memory.take_dirty();
        let mut writes: Vec<_> = dirty
            .iter()
            .filter_map(|&id| {
                let mut shard = self.memory.shard(id);
                let kept = shard.get_mut(&id)?;
                kept.dirty = false;
                let retired_at = kept
                    .replaced
                    .as_ref()
                    .and_then(|replaced| replaced.retired_at)
                    .unwrap_or(Timestamp::NEVER);
                let mut value = [0; 24];
                for (place, moment) in
                    value.chunks_exact_mut(8).zip([kept.session.last_activity_at, kept.due_at, retired_at])
                {
                    place.copy_from_slice(&moment.as_millis().to_le_bytes());
                }
                Some(Write::Touch(id, value))
            })
            .collect();
        writes.push(Write::Meta(recovery::NEWEST, now.as_millis().to_le_bytes().to_vec()));
        if last {
            writes.push(Write::Meta(recovery::CLOSED, vec![1]));
        }
        let mut again = Vec::new();
        for id in self.memory.take_unsaved() {
            if let Some((record, more)) = self.unsaved(id) {
                writes.extend(more);
                again.push(record);
            }
        }
        let shared = Arc::clone(self);
        let done = Box::new(move |result: Result<(), Unavailable>| {
            for record in again {
                shared.tried_again(&record, result.is_ok());
            }
            if result.is_err() {
                shared.still_dirty(&dirty);
            }
        });
        Job { writes, done }
    }

    /// Activity that could not be written waits for the next time.
    fn still_dirty(&self, ids: &[SessionId]) {
        for id in ids {
            if let Some(kept) = self.memory.shard(*id).get_mut(id) {
                self.note_dirty(kept);
            }
        }
    }

    fn note_dirty(&self, kept: &mut Kept) {
        if !kept.dirty {
            kept.dirty = true;
            self.memory.note_dirty(kept.session.id);
        }
    }
}

impl Store for EmbeddedStore {
    async fn insert(
        &self,
        record: Record,
        token: TokenHash,
        admission: Admission,
    ) -> Result<Vec<Record>, InsertError> {
        insert::insert(self, record, token, admission).await
    }

    async fn find(&self, token: &TokenHash) -> Result<Option<Found>, Unavailable> {
        let Some(id) = self.inner.memory.id_of(token) else { return Ok(None) };
        let shard = self.inner.memory.shard(id);
        let Some(kept) = shard.get(&id).filter(|kept| kept.visible) else { return Ok(None) };
        let standing = match &kept.replaced {
            _ if kept.token == *token => TokenStanding::Current {
                first_seen: kept.replaced.as_ref().is_some_and(|replaced| replaced.retired_at.is_none()),
            },
            Some(replaced) if replaced.token == *token => {
                TokenStanding::Replaced { privilege: replaced.privilege, retired_at: replaced.retired_at }
            }
            _ => return Ok(None),
        };
        Ok(Some(Found { session: kept.session.clone(), token: standing, place: 0 }))
    }

    async fn load(&self, id: SessionId) -> Result<Option<Record>, Unavailable> {
        self.inner.record(id)
    }

    async fn touch(&self, session: &Found, touch: Touch) -> Result<(), TouchError> {
        let id = session.session.id;
        let mut shard = self.inner.memory.shard(id);
        let kept = shard.get_mut(&id).filter(|kept| kept.visible).ok_or(TouchError::Gone)?;
        if kept.session.state != State::Active {
            return Err(TouchError::Gone);
        }
        kept.session.last_activity_at = kept.session.last_activity_at.max(touch.at);
        kept.due_at = kept.due_at.max(touch.due_at);
        self.inner.note_dirty(kept);
        Ok(())
    }

    async fn retire(&self, session: &Found, at: Timestamp) -> Result<(), TouchError> {
        let id = session.session.id;
        let mut shard = self.inner.memory.shard(id);
        let kept = shard
            .get_mut(&id)
            .filter(|kept| kept.visible && kept.session.is_live())
            .ok_or(TouchError::Gone)?;
        if kept.session.version == session.session.version
            && let Some(replaced) = &mut kept.replaced
            && replaced.retired_at.is_none()
        {
            replaced.retired_at = Some(at);
            self.inner.note_dirty(kept);
        }
        Ok(())
    }

    async fn update(&self, expected: Version, change: Change) -> Result<Version, UpdateError> {
        update::update(self, expected, change).await
    }

    async fn list(&self, subject: &Subject) -> Result<Vec<Record>, Unavailable> {
        let ids = self.inner.memory.subjects(subject).get(subject).cloned().unwrap_or_default();
        let mut records = Vec::with_capacity(ids.len());
        for id in ids {
            records.extend(self.inner.record(id)?);
        }
        records.sort_by_key(|record| (record.session.signed_in_at, record.session.id));
        Ok(records)
    }

    async fn page(&self, after: Option<SessionId>, limit: usize) -> Result<Vec<Session>, Unavailable> {
        Ok(self.inner.memory.page(after, limit))
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<SessionId>, Unavailable> {
        let memory = &self.inner.memory;
        let mut due = Vec::new();
        // Touches only move the due moment, not the place in the queue; what comes up too early is put back. That
        // is bounded too, so that one call never takes long.
        for _ in 0..limit.saturating_mul(4) {
            if due.len() == limit {
                break;
            }
            let Some(id) = memory.first_due(now) else { break };
            let mut shard = memory.shard(id);
            let Some(kept) = shard.get_mut(&id) else { continue };
            if kept.due_at > now {
                let at = kept.due_at;
                memory.arm(kept, at);
            } else {
                memory.arm(kept, now + HANDED_OUT_FOR);
                if kept.visible {
                    due.push(id);
                }
            }
        }
        Ok(due)
    }

    async fn forget(&self, id: SessionId) -> Result<(), Unavailable> {
        let (subject, token, replaced) = match self.inner.memory.shard(id).get(&id) {
            Some(kept) if kept.visible && !kept.session.is_live() => (
                kept.session.subject.clone(),
                kept.token,
                kept.replaced.as_ref().map(|replaced| replaced.token),
            ),
            _ => return Ok(()),
        };
        self.commit(vec![Write::Forget(id)]).await?;
        let memory = &self.inner.memory;
        let mut subjects = memory.subjects(&subject);
        let mut shard = memory.shard(id);
        if let Some(kept) = shard.remove(&id) {
            memory.disarm(&kept);
            memory.count(Some(kept.session.state), None);
        }
        drop(shard);
        if let Some(ids) = subjects.get_mut(&subject) {
            ids.retain(|known| *known != id);
            if ids.is_empty() {
                subjects.remove(&subject);
            }
        }
        memory.unlink(&token);
        if let Some(replaced) = replaced {
            memory.unlink(&replaced);
        }
        Ok(())
    }

    fn counts(&self) -> Counts {
        self.inner.memory.counts()
    }

    async fn data_keys(&self, id: SessionId) -> Result<Vec<(String, DataVersion)>, DataError> {
        self.inner.data_keys(id)
    }

    async fn data(&self, id: SessionId, key: &str) -> Result<Option<DataValue>, DataError> {
        self.inner.data(id, key)
    }

    async fn write_data(
        &self,
        id: SessionId,
        key: &str,
        value: Option<Vec<u8>>,
        precondition: Precondition,
    ) -> Result<DataVersion, DataError> {
        bag::write(self, id, key, value, precondition).await
    }
}

impl EmbeddedStore {
    /// Makes writes durable, and waits for it.
    async fn commit(&self, writes: Vec<Write>) -> Result<(), Unavailable> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.journal.submit(writes, Box::new(move |result| drop(sender.send(result))));
        receiver.await.unwrap_or_else(|_| Err(Unavailable::because("the journal has stopped")))
    }
}

#[cfg(test)]
mod tests;
