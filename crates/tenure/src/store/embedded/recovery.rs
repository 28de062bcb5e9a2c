//! From the engine back into memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::{Details, Ending, Record, Unavailable};
use super::engine::{Engine, EngineSlot};
use super::format::{self, DecodeError, Stored};
use super::journal::{Journal, Write};
use super::memory::{Kept, Memory};
use super::{EmbeddedOptions, EmbeddedStore, Inner, bag};
use crate::core::{
    Assurance, Audience, EndReason, Session, SessionId, State, Subject, Timestamp, TokenHash, Version,
};
use crate::keys::{KeyRing, Purpose, SealError};
use crate::store::Actor;

/// The newest moment that the store has seen.
pub(super) const NEWEST: &str = "newest";
/// Whether the store was closed: everything that waited has been written.
pub(super) const CLOSED: &str = "closed";
/// How many bytes of a stored session are in the clear: token and audience.
pub(super) const CLEAR: usize = 24 + 8;

/// How long a damaged session can be explained.
const EXPLAIN_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// What was found when a store was opened.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recovery {
    /// Sessions that are active or locked.
    pub live: usize,
    /// Tombstones.
    pub ended: usize,
    /// Sessions whose records are damaged: they have ended with `corrupted`.
    pub corrupted: Vec<SessionId>,
    /// The newest moment that is known of: the clock must not start before it.
    pub newest: Timestamp,
    /// Whether it had been closed, so that nothing was waiting to be written.
    pub was_closed: bool,
    /// How long it took.
    pub took: Duration,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open.
    #[error("{path} (store.path): another gateway has this store open; stop it, or name another folder")]
    InUse {
        /// Its folder.
        path: PathBuf,
    },
    /// The key ring does not open what is stored.
    #[error(
        "{path} (store.path): its sessions were sealed with key {key}, which is not in the key ring; put back the file `keys` that belongs to it"
    )]
    KeyMissing {
        /// Its folder.
        path: PathBuf,
        /// The id of the key.
        key: u16,
    },
    /// It was written by a newer version.
    #[error(
        "{path} (store.path): it was written by a newer version of Tenure (record format {format}); use that version"
    )]
    Newer {
        /// Its folder.
        path: PathBuf,
        /// The format of its records.
        format: u8,
    },
    /// The engine cannot open it.
    #[error("{path} (store.path): {reason}")]
    Engine {
        /// Its folder.
        path: PathBuf,
        /// What the engine said.
        reason: String,
    },
}

