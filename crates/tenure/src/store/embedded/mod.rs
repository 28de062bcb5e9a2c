//! The embedded store: every session in memory, every change in a log-structured engine (fjall).
//!
//! * [`memory`]: what requests are judged from, without I/O: a [`table`] of [`slot`]s, an [`index`] for each way to
//!   find one, and a timing [`wheel`].
//! * [`journal`]: making changes durable together (group commit), and activity behind; [`engine`] is the disk.
//! * [`opening`]: how a store begins, and [`recovery`]: from the engine back into memory, after a stop or a crash.
//! * [`mod@format`]: how a record is written.
//! * [`bag`]: the data bags, which are on disk only.
//!
//! What takes away (a lock, an ending) is in memory first and durable then; what gives (a sign-in, an unlock, a
//! rotation) is in memory only once it is durable, and until then nobody else may change the session, except to
//! end it. The journal keeps the order in which changes were decided.

mod bag;
mod damage;
mod engine;
pub mod format;
mod gaps;
mod index;
mod insert;
mod journal;
mod memory;
mod opening;
mod owner;
mod recovery;
mod slot;
mod table;
mod update;
mod wheel;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{
    Admission, Change, Counts, DataError, DataValue, DataVersion, Details, Found, InsertError, Precondition,
    Record, Store, TokenStanding, Touch, TouchError, Unavailable, UpdateError,
};
use crate::clock::Clock;
use crate::core::{Session, SessionId, Subject, Timestamp, TokenHash, Version};
use crate::keys::{Purpose, SharedKeys};

use engine::{Bytes, Engine, Space};
use format::Stored;
use journal::{Done, Journal, Nature, Tick, Write};
use memory::Memory;
use slot::Flag;

pub use opening::{OpenError, Recovery};

/// How an embedded store is opened.
pub struct EmbeddedOptions {
    /// Its folder; made if it is not there.
    pub path: PathBuf,
    /// The key ring that seals what is stored.
    pub keys: SharedKeys,
    /// The time, for what is written behind.
    pub clock: Arc<dyn Clock>,
    /// How long activity may wait to be written; that of sessions with long limits waits longer (a 120th of the
    /// limit, up to a minute). After a crash everybody gets the time back that may be missing.
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
    engine: Arc<Engine>,
    keys: SharedKeys,
    bags: bag::Locks,
    touch_interval: Duration,
}

/// How far activity has been written behind. With each round it is the turn of other sessions with long limits.
#[derive(Default)]
struct Rounds {
    number: u64,
    /// The slot at which this round goes on.
    next: u32,
}

/// Activity of a session waits for at most this long to be written.
const LONGEST_BEHIND: Duration = Duration::from_secs(60);

impl Inner {
    /// The value under which a session is stored: token and audience in the clear, so that a damaged record can
    /// still be told to its owner; all else sealed.
    fn seal(&self, stored: &Stored) -> Result<Bytes, Unavailable> {
        let session = &stored.record.session;
        let purpose = Purpose { kind: "session", place: session.id.as_bytes() };
        let mut value = Vec::with_capacity(512);
        value.extend_from_slice(&stored.token.0);
        value.extend_from_slice(&session.audience.0.to_le_bytes());
        let write = |value: &mut Vec<u8>| format::encode_to(stored, value);
        self.keys.load().seal_into(&mut value, purpose, write).map_err(Unavailable::because)?;
        Ok(value.into())
    }

    /// What the engine has of a session's details, and of which version; nothing if that cannot be read, for the
    /// session itself is well.
    fn details(&self, id: SessionId) -> Result<(Details, Option<Version>), Unavailable> {
        let Some(value) = self.engine.get(Space::Sessions, id.as_bytes())? else {
            return Ok((Details::default(), None));
        };
        Ok(recovery::open_record(&self.keys.load(), id, &value).map_or_else(
            |problem| {
                tracing::error!(session = %id, %problem, "the details of a session cannot be read");
                (Details::default(), None)
            },
            |stored| (stored.record.details, Some(stored.record.session.version)),
        ))
    }

    /// The whole record of a session that may be found.
    fn record(&self, id: SessionId) -> Result<Option<Record>, Unavailable> {
        // What gives is on disk a moment before it is in force; then it is looked at again.
        for _ in 0..100 {
            let Some((stripe, slot, image)) = self.memory.decide_about(id) else { return Ok(None) };
            let in_flight = stripe.in_flight.get(&slot).cloned();
            drop(stripe);
            let details = match in_flight {
                Some(record) => record.details.clone(),
                None => {
                    let (details, version) = self.details(id)?;
                    let still = self.memory.image(slot).is_some_and(|now| {
                        now.has_id(id) && now.version() == image.version() && now.is_live() == image.is_live()
                    });
                    if !still || version.is_some_and(|version| version > image.version()) {
                        std::thread::yield_now();
                        continue;
                    }
                    details
                }
            };
            let Some(session) = self.memory.session(slot, &image) else { continue };
            return Ok(Some(Record { session, details, due_at: image.due_at() }));
        }
        Err(Unavailable::because("the session is being changed all the time"))
    }

