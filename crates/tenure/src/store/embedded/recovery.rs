//! From the engine back into memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::super::{Details, Ending, Record, Unavailable};
use super::engine::{Bytes, Engine, Space};
use super::format::{self, DecodeError, Stored};
use super::journal::{Disk, Journal, Nature, Write};
use super::memory::Memory;
use super::slot::Flag;
use super::{EmbeddedOptions, EmbeddedStore, Inner, bag, owner, stopped};
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

/// How many first bytes of ids are read in one go.
const RANGE: u32 = 8;

/// For how long, at most, a busy disk may have kept the store from noting that it is open.
const STALLED: Duration = Duration::from_secs(10);

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
    #[error(
        "{path} (store.path): {} has this store open; stop it, or name another folder",
        by.as_deref().unwrap_or("another process")
    )]
    InUse {
        /// Its folder.
        path: PathBuf,
        /// The other process, such as `process 4711 (tenure)`, as far as it is known.
        by: Option<String>,
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
        Self::open_on(options, |engine| Box::new(engine))
    }

    /// Opens a store that writes to what `disk` makes of the engine.
    pub(super) fn open_on(
        options: EmbeddedOptions,
        disk: impl FnOnce(Arc<Engine>) -> Box<dyn Disk>,
    ) -> Result<(Self, Recovery), OpenError> {
        let began = Instant::now();
        let path = options.path.clone();
        let engine_error = |reason: String| OpenError::Engine { path: path.clone(), reason };
        let engine = Engine::open(&options.path).map_err(|error| match error {
            fjall::Error::Locked => OpenError::InUse { path: path.clone(), by: owner::read(&path) },
            fjall::Error::Io(error) => engine_error(error.to_string()),
            error => engine_error(error.to_string()),
        })?;
        owner::write(&path).map_err(|error| engine_error(error.to_string()))?;
        let engine = Arc::new(engine);
        let now = options.clock.now();
        let inner = Arc::new(Inner {
            memory: Memory::new(now),
            engine: Arc::clone(&engine),
            keys: options.keys,
            bags: bag::Locks::new(),
            touch_interval: options.touch_interval,
        });
        let mut recovery = recover(&inner, &path, now)?;

        let (shared, clock) = (Arc::clone(&inner), options.clock);
        let mut rounds = super::Rounds::default();
        let tick = move |tick| shared.behind(clock.now(), tick, &mut rounds);
        let disk = disk(Arc::clone(&engine));
        let journal = Journal::start(engine, disk, options.touch_interval, tick)
            .map_err(|error| engine_error(error.to_string()))?;
        let store = Self { journal, inner };
        store.note_open().map_err(|error| engine_error(error.to_string()))?;
        recovery.took = began.elapsed();
        Ok((store, recovery))
    }

    /// From now on, an end without a word is a crash.
    fn note_open(&self) -> Result<(), Unavailable> {
        let (sender, receiver) = std::sync::mpsc::channel();
        let done = Box::new(move |result| drop(sender.send(result)));
        self.journal.submit(Nature::Gives, vec![Write::Meta(CLOSED, [0].into())], done);
        receiver.recv().unwrap_or_else(|_| Err(stopped()))
    }
}

fn meta(engine: &Engine, key: &str) -> Option<Bytes> {
    engine.get(Space::Meta, key.as_bytes()).ok().flatten()
}

/// What was found in a range of ids.
#[derive(Default)]
struct Part {
    live: usize,
    ended: usize,
    corrupted: Vec<SessionId>,
    newest: Timestamp,
    /// For each record whose key is not in the ring, the number of that.
    missing_keys: Vec<u16>,
}

/// Reads everything, on two threads.
fn recover(inner: &Arc<Inner>, path: &Path, now: Timestamp) -> Result<Recovery, OpenError> {
    let newest =
        meta(&inner.engine, NEWEST).and_then(|value| (*value).try_into().ok()).map(u64::from_le_bytes);
    let was_closed = meta(&inner.engine, CLOSED).is_none_or(|value| *value == [1]);
    let next = AtomicU32::new(0);
    let results: Vec<_> = std::thread::scope(|scope| {
        let read = || {
            let mut parts = Vec::new();
            // Small ranges, so that neither thread waits long for the other at the end.
            while let Some(range) = take_range(&next) {
                parts.push(read_range(inner, path, range, now)?);
            }
            Ok(parts)
        };
        let running = [scope.spawn(read), scope.spawn(read)];
        running.map(std::thread::ScopedJoinHandle::join).into_iter().collect()
    });
    let mut recovery =
        Recovery { was_closed, newest: Timestamp::from_millis(newest.unwrap_or(0)), ..Recovery::default() };
    let mut missing_keys = Vec::new();
    for result in results {
        let parts = result.unwrap_or_else(|_| {
            Err(OpenError::Engine { path: path.into(), reason: "reading it failed".into() })
        })?;
        for part in parts {
            recovery.live += part.live;
            recovery.ended += part.ended;
            recovery.corrupted.extend(part.corrupted);
            recovery.newest = recovery.newest.max(part.newest);
            missing_keys.extend(part.missing_keys);
        }
    }
    // The number of the key is in the clear. One record with an odd number among good ones is a damaged record;
    // anything more is the wrong key ring, and nobody's session ends for that.
    missing_keys.sort_unstable();
    let all_fail = recovery.corrupted.len() == recovery.live + recovery.ended;
    let twice = missing_keys.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
    if let Some(key) = twice.or_else(|| missing_keys.first().copied().filter(|_| all_fail)) {
        return Err(OpenError::KeyMissing { path: path.into(), key });
    }
    if !was_closed {
        // Nobody was active after now, unless the wall clock has been set back since.
        let longest = recovery.newest + inner.touch_interval + STALLED;
        let end = if now >= recovery.newest { longest.min(now) } else { longest };
        inner.give_back(end, recovery.newest);
    }
    Ok(recovery)
}