/// Why a stored session cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordProblem {
    #[error(transparent)]
    Sealed(#[from] SealError),
    #[error(transparent)]
    Decoded(#[from] DecodeError),
}

/// Opens the stored value of a session.
pub(super) fn open_record(keys: &KeyRing, id: SessionId, value: &[u8]) -> Result<Stored, RecordProblem> {
    let sealed = value.get(CLEAR..).ok_or(DecodeError::Damaged)?;
    let plain = keys.open(Purpose { kind: "session", place: id.as_bytes() }, sealed)?;
    let stored = format::decode(&plain)?;
    if stored.record.session.id == id { Ok(stored) } else { Err(DecodeError::Damaged.into()) }
}

impl EmbeddedStore {
    /// Opens a store, or makes a new one.
    ///
    /// # Errors
    /// Another process has it open, the key ring is not the one it was written with, it is of a newer version, or
    /// the folder cannot be used.
    pub fn open(options: EmbeddedOptions) -> Result<(Self, Recovery), OpenError> {
        let began = Instant::now();
        let path = options.path.clone();
        let engine_error = |error: &dyn std::fmt::Display| OpenError::Engine {
            path: path.clone(),
            reason: error.to_string(),
        };
        let engine = EngineSlot::open(&options.path).map_err(|error| match error {
            fjall::Error::Locked => OpenError::InUse { path: path.clone() },
            error => engine_error(&error),
        })?;
        let (engine, memory) = (Arc::new(engine), Memory::new());
        let inner = Arc::new(Inner {
            memory,
            engine: Arc::clone(&engine),
            keys: options.keys,
            bags: bag::Locks::new(),
        });
        let mut recovery = recover(&inner, &path, options.clock.now(), options.touch_interval)?;

        let (shared, clock) = (Arc::clone(&inner), options.clock);
        let tick = move |last| shared.behind(clock.now(), last);
        let journal =
            Journal::start(engine, options.touch_interval, tick).map_err(|error| engine_error(&error))?;
        let store = Self { journal, inner };
        store.note_open().map_err(|error| engine_error(&error))?;
        recovery.took = began.elapsed();
        Ok((store, recovery))
    }

    /// From now on, an end without a word is a crash.
    fn note_open(&self) -> Result<(), Unavailable> {
        let (sender, receiver) = std::sync::mpsc::channel();
        self.journal
            .submit(vec![Write::Meta(CLOSED, vec![0])], Box::new(move |result| drop(sender.send(result))));
        receiver.recv().unwrap_or_else(|_| Err(Unavailable::because("the journal has stopped")))
    }
}

fn meta(engine: &Engine, key: &str) -> Option<Vec<u8>> {
    engine.meta.get(key).ok().flatten().map(|value| value.to_vec())
}

/// Reads everything, on two threads.
fn recover(
    inner: &Arc<Inner>,
    path: &Path,
    now: Timestamp,
    interval: Duration,
) -> Result<Recovery, OpenError> {
    let reading = inner
        .engine
        .read()
        .map_err(|error| OpenError::Engine { path: path.into(), reason: error.to_string() })?;
    let engine = reading.engine();
    let newest = meta(engine, NEWEST).and_then(|value| value.try_into().ok()).map(u64::from_le_bytes);
    let was_closed = meta(engine, CLOSED).is_none_or(|value| value == [1]);
    let halves = [(0_u8, 0x7f_u8), (0x80, 0xff)];
    let results: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = halves
            .map(|(first, last)| scope.spawn(move || read_range(inner, engine, path, first, last, now)))
            .into_iter()
            .collect();
        running.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    });
    let mut recovery =
        Recovery { was_closed, newest: Timestamp::from_millis(newest.unwrap_or(0)), ..Recovery::default() };
    for result in results {
        let part = result.unwrap_or_else(|_| {
            Err(OpenError::Engine { path: path.into(), reason: "reading it failed".into() })
        })?;
        recovery.live += part.live;
        recovery.ended += part.ended;
        recovery.corrupted.extend(part.corrupted);
        recovery.newest = recovery.newest.max(part.newest);
    }
    if !was_closed {
        // Nobody was active after now, unless the wall clock has been set back since.
        let longest = recovery.newest + interval;
        let end = if now >= recovery.newest { longest.min(now) } else { longest };
        inner.give_back(end, recovery.newest - interval);
    }
    Ok(recovery)
}

/// Reads the sessions whose ids begin with these bytes.
fn read_range(
    inner: &Inner,
    engine: &Engine,
    path: &Path,
    first: u8,
    last: u8,
    now: Timestamp,
) -> Result<Recovery, OpenError> {
    let engine_error =
        |error: fjall::Error| OpenError::Engine { path: path.into(), reason: error.to_string() };
    let (begin, end) = ([first; 1], [[last; 1], [0xff; 1]].concat());
    let end: Vec<u8> = end.into_iter().chain([0xff; 15]).collect();
    let mut touches = engine.touches.range(begin.as_slice()..=end.as_slice());
    let mut touch = touches.next().transpose_kv().map_err(engine_error)?;
    let mut part = Recovery::default();
    let keys = inner.keys.load();
    for entry in engine.sessions.range(begin.as_slice()..=end.as_slice()) {
        let (key, value) = entry.into_inner().map_err(engine_error)?;
        let Ok(bytes) = <[u8; 16]>::try_from(&*key) else { continue };
        let id = SessionId::from_bytes(bytes);
        let mut stored = match open_record(&keys, id, &value) {
            Ok(stored) => stored,
            Err(RecordProblem::Sealed(SealError::UnknownKey(key))) => {
                return Err(OpenError::KeyMissing { path: path.into(), key });
            }
            Err(RecordProblem::Decoded(DecodeError::UnknownFormat(format))) => {
                return Err(OpenError::Newer { path: path.into(), format });
            }
            Err(problem) => {
                tracing::error!(session = %id, %problem, "a session is damaged and has ended");
                part.corrupted.push(id);
                let Some(tombstone) = tombstone_of(id, &value, now) else { continue };
                tombstone
            }
        };
        while touch.as_ref().is_some_and(|(key, _)| **key < *id.as_bytes().as_slice()) {
            touch = touches.next().transpose_kv().map_err(engine_error)?;
        }
        if let Some((_, value)) = touch.as_ref().filter(|(key, _)| **key == *id.as_bytes().as_slice()) {
            merge_touch(&mut stored, value);
        }
        let session = &stored.record.session;
        part.newest = part.newest.max(session.last_activity_at).max(session.rotated_at);
        if session.is_live() {
            part.live += 1;
        } else {
            part.ended += 1;
        }
        inner.restore(stored);
    }
    Ok(part)
}