    /// As [`Inner::record`], for whoever has the right to decide about the session.
    fn record_at(
        &self,
        stripe: &memory::Stripe,
        slot: u32,
        image: &slot::Image,
    ) -> Result<Option<Record>, Unavailable> {
        let Some(session) = self.memory.session(slot, image) else { return Ok(None) };
        let details = match stripe.in_flight.get(&slot) {
            Some(record) => record.details.clone(),
            None => self.details(session.id)?.0,
        };
        Ok(Some(Record { session, details, due_at: image.due_at() }))
    }

    /// What the journal is to write although nobody waits for it.
    fn behind(&self, now: Timestamp, tick: Tick, rounds: &mut Rounds) -> Vec<Write> {
        match tick {
            Tick::StillOpen => {
                vec![Write::Meta(recovery::NEWEST, now.as_millis().to_le_bytes().into())]
            }
            Tick::Closed => vec![Write::Meta(recovery::CLOSED, [1].into())],
            Tick::Behind { all, most } => self.activity(all, most, rounds),
        }
    }

    fn activity(&self, all: bool, most: usize, rounds: &mut Rounds) -> Vec<Write> {
        let mut writes = Vec::new();
        let next = self.memory.table.take_marked(rounds.next, most, |slot| {
            let Some(image) = self.memory.image(slot).filter(|image| image.used() == slot::Use::Taken) else {
                return false;
            };
            let limit = image.due_at().since(image.last_activity_at());
            let every = (self.waits(limit).as_millis() / self.touch_interval.as_millis().max(1)).max(1);
            if !all && !u128::from(rounds.number + u64::from(slot)).is_multiple_of(every) {
                return true;
            }
            writes.extend(self.activity_of(&image));
            false
        });
        rounds.number += u64::from(next.is_none());
        rounds.next = next.unwrap_or(0);
        writes
    }

    fn activity_of(&self, image: &slot::Image) -> Option<Write> {
        let id = image.id();
        let mut retired_at = Timestamp::NEVER;
        if image.is(Flag::REPLACED) && !image.is(Flag::UNSEEN) {
            let (stripe, slot, _) = self.memory.decide_about(id)?;
            let replaced = stripe.replaced.get(&slot);
            retired_at = replaced.and_then(|replaced| replaced.retired_at).unwrap_or(Timestamp::NEVER);
        }
        let mut value = [0; 24];
        let moments = [image.last_activity_at(), image.due_at(), retired_at];
        for (place, moment) in value.chunks_exact_mut(8).zip(moments) {
            place.copy_from_slice(&moment.as_millis().to_le_bytes());
        }
        Some(Write::Touch(id, value))
    }

    /// How long activity of a session may wait to be written that has this long left when it is active.
    fn waits(&self, limit: Duration) -> Duration {
        (limit / 120).clamp(self.touch_interval, LONGEST_BEHIND.max(self.touch_interval))
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
        Ok(self.inner.find(token))
    }

    async fn load(&self, id: SessionId) -> Result<Option<Record>, Unavailable> {
        self.inner.record(id)
    }

    async fn touch(&self, session: &Found, touch: Touch) -> Result<(), TouchError> {
        self.inner.touch(session, touch).ok_or(TouchError::Gone)
    }

    async fn retire(&self, session: &Found, at: Timestamp) -> Result<(), TouchError> {
        self.inner.retire(session, at).ok_or(TouchError::Gone)
    }

    async fn update(&self, expected: Version, change: Change) -> Result<Version, UpdateError> {
        update::update(self, expected, change).await
    }

    async fn list(&self, subject: &Subject) -> Result<Vec<Record>, Unavailable> {
        let stripe = self.inner.memory.decide(subject);
        let slots = self.inner.memory.of_subject(subject);
        drop(stripe);
        let mut records = Vec::with_capacity(slots.len());
        for (_, image) in slots.iter().filter(|(_, image)| image.used() == slot::Use::Taken) {
            records.extend(self.inner.record(image.id())?);
        }
        records.sort_by_key(|record| (record.session.signed_in_at, record.session.id));
        Ok(records)
    }

