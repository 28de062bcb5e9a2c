//! What is kept in memory: every session that has not been forgotten, found by token, by id and by subject.
//!
//! Three sharded tables. Locks are always taken in this order: a subject's, a session's, a token's; and never two
//! of one kind, but for pages of all sessions.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::super::{Counts, Record};
use super::format::Replaced;
use crate::core::{Session, SessionId, State, Subject, Timestamp, TokenHash};

const SHARDS: usize = 64;

/// A session in memory.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) session: Session,
    pub(super) due_at: Timestamp,
    pub(super) token: TokenHash,
    pub(super) replaced: Option<Box<Replaced>>,
    /// When it is looked at next.
    pub(super) armed: Timestamp,
    /// Whether it may be found: it is durable.
    pub(super) visible: bool,
    /// Whether something that gives is being made durable.
    pub(super) pending: bool,
    /// Whether it is about to make room for another one.
    pub(super) leaving: bool,
    /// Whether activity waits to be written behind.
    pub(super) dirty: bool,
    /// The record that is being made durable, newer than what the engine has.
    pub(super) in_flight: Option<Arc<Record>>,
    /// Whether that record is in force although it could not be made durable: it is tried again.
    pub(super) unsaved: bool,
}

/// Ids and token hashes are random: they are their own hash.
#[derive(Default)]
pub(super) struct Verbatim(u64);

impl Hasher for Verbatim {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            self.0 ^= u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _: usize) {}
}

type ByRandom<K, V> = HashMap<K, V, BuildHasherDefault<Verbatim>>;
type BySubject = HashMap<Subject, Vec<SessionId>>;
type Shard = ByRandom<SessionId, Kept>;

/// Everything in memory.
#[derive(Default)]
pub(super) struct Memory {
    /// In the order of ids: the first byte says which shard.
    sessions: Box<[Mutex<Shard>]>,
    tokens: Box<[RwLock<ByRandom<TokenHash, SessionId>>]>,
    subjects: Box<[Mutex<BySubject>]>,
    due: Mutex<BTreeSet<(Timestamp, SessionId)>>,
    dirty: Mutex<Vec<SessionId>>,
    unsaved: Mutex<Vec<SessionId>>,
    active: AtomicI64,
    locked: AtomicI64,
    ended: AtomicI64,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            sessions: (0..SHARDS).map(|_| Mutex::default()).collect(),
            tokens: (0..SHARDS).map(|_| RwLock::default()).collect(),
            subjects: (0..SHARDS).map(|_| Mutex::default()).collect(),
            ..Self::default()
        }
    }

    /// The part of the sessions in which an id is.
    pub(super) fn shard(&self, id: SessionId) -> MutexGuard<'_, Shard> {
        lock(&self.sessions[usize::from(id.as_bytes()[0]) * SHARDS / 256])
    }

    /// The part of the subjects in which one is.
    pub(super) fn subjects(&self, subject: &Subject) -> MutexGuard<'_, BySubject> {
        let mut hasher = std::hash::DefaultHasher::new();
        subject.hash(&mut hasher);
        lock(&self.subjects[hasher.finish() as usize % SHARDS])
    }

    pub(super) fn id_of(&self, token: &TokenHash) -> Option<SessionId> {
        self.tokens[part_of(token)].read().unwrap_or_else(PoisonError::into_inner).get(token).copied()
    }

    pub(super) fn link(&self, token: TokenHash, id: SessionId) {
        self.tokens[part_of(&token)].write().unwrap_or_else(PoisonError::into_inner).insert(token, id);
    }

    pub(super) fn unlink(&self, token: &TokenHash) {
        self.tokens[part_of(token)].write().unwrap_or_else(PoisonError::into_inner).remove(token);
    }

    /// Notes when a session is looked at next.
    pub(super) fn arm(&self, kept: &mut Kept, at: Timestamp) {
        let mut due = lock(&self.due);
        due.remove(&(kept.armed, kept.session.id));
        kept.armed = at;
        due.insert((at, kept.session.id));
    }

    pub(super) fn disarm(&self, kept: &Kept) {
        lock(&self.due).remove(&(kept.armed, kept.session.id));
    }

    /// The first that is armed for `now` or earlier.
    pub(super) fn first_due(&self, now: Timestamp) -> Option<SessionId> {
        lock(&self.due).first().filter(|(at, _)| *at <= now).map(|(_, id)| *id)
    }

    /// Takes the sessions whose activity waits to be written behind.
    pub(super) fn take_dirty(&self) -> Vec<SessionId> {
        std::mem::take(&mut *lock(&self.dirty))
    }

    pub(super) fn note_dirty(&self, id: SessionId) {
        lock(&self.dirty).push(id);
    }

    /// Takes the sessions whose lock or ending is to be tried again.
    pub(super) fn take_unsaved(&self) -> Vec<SessionId> {
        std::mem::take(&mut *lock(&self.unsaved))
    }

    pub(super) fn note_unsaved(&self, id: SessionId) {
        lock(&self.unsaved).push(id);
    }

    /// The sessions after an id that may be found, in the order of ids.
    pub(super) fn page(&self, after: Option<SessionId>, limit: usize) -> Vec<Session> {
        let first = after.map_or(0, |id| usize::from(id.as_bytes()[0]) * SHARDS / 256);
        let mut page = Vec::new();
        for shard in &self.sessions[first..] {
            let mut found: Vec<_> = lock(shard)
                .values()
                .filter(|kept| kept.visible && after.is_none_or(|after| kept.session.id > after))
                .map(|kept| kept.session.clone())
                .collect();
            found.sort_unstable_by_key(|session| session.id);
            page.extend(found);
            if page.len() >= limit {
                break;
            }
        }
        page.truncate(limit);
        page
    }

    /// Counts a session that came, changed its state, or went.
    pub(super) fn count(&self, before: Option<State>, after: Option<State>) {
        for (state, change) in [(before, -1), (after, 1)] {
            let counter = match state {
                None => continue,
                Some(State::Active) => &self.active,
                Some(State::Locked { .. }) => &self.locked,
                Some(State::Ended { .. }) => &self.ended,
            };
            counter.fetch_add(change, Ordering::Relaxed);
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let of = |counter: &AtomicI64| u64::try_from(counter.load(Ordering::Relaxed)).unwrap_or(0);
        Counts { active: of(&self.active), locked: of(&self.locked), ended: of(&self.ended) }
    }
}

fn part_of(token: &TokenHash) -> usize {
    usize::from(token.0[23]) % SHARDS
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
