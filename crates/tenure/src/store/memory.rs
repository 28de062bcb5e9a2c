//! A store that forgets everything when the process ends: for tests, examples and as the plain
//! reading of the contract. One lock around maps, no cleverness.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{
    Admission, Change, Counts, DataError, DataValue, DataVersion, Ending, Found, InsertError, OldPrivilege,
    Precondition, Record, Store, TokenStanding, Touch, TouchError, Unavailable, UpdateError,
};
use crate::core::{Session, SessionId, State, Subject, Timestamp, TokenHash, Version};

/// Keeps sessions in memory only. Not for production: a restart signs everybody out.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Tables>);

#[derive(Clone, Debug, Default)]
struct Tables {
    sessions: BTreeMap<SessionId, Row>,
    tokens: HashMap<TokenHash, SessionId>,
    inserted: u64,
}

#[derive(Clone, Debug)]
struct Row {
    record: Record,
    /// The order of signing in, where two have the same time.
    order: u64,
    token: TokenHash,
    replaced: Option<Replaced>,
    data: BTreeMap<String, DataValue>,
    /// Counts all writes to the data bag, so that versions grow over removals too.
    data_version: u64,
    /// The due moment for which it was handed out, and when that was.
    handed_out: Option<(Timestamp, Timestamp)>,
}

#[derive(Clone, Copy, Debug)]
struct Replaced {
    token: TokenHash,
    privilege: OldPrivilege,
    retired_at: Option<Timestamp>,
}

/// A due session that was handed out and not dealt with is handed out again after this time.
const HANDED_OUT_FOR: Duration = Duration::from_secs(60);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A copy of everything as it is at this moment, which goes its own way from here.
impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.tables().clone()))
    }
}

impl Tables {
    /// The rows of live sessions that count against a limit, least recently used first.
    fn counted(&self, session: &Session) -> Vec<SessionId> {
        let mut rows: Vec<&Row> = self
            .sessions
            .values()
            .filter(|row| Admission::counts(&row.record.session, &session.subject, session.audience))
            .collect();
        rows.sort_by_key(|row| (row.record.session.last_activity_at, row.order));
        rows.iter().map(|row| row.record.session.id).collect()
    }

    fn records(&self, ids: &[SessionId]) -> Vec<Record> {
        let mut rows: Vec<&Row> = ids.iter().filter_map(|id| self.sessions.get(id)).collect();
        rows.sort_by_key(|row| (row.record.session.signed_in_at, row.order));
        rows.iter().map(|row| row.record.clone()).collect()
    }

    fn end(&mut self, id: SessionId, ending: &Ending, forget_at: Timestamp) -> Option<Record> {
        let row = self.sessions.get_mut(&id)?;
        row.record.end(ending.clone(), forget_at);
        row.record.session.version = row.record.session.version.next();
        row.data.clear();
        row.handed_out = None;
        Some(row.record.clone())
    }

    fn live(&mut self, id: SessionId) -> Option<&mut Row> {
        self.sessions.get_mut(&id).filter(|row| row.record.session.is_live())
    }
}

impl Store for MemoryStore {
    async fn insert(
        &self,
        mut record: Record,
        token: TokenHash,
        admission: Admission,
    ) -> Result<Vec<Record>, InsertError> {
        let mut tables = self.tables();
        if tables.sessions.contains_key(&record.session.id) || tables.tokens.contains_key(&token) {
            return Err(Unavailable::because("the id or the token of a new session is already known").into());
        }
        let counted = tables.counted(&record.session);
        let (limit, leaving, end) = match admission {
            Admission::Unlimited => (u32::MAX, Vec::new(), None),
            Admission::AtMost(limit) => (limit, Vec::new(), None),
            Admission::EndOldest { limit, ending, forget_at } => {
                let excess = (counted.len() + 1).saturating_sub(limit as usize);
                (limit, counted[..excess.min(counted.len())].to_vec(), Some((ending, forget_at)))
            }
            Admission::Replace { limit, session, ending, forget_at } => {
                let leaving = counted.iter().copied().filter(|&id| id == session).collect();
                (limit, leaving, Some((ending, forget_at)))
            }
        };
        if counted.len() - leaving.len() + 1 > limit as usize {
            return Err(InsertError::Full(tables.records(&counted)));
        }
        let displaced = end.map_or_else(Vec::new, |(ending, forget_at)| {
            leaving.iter().filter_map(|&id| tables.end(id, &ending, forget_at)).collect()
        });
        record.session.version = Version::FIRST;
        let (id, order) = (record.session.id, tables.inserted);
        tables.inserted += 1;
        tables.tokens.insert(token, id);
        let row = Row {
            record,
            order,
            token,
            replaced: None,
            data: BTreeMap::new(),
            data_version: 0,
            handed_out: None,
        };
        tables.sessions.insert(id, row);
        Ok(displaced)
    }

    async fn find(&self, token: &TokenHash) -> Result<Option<Found>, Unavailable> {
        let tables = self.tables();
        let Some(row) = tables.tokens.get(token).and_then(|id| tables.sessions.get(id)) else {
            return Ok(None);
        };
        let standing = match row.replaced {
            Some(replaced) if replaced.token == *token => {
                TokenStanding::Replaced { privilege: replaced.privilege, retired_at: replaced.retired_at }
            }
            replaced => TokenStanding::Current {
                first_seen: replaced.is_some_and(|replaced| replaced.retired_at.is_none()),
            },
        };
        Ok(Some(Found { session: row.record.session.clone(), token: standing, place: 0 }))
    }

