//! From the engine back into memory.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use super::super::{Details, Ending, Record};
use super::engine::{Bytes, Engine, Space};
use super::format::{self, DecodeError, Essence, Stored};
use super::gaps::{self, Gap};
use super::opening::{OpenError, Recovery};
use super::slot::Flag;
use super::{Inner, damage};
use crate::core::{
    Assurance, Audience, EndReason, Session, SessionId, State, Subject, Timestamp, TokenHash, Version,
};
use crate::keys::{KeyRing, Purpose, SealError};
use crate::store::Actor;

/// The newest moment that the store has seen.
pub(super) const NEWEST: &str = "newest";
/// Whether the store was closed: everything that waited has been written.
pub(super) const CLOSED: &str = "closed";
/// The times of which activity may be missing.
pub(super) const GAPS: &str = "gaps";
/// How many bytes of a stored session are in the clear: token and audience.
pub(super) const CLEAR: usize = 24 + 8;

/// How long a damaged session can be explained.
const EXPLAIN_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// How many records are taken into memory together: enough for the cores to fetch while they wait.
const TOGETHER: usize = 32;

/// How many first bytes of ids are read in one go.
const RANGE: u32 = 8;

/// For how long, at most, a busy disk may have kept the store from noting that it is open.
const STALLED: Duration = Duration::from_secs(10);

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
    let mut plain = Vec::new();
    unseal(keys, id, value, &mut plain)?;
    let stored = format::decode(&plain)?;
    if stored.record.session.id == id { Ok(stored) } else { Err(DecodeError::Damaged.into()) }
}

fn unseal(keys: &KeyRing, id: SessionId, value: &[u8], plain: &mut Vec<u8>) -> Result<(), RecordProblem> {
    let sealed = value.get(CLEAR..).ok_or(DecodeError::Damaged)?;
    keys.open_into(plain, Purpose { kind: "session", place: id.as_bytes() }, sealed)?;
    Ok(())
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

/// Reads everything, on all cores. Gives back too of which times activity is missing on disk.
pub(super) fn recover(inner: &Inner, path: &Path, now: Timestamp) -> Result<(Recovery, Vec<Gap>), OpenError> {
    let newest =
        meta(&inner.engine, NEWEST).and_then(|value| (*value).try_into().ok()).map(u64::from_le_bytes);
    let was_closed = meta(&inner.engine, CLOSED).is_none_or(|value| *value == [1]);
    let next = AtomicU32::new(0);
    let results: Vec<_> = thread::scope(|scope| {
        let read = || {
            let mut parts = Vec::new();
            // Small ranges, so that no thread waits long for another one at the end.
            while let Some(range) = take_range(&next) {
                parts.push(read_range(inner, path, range, now)?);
            }
            Ok(parts)
        };
        let running: Vec<_> = (0..threads()).map(|_| scope.spawn(read)).collect();
        running.into_iter().map(ScopedJoinHandle::join).collect()
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
    let ended = inner.end_those_meant(&recovery.corrupted, now);
    recovery.live -= ended.len();
    recovery.ended += ended.len();
    recovery.corrupted.extend(ended);
    let mut gaps = Vec::new();
    if !was_closed {
        gaps = meta(&inner.engine, GAPS).map(|value| gaps::decode(&value)).unwrap_or_default();
        // Nobody was active after now, unless the wall clock has been set back since.
        let longest = recovery.newest + inner.touch_interval + STALLED;
        let end = if now >= recovery.newest { longest.min(now) } else { longest };
        gaps::push(&mut gaps, Gap { newest: recovery.newest, end });
        inner.give_back(&gaps);
    }
    Ok((recovery, gaps))
}

fn threads() -> usize {
    thread::available_parallelism().map_or(2, NonZeroUsize::get)
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
    let (mut failure, mut plain, mut together) = (None, Vec::new(), Vec::with_capacity(TOGETHER));
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
            let id = SessionId::from_bytes(bytes);
            match read_record(&keys, id, &value, &mut plain, now, &mut part) {
                Ok(Some(mut essence)) => {
                    if let Some(value) = touched {
                        merge_touch(&mut essence, value);
                    }
                    together.push(essence);
                    if together.len() == TOGETHER {
                        take_in(inner, &mut together, &mut part);
                    }
                }
                Ok(None) => {}
                Err(problem) => {
                    failure = Some(problem);
                    break;
                }
            }
        }
        take_in(inner, &mut together, &mut part);
        Ok(())
    });
    match (read, failure) {
        (Err(error), _) => Err(damage::explain_reading(&inner.engine, path, error.reason)),
        (_, Some(RecordProblem::Decoded(DecodeError::UnknownFormat(format)))) => {
            Err(OpenError::Newer { path: path.into(), format })
        }
        (_, Some(problem)) => Err(engine_error(problem.to_string())),
        (Ok(()), None) => Ok(part),
    }
}

/// What is to be taken into memory of a record. Damage is noted; a record of a newer version is an error.
fn read_record(
    keys: &KeyRing,
    id: SessionId,
    value: &[u8],
    plain: &mut Vec<u8>,
    now: Timestamp,
    part: &mut Part,
) -> Result<Option<Essence>, RecordProblem> {
    let read = unseal(keys, id, value, plain).and_then(|()| {
        let essence = format::decode_essence(plain)?;
        if essence.session.id == id { Ok(essence) } else { Err(DecodeError::Damaged.into()) }
    });
    match read {
        Ok(essence) => Ok(Some(essence)),
        Err(problem @ RecordProblem::Decoded(DecodeError::UnknownFormat(_))) => Err(problem),
        Err(problem) => {
            if let RecordProblem::Sealed(SealError::UnknownKey(key)) = problem {
                part.missing_keys.push(key);
            }
            tracing::error!(session = %id, %problem, "a session is damaged and has ended");
            part.corrupted.push(id);
            Ok(tombstone_of(id, value, now))
        }
    }
}