    async fn page(&self, after: Option<SessionId>, limit: usize) -> Result<Vec<Session>, Unavailable> {
        self.inner.page(after, limit)
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<SessionId>, Unavailable> {
        Ok(self.inner.memory.due(now, limit))
    }

    async fn forget(&self, id: SessionId) -> Result<(), Unavailable> {
        let receiver = {
            let Some((_stripe, _, image)) = self.inner.memory.decide_about(id) else { return Ok(()) };
            if image.is_live() {
                return Ok(());
            }
            let inner = Arc::clone(&self.inner);
            self.submit(Nature::Gives, vec![Write::Forget(id)], move |result| {
                result.map(|()| inner.forgotten(id))
            })
        };
        receiver.await.unwrap_or_else(|_| Err(stopped()))
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

impl Inner {
    fn find(&self, token: &TokenHash) -> Option<Found> {
        let (slot, image, token) = match self.memory.by_token(token) {
            Some((slot, image)) => {
                (slot, image, TokenStanding::Current { first_seen: image.is(Flag::UNSEEN) })
            }
            None => {
                let (slot, image, replaced) = self.memory.by_replaced_token(token)?;
                let (privilege, retired_at) = (replaced.privilege, replaced.retired_at);
                (slot, image, TokenStanding::Replaced { privilege, retired_at })
            }
        };
        Some(Found { session: self.memory.session(slot, &image)?, token, place: u64::from(slot) })
    }

    fn touch(&self, found: &Found, touch: Touch) -> Option<()> {
        let id = found.session.id;
        let hinted = u32::try_from(found.place).ok().and_then(|slot| self.touch_at(slot, id, touch));
        // The place is a hint: the session may be elsewhere, if it was found before a restart.
        hinted.or_else(|| self.touch_at(self.memory.by_id(id)?.0, id, touch))
    }

    fn touch_at(&self, slot: u32, id: SessionId, touch: Touch) -> Option<()> {
        let handed_out = {
            let locked = self.memory.table.get(slot)?.lock();
            if !locked.is_active(id) {
                return None;
            }
            locked.touch(touch.at, touch.due_at)
        };
        self.memory.table.mark(slot);
        if let Some(due_at) = handed_out {
            self.memory.arm(slot, due_at);
        }
        Some(())
    }

    fn retire(&self, found: &Found, at: Timestamp) -> Option<()> {
        let (mut stripe, slot, image) = self.memory.decide_about(found.session.id)?;
        if !image.is_live() {
            return None;
        }
        if image.version() == found.session.version
            && let Some(replaced) = stripe.replaced.get_mut(&slot)
            && replaced.retired_at.is_none()
        {
            replaced.retired_at = Some(at);
            self.memory.table.get(slot)?.lock().flag(Flag::UNSEEN, false);
            self.memory.table.mark(slot);
        }
        Some(())
    }

    /// The engine has the ids in order; what else is told comes from memory.
    fn page(&self, after: Option<SessionId>, limit: usize) -> Result<Vec<Session>, Unavailable> {
        use std::ops::Bound;
        let from = after.map_or(Bound::Unbounded, |id| Bound::Excluded(*id.as_bytes()));
        self.engine.read(|open| {
            let mut page = Vec::new();
            for entry in open.space(Space::Sessions).range((from, Bound::Unbounded)) {
                if page.len() == limit {
                    break;
                }
                let Ok(id) = <[u8; 16]>::try_from(&*entry.key()?) else { continue };
                let found = self.memory.visible(SessionId::from_bytes(id));
                page.extend(found.and_then(|(slot, image)| self.memory.session(slot, &image)));
            }
            Ok(page)
        })
    }

    /// The tombstone is gone from the disk.
    fn forgotten(&self, id: SessionId) {
        if let Some((mut stripe, slot, image)) = self.memory.decide_about(id)
            && let Some(session) = self.memory.session(slot, &image)
        {
            self.memory.remove(&mut stripe, slot, &image, &session.subject);
        }
    }
}

/// An answer that is still to come.
type Answer<T, E> = tokio::sync::oneshot::Receiver<Result<T, E>>;

fn stopped() -> Unavailable {
    Unavailable::because("the journal has stopped")
}

impl EmbeddedStore {
    /// Hands writes over. `settle` runs on the journal's thread, once they are durable or known not to be; what it
    /// gives is the answer. It runs once more, and nobody hears it, if what takes away becomes durable later.
    fn submit<T: Send + 'static, E: Send + 'static>(
        &self,
        nature: Nature,
        writes: Vec<Write>,
        mut settle: impl FnMut(Result<(), Unavailable>) -> Result<T, E> + Send + 'static,
    ) -> Answer<T, E> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let mut sender = Some(sender);
        let done: Done = Box::new(move |result| {
            let answer = settle(result);
            if let Some(sender) = sender.take() {
                // Whoever stopped waiting does not want to know.
                drop(sender.send(answer));
            }
        });
        self.journal.submit(nature, writes, done);
        receiver
    }
}

#[cfg(test)]
mod tests;