    async fn load(&self, id: SessionId) -> Result<Option<Record>, Unavailable> {
        Ok(self.tables().sessions.get(&id).map(|row| row.record.clone()))
    }

    async fn touch(&self, session: &Found, touch: Touch) -> Result<(), TouchError> {
        let mut tables = self.tables();
        let row = tables.live(session.session.id).ok_or(TouchError::Gone)?;
        if row.record.session.state != State::Active {
            return Err(TouchError::Gone);
        }
        let record = &mut row.record;
        record.session.last_activity_at = record.session.last_activity_at.max(touch.at);
        record.due_at = record.due_at.max(touch.due_at);
        Ok(())
    }

    async fn retire(&self, session: &Found, at: Timestamp) -> Result<(), TouchError> {
        let mut tables = self.tables();
        let row = tables.live(session.session.id).ok_or(TouchError::Gone)?;
        if row.record.session.version == session.session.version
            && let Some(replaced) = &mut row.replaced
        {
            replaced.retired_at.get_or_insert(at);
        }
        Ok(())
    }

    async fn update(&self, expected: Version, change: Change) -> Result<Version, UpdateError> {
        let mut guard = self.tables();
        let tables = &mut *guard;
        let Change { mut record, rotation, if_quiet_since } = change;
        let id = record.session.id;
        let row = tables.live(id).ok_or(UpdateError::Gone)?;
        let stored = &row.record;
        let last_activity_at = stored.session.last_activity_at;
        if stored.session.version != expected || if_quiet_since.is_some_and(|since| last_activity_at > since)
        {
            return Err(UpdateError::Conflict);
        }
        if last_activity_at > record.session.last_activity_at {
            record.session.last_activity_at = last_activity_at;
            if record.session.state == State::Active && stored.session.state == State::Active {
                record.due_at = record.due_at.max(stored.due_at);
            }
        }
        let version = expected.next();
        record.session.version = version;
        row.record = record;
        row.handed_out = None;
        if !row.record.session.is_live() {
            row.data.clear();
        }
        if let Some(rotation) = rotation {
            let old = Replaced { token: row.token, privilege: rotation.old_privilege, retired_at: None };
            row.token = rotation.token;
            let forgotten = row.replaced.replace(old);
            tables.tokens.insert(rotation.token, id);
            if let Some(forgotten) = forgotten {
                tables.tokens.remove(&forgotten.token);
            }
        }
        Ok(version)
    }

    async fn list(&self, subject: &Subject) -> Result<Vec<Record>, Unavailable> {
        let tables = self.tables();
        let rows = tables.sessions.values().filter(|row| row.record.session.subject == *subject);
        let ids: Vec<SessionId> = rows.map(|row| row.record.session.id).collect();
        Ok(tables.records(&ids))
    }

    async fn page(&self, after: Option<SessionId>, limit: usize) -> Result<Vec<Session>, Unavailable> {
        use std::ops::Bound;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let tables = self.tables();
        let rows = tables.sessions.range((from, Bound::Unbounded)).take(limit);
        Ok(rows.map(|(_, row)| row.record.session.clone()).collect())
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<SessionId>, Unavailable> {
        let mut tables = self.tables();
        let mut due: Vec<&mut Row> = tables
            .sessions
            .values_mut()
            .filter(|row| {
                let due_at = row.record.due_at;
                let waits = row
                    .handed_out
                    .is_some_and(|(for_due, when)| for_due == due_at && now < when + HANDED_OUT_FOR);
                due_at <= now && !waits
            })
            .collect();
        due.sort_by_key(|row| (row.record.due_at, row.order));
        due.truncate(limit);
        let hand_out = |row: &mut &mut Row| {
            row.handed_out = Some((row.record.due_at, now));
            row.record.session.id
        };
        Ok(due.iter_mut().map(hand_out).collect())
    }

    async fn forget(&self, id: SessionId) -> Result<(), Unavailable> {
        let mut tables = self.tables();
        if tables.sessions.get(&id).is_some_and(|row| !row.record.session.is_live()) {
            tables.sessions.remove(&id);
            tables.tokens.retain(|_, of| *of != id);
        }
        Ok(())
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for row in self.tables().sessions.values() {
            match row.record.session.state {
                State::Active => counts.active += 1,
                State::Locked { .. } => counts.locked += 1,
                State::Ended { .. } => counts.ended += 1,
            }
        }
        counts
    }

    async fn data_keys(&self, id: SessionId) -> Result<Vec<(String, DataVersion)>, DataError> {
        let mut tables = self.tables();
        let row = tables.live(id).ok_or(DataError::Gone)?;
        Ok(row.data.iter().map(|(key, value)| (key.clone(), value.version)).collect())
    }

    async fn data(&self, id: SessionId, key: &str) -> Result<Option<DataValue>, DataError> {
        let mut tables = self.tables();
        let row = tables.live(id).ok_or(DataError::Gone)?;
        Ok(row.data.get(key).cloned())
    }

    async fn write_data(
        &self,
        id: SessionId,
        key: &str,
        value: Option<Vec<u8>>,
        precondition: Precondition,
    ) -> Result<DataVersion, DataError> {
        let mut tables = self.tables();
        let row = tables.live(id).ok_or(DataError::Gone)?;
        let there = row.data.get(key).map(|value| value.version);
        let holds = precondition.holds_for(there);
        if !holds {
            return Err(DataError::Conflict(there));
        }
        row.data_version += 1;
        let version = DataVersion(row.data_version);
        match value {
            Some(bytes) => row.data.insert(key.to_owned(), DataValue { version, bytes }),
            None => row.data.remove(key),
        };
        Ok(version)
    }
}