/// The first bytes of ids to be read next: from, and up to.
fn take_range(next: &AtomicU32) -> Option<(u8, u8)> {
    let first = u8::try_from(next.fetch_add(RANGE, Ordering::Relaxed)).ok()?;
    Some((first, first + (RANGE - 1) as u8))
}

/// Reads the sessions whose ids begin with these bytes.
fn read_range(
    inner: &Inner,
    path: &Path,
    (first, last): (u8, u8),
    now: Timestamp,
) -> Result<Part, OpenError> {
    let engine_error = |reason: String| OpenError::Engine { path: path.into(), reason };
    let mut end = [0xff; 16];
    end[0] = last;
    let range = [first].to_vec()..=end.to_vec();
    let keys = inner.keys.load();
    let mut part = Part::default();
    let mut failure = None;
    let read = inner.engine.read(|open| {
        let mut touches = open.space(Space::Touches).range(range.clone());
        let mut touch = touches.next().transpose_kv()?;
        for entry in open.space(Space::Sessions).range(range) {
            let (key, value) = entry.into_inner()?;
            let Ok(bytes) = <[u8; 16]>::try_from(&*key) else { continue };
            while touch.as_ref().is_some_and(|(key, _)| **key < bytes[..]) {
                touch = touches.next().transpose_kv()?;
            }
            let touched = touch.as_ref().filter(|(key, _)| **key == bytes[..]).map(|(_, value)| &**value);
            match take_in(inner, &keys, SessionId::from_bytes(bytes), &value, touched, now, &mut part) {
                Ok(()) => {}
                Err(problem) => {
                    failure = Some(problem);
                    break;
                }
            }
        }
        Ok(())
    });
    match (read, failure) {
        (Err(error), _) => Err(engine_error(error.reason)),
        (_, Some(RecordProblem::Decoded(DecodeError::UnknownFormat(format)))) => {
            Err(OpenError::Newer { path: path.into(), format })
        }
        (_, Some(problem)) => Err(engine_error(problem.to_string())),
        (Ok(()), None) => Ok(part),
    }
}

/// Takes one session into memory. Damage is noted; a record of a newer version is an error.
fn take_in(
    inner: &Inner,
    keys: &KeyRing,
    id: SessionId,
    value: &[u8],
    touched: Option<&[u8]>,
    now: Timestamp,
    part: &mut Part,
) -> Result<(), RecordProblem> {
    let mut stored = match open_record(keys, id, value) {
        Ok(stored) => stored,
        Err(problem @ RecordProblem::Decoded(DecodeError::UnknownFormat(_))) => return Err(problem),
        Err(problem) => {
            if let RecordProblem::Sealed(SealError::UnknownKey(key)) = problem {
                part.missing_keys.push(key);
            }
            tracing::error!(session = %id, %problem, "a session is damaged and has ended");
            part.corrupted.push(id);
            let Some(tombstone) = tombstone_of(id, value, now) else { return Ok(()) };
            tombstone
        }
    };
    if let Some(value) = touched {
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
    Ok(())
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
        let session = &record.session;
        let mut stripe = self.memory.decide(&session.subject);
        let Some(slot) = self.memory.reserve(session, record.due_at, token) else {
            tracing::error!(session = %session.id, "two sessions have one token; this one is left out");
            return;
        };
        if let Some(replaced) = replaced {
            stripe.replaced.insert(slot, replaced);
            self.memory.link_token(&replaced.token, slot);
            if let Some(slot) = self.memory.table.get(slot) {
                let slot = slot.lock();
                slot.flag(Flag::REPLACED, true);
                slot.flag(Flag::UNSEEN, replaced.retired_at.is_none());
            }
        }
        self.memory.admit(slot, session.state, record.due_at);
    }

    /// After a crash, the activity may be missing that waited to be written. Whoever was active and over no limit
    /// when that began is taken to have been active until the end: nobody's time gets shorter by our crash.
    fn give_back(&self, end: Timestamp, newest: Timestamp) {
        for number in self.memory.table.numbers() {
            let Some(slot) = self.memory.table.get(number) else { continue };
            let locked = slot.lock();
            let image = locked.image();
            let (last, due_at) = (image.last_activity_at(), image.due_at());
            let began = newest - self.waits(due_at.since(last)) - self.touch_interval;
            if image.is_active() && due_at > began && last < end {
                // The due moment moves along; the absolute limit is judged from the record all the same. The wheel
                // notices when the old moment comes.
                locked.touch(end, due_at + end.since(last));
                drop(locked);
                self.memory.table.mark(number);
            }
        }
    }
}