trait TransposeKv {
    fn transpose_kv(self) -> fjall::Result<Option<fjall::KvPair>>;
}

impl TransposeKv for Option<fjall::Guard> {
    fn transpose_kv(self) -> fjall::Result<Option<fjall::KvPair>> {
        self.map(fjall::Guard::into_inner).transpose()
    }
}

/// Brings a record up to the activity that was written behind.
fn merge_touch(stored: &mut Stored, value: &[u8]) {
    let Ok(value) = <[u8; 24]>::try_from(value) else { return };
    let mut moments = value.chunks_exact(8).map(|bytes| {
        let mut number = [0; 8];
        number.copy_from_slice(bytes);
        Timestamp::from_millis(u64::from_le_bytes(number))
    });
    let (Some(last), Some(due), Some(retired)) = (moments.next(), moments.next(), moments.next()) else {
        return;
    };
    let session = &mut stored.record.session;
    if session.state == State::Active {
        session.last_activity_at = session.last_activity_at.max(last);
        stored.record.due_at = stored.record.due_at.max(due);
    }
    if let Some(replaced) =
        stored.replaced.as_mut().filter(|_| retired.is_finite() && retired >= session.rotated_at)
    {
        replaced.retired_at.get_or_insert(retired);
    }
}

/// What can be told of a session whose record is damaged: that it is.
fn tombstone_of(id: SessionId, value: &[u8], now: Timestamp) -> Option<Stored> {
    let (token, rest) = value.split_first_chunk::<24>()?;
    let audience = rest.first_chunk::<8>()?;
    let mut record = Record {
        session: Session {
            id,
            subject: Subject::new("(unknown)").ok()?,
            audience: Audience(u64::from_le_bytes(*audience)),
            state: State::Active,
            assurance: Assurance::Aal1,
            remembered: false,
            signed_in_at: now,
            authenticated_at: now,
            last_activity_at: now,
            rotated_at: now,
            version: Version::FIRST,
        },
        details: Details::default(),
        due_at: now,
    };
    record.end(Ending { reason: EndReason::Corrupted, at: now, by: Actor::Tenure }, now + EXPLAIN_FOR);
    Some(Stored { record, token: TokenHash(*token), replaced: None })
}

impl Inner {
    fn restore(&self, stored: Stored) {
        let Stored { record, token, replaced } = stored;
        let (id, subject, state) = (record.session.id, record.session.subject.clone(), record.session.state);
        self.memory.subjects(&subject).entry(subject).or_default().push(id);
        let mut kept = Kept {
            due_at: record.due_at,
            armed: record.due_at,
            session: record.session,
            token,
            replaced: replaced.map(Box::new),
            visible: true,
            pending: false,
            leaving: false,
            dirty: false,
            in_flight: None,
            unsaved: false,
        };
        let due_at = kept.due_at;
        self.memory.arm(&mut kept, due_at);
        self.memory.shard(id).insert(id, kept);
        self.memory.link(token, id);
        if let Some(replaced) = replaced {
            self.memory.link(replaced.token, id);
        }
        self.memory.count(None, Some(state));
    }

    /// After a crash, activity of the last interval may be missing. Whoever was active and over no limit when it
    /// began is taken to have been active until the end: nobody's time gets shorter by our crash.
    fn give_back(&self, end: Timestamp, began: Timestamp) {
        let mut after = None;
        loop {
            let page = self.memory.page(after, 4096);
            let Some(last) = page.last() else { return };
            after = Some(last.id);
            for session in page.iter().filter(|session| session.state == State::Active) {
                let mut shard = self.memory.shard(session.id);
                let Some(kept) = shard.get_mut(&session.id) else { continue };
                if kept.due_at > began && kept.session.last_activity_at < end {
                    // The due moment moves along; the absolute limit is judged from the record all the same.
                    let given = end.since(kept.session.last_activity_at);
                    kept.session.last_activity_at = end;
                    kept.due_at = kept.due_at + given;
                    self.note_dirty(kept);
                }
            }
        }
    }
}