/// Takes sessions into memory.
fn take_in(inner: &Inner, together: &mut Vec<Essence>, part: &mut Part) {
    for essence in &*together {
        inner.memory.fetch(&essence.session, &essence.token);
    }
    for essence in together.drain(..) {
        let session = &essence.session;
        part.newest = part.newest.max(session.last_activity_at).max(session.rotated_at);
        if session.is_live() {
            part.live += 1;
        } else {
            part.ended += 1;
        }
        inner.restore(&essence);
    }
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
fn merge_touch(essence: &mut Essence, value: &[u8]) {
    let Ok(value) = <[u8; 24]>::try_from(value) else { return };
    let mut moments = value.chunks_exact(8).map(|bytes| {
        let mut number = [0; 8];
        number.copy_from_slice(bytes);
        Timestamp::from_millis(u64::from_le_bytes(number))
    });
    let (Some(last), Some(due), Some(retired)) = (moments.next(), moments.next(), moments.next()) else {
        return;
    };
    let session = &mut essence.session;
    if session.state == State::Active {
        session.last_activity_at = session.last_activity_at.max(last);
        essence.due_at = essence.due_at.max(due);
    }
    if let Some(replaced) =
        essence.replaced.as_mut().filter(|_| retired.is_finite() && retired >= session.rotated_at)
    {
        replaced.retired_at.get_or_insert(retired);
    }
}

/// What can be told of a session whose record is damaged: that it is.
fn tombstone_of(id: SessionId, value: &[u8], now: Timestamp) -> Option<Essence> {
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
    let Record { session, due_at, .. } = record;
    Some(Essence { session, due_at, token: TokenHash(*token), replaced: None })
}

/// Whether most bytes of two ids are the same, but not all. Ids are random: that does not come by chance.
fn nearly_the_same(one: SessionId, other: SessionId) -> bool {
    let same = one.as_bytes().iter().zip(other.as_bytes()).filter(|(one, other)| one == other).count();
    (8..16).contains(&same)
}

impl Inner {
    fn restore(&self, essence: &Essence) {
        let Essence { session, due_at, token, replaced } = essence;
        let mut stripe = self.memory.decide(&session.subject);
        let Some(slot) = self.memory.reserve(session, *due_at, *token) else {
            tracing::error!(session = %session.id, "two sessions have one token; this one is left out");
            return;
        };
        if let Some(replaced) = replaced {
            stripe.replaced.insert(slot, *replaced);
            self.memory.link_token(&replaced.token, slot);
            if let Some(slot) = self.memory.table.get(slot) {
                let slot = slot.lock();
                slot.flag(Flag::REPLACED, true);
                slot.flag(Flag::UNSEEN, replaced.retired_at.is_none());
            }
        }
        self.memory.admit(slot, session.state, *due_at);
    }

    /// It may be the id of a record that is damaged. Then there is one that is nearly the same, and what is known
    /// of that session is not the newest: it has ended, too.
    fn end_those_meant(&self, damaged: &[SessionId], now: Timestamp) -> Vec<SessionId> {
        let mut ended = Vec::new();
        for number in self.memory.table.numbers().filter(|_| !damaged.is_empty()) {
            let Some(image) = self.memory.image(number).filter(super::slot::Image::is_live) else { continue };
            if !damaged.iter().any(|id| nearly_the_same(*id, image.id())) {
                continue;
            }
            let Some(session) = self.memory.session(number, &image) else { continue };
            let mut record = Record { session, details: Details::default(), due_at: now };
            record
                .end(Ending { reason: EndReason::Corrupted, at: now, by: Actor::Tenure }, now + EXPLAIN_FOR);
            self.apply(number, &image, &record, None);
            ended.push(image.id());
        }
        ended
    }

    /// Gives everybody back what may be missing.
    fn give_back(&self, gaps: &[Gap]) {
        let numbers = self.memory.table.numbers();
        let middle = numbers.end / 2;
        thread::scope(|scope| {
            scope.spawn(|| (0..middle).for_each(|number| self.give_back_to(number, gaps)));
            (middle..numbers.end).for_each(|number| self.give_back_to(number, gaps));
        });
    }

    fn give_back_to(&self, number: u32, gaps: &[Gap]) {
        let Some(slot) = self.memory.table.get(number) else { return };
        let locked = slot.lock();
        let mut given = false;
        for Gap { newest, end } in gaps {
            let image = locked.image();
            let (last, due_at) = (image.last_activity_at(), image.due_at());
            let began = *newest - self.waits(due_at.since(last)) - self.touch_interval;
            if image.is_active() && due_at > began && last < *end {
                // The due moment moves along; the absolute limit is judged from the record all the same. The wheel
                // notices when the old moment comes.
                locked.touch(*end, due_at + end.since(last));
                given = true;
            }
        }
        drop(locked);
        if given {
            self.memory.table.mark(number);
        }
    }
}
