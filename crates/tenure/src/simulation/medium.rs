//! Stores that can crash, and one in memory that loses in a crash what a store may lose.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::{Clock as _, ManualClock};
use crate::core::{Session, SessionId, State, Subject, Timestamp, TokenHash, Version};
use crate::store::*;

use super::rng::Rng;
use super::schedule::gate;

/// A store for the simulation.
pub(crate) trait Crashes: Store + Sized {
    /// After a crash, somebody may be taken to have been active who was over the limit by less than this.
    const LENIENCE: Duration;

    /// Opens an empty one.
    fn create(clock: Arc<ManualClock>) -> impl Future<Output = Self>;

    /// Loses everything that was not durable, and opens again.
    fn crash_and_reopen(self, rng: &mut Rng) -> impl Future<Output = Self>;

    /// Lets time pass, and the store do what it does in time.
    fn pass(&self, clock: &ManualClock, time: Duration) {
        clock.advance(time);
    }
}

/// Activity is written behind by at most this.
const WRITTEN_BEHIND: Duration = Duration::from_secs(3);

/// What is in force in one store, what is durable in another. Activity and sights of tokens become
/// durable later; what takes away is in force before it is durable.
pub(crate) struct JournaledMemory {
    in_force: MemoryStore,
    durable: MemoryStore,
    behind: Mutex<Vec<Behind>>,
    being_written: Mutex<HashSet<SessionId>>,
    clock: Arc<ManualClock>,
}

/// Something that is not durable yet.
struct Behind {
    noted_at: Timestamp,
    session: Found,
    what: Note,
}

enum Note {
    Touch(Touch),
    Retire(Timestamp),
}

impl Crashes for JournaledMemory {
    const LENIENCE: Duration = WRITTEN_BEHIND;

    async fn create(clock: Arc<ManualClock>) -> Self {
        Self {
            in_force: MemoryStore::new(),
            durable: MemoryStore::new(),
            behind: Mutex::default(),
            being_written: Mutex::default(),
            clock,
        }
    }

    async fn crash_and_reopen(self, rng: &mut Rng) -> Self {
        let now = self.clock.now();
        let lost_from = rng.below(100);
        for note in self.behind.into_inner().unwrap() {
            if note.noted_at + WRITTEN_BEHIND <= now || rng.below(100) < lost_from {
                write(&self.durable, &note).await;
            }
        }
        give_back(&self.durable, now).await;
        Self {
            in_force: self.durable.clone(),
            durable: self.durable,
            behind: Mutex::default(),
            being_written: Mutex::default(),
            clock: self.clock,
        }
    }
}

async fn write(durable: &MemoryStore, note: &Behind) {
    // It may have ended since, and then the note is of no use.
    match note.what {
        Note::Touch(touch) => drop(durable.touch(&note.session, touch).await),
        Note::Retire(at) => drop(durable.retire(&note.session, at).await),
    }
}

/// Whoever may have been active in the time that is lost counts as active now. A session that was
/// over its limit before that time cannot have been.
async fn give_back(durable: &MemoryStore, now: Timestamp) {
    for session in durable.page(None, usize::MAX).await.unwrap() {
        let record = durable.load(session.id).await.unwrap().unwrap();
        if session.state != State::Active || record.due_at + WRITTEN_BEHIND <= now {
            continue;
        }
        let due_at = record.due_at + now.since(session.last_activity_at);
        let found = Found { session, token: TokenStanding::Current { first_seen: false }, place: 0 };
        durable.touch(&found, Touch { at: now, due_at }).await.unwrap();
    }
}

impl JournaledMemory {
    fn note(&self, session: &Found, what: Note) {
        let noted_at = self.clock.now();
        self.behind.lock().unwrap().push(Behind { noted_at, session: session.clone(), what });
    }

    async fn write_durably(&self, id: SessionId, expected: Version, mut change: Change) {
        let now = self.in_force.load(id).await.unwrap().unwrap();
        change.record = now;
        change.if_quiet_since = None;
        self.durable.update(expected, change).await.expect("what is durable follows what is in force");
    }
}

impl Store for JournaledMemory {
    async fn insert(
        &self,
        record: Record,
        token: TokenHash,
        admission: Admission,
    ) -> Result<Vec<Record>, InsertError> {
        // A session that is being written cannot be displaced at the same time.
        let subject = &record.session.subject;
        let busy = self.in_force.list(subject).await?;
        if busy.iter().any(|record| self.being_written.lock().unwrap().contains(&record.session.id)) {
            return Err(Unavailable::because("a session of the subject is being written").into());
        }
        let displaced = self.in_force.insert(record.clone(), token, admission).await?;
        for gone in &displaced {
            let before = Version(gone.session.version.0 - 1);
            let change = Change { record: gone.clone(), rotation: None, if_quiet_since: None };
            self.write_durably(gone.session.id, before, change).await;
        }
        self.durable.insert(record, token, Admission::Unlimited).await.unwrap();
        Ok(displaced)
    }

    async fn find(&self, token: &TokenHash) -> Result<Option<Found>, Unavailable> {
        self.in_force.find(token).await
    }

    async fn load(&self, id: SessionId) -> Result<Option<Record>, Unavailable> {
        self.in_force.load(id).await
    }

    async fn touch(&self, session: &Found, touch: Touch) -> Result<(), TouchError> {
        self.in_force.touch(session, touch).await?;
        self.note(session, Note::Touch(touch));
        Ok(())
    }

    async fn retire(&self, session: &Found, at: Timestamp) -> Result<(), TouchError> {
        self.in_force.retire(session, at).await?;
        self.note(session, Note::Retire(at));
        Ok(())
    }

    async fn update(&self, expected: Version, change: Change) -> Result<Version, UpdateError> {
        let id = change.record.session.id;
        if self.being_written.lock().unwrap().contains(&id) {
            return Err(UpdateError::Conflict);
        }
        let takes_away = change.record.session.state != State::Active;
        let version = self.in_force.update(expected, change.clone()).await?;
        if takes_away {
            self.being_written.lock().unwrap().insert(id);
            gate().await;
            self.being_written.lock().unwrap().remove(&id);
        }
        self.write_durably(id, expected, change).await;
        Ok(version)
    }

    async fn list(&self, subject: &Subject) -> Result<Vec<Record>, Unavailable> {
        self.in_force.list(subject).await
    }

    async fn page(&self, after: Option<SessionId>, limit: usize) -> Result<Vec<Session>, Unavailable> {
        self.in_force.page(after, limit).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<SessionId>, Unavailable> {
        self.in_force.due(now, limit).await
    }

    async fn forget(&self, id: SessionId) -> Result<(), Unavailable> {
        if self.being_written.lock().unwrap().contains(&id) {
            return Err(Unavailable::because("the session is being written"));
        }
        self.in_force.forget(id).await?;
        self.durable.forget(id).await
    }

    fn counts(&self) -> Counts {
        self.in_force.counts()
    }

    async fn data_keys(&self, id: SessionId) -> Result<Vec<(String, DataVersion)>, DataError> {
        self.in_force.data_keys(id).await
    }

    async fn data(&self, id: SessionId, key: &str) -> Result<Option<DataValue>, DataError> {
        self.in_force.data(id, key).await
    }

    async fn write_data(
        &self,
        id: SessionId,
        key: &str,
        value: Option<Vec<u8>>,
        precondition: Precondition,
    ) -> Result<DataVersion, DataError> {
        let version = self.in_force.write_data(id, key, value.clone(), precondition).await?;
        self.durable.write_data(id, key, value, Precondition::Always).await?;
        Ok(version)
    }
}
