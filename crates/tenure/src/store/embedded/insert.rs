//! Adding a session, within the limit of its subject.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::super::{Admission, Ending, InsertError, Record, Unavailable};
use super::format::Stored;
use super::journal::Write;
use super::memory::Kept;
use super::{EmbeddedStore, Inner};
use crate::core::{SessionId, Timestamp, TokenHash, Version};

/// How long a sign-in waits for others of the same person to become durable.
const PATIENCE: Duration = Duration::from_secs(5);

/// The records that made room, once it is durable.
type Displaced = oneshot::Receiver<Result<Vec<Record>, Unavailable>>;

/// What is decided under the lock of the subject.
struct Decision {
    writes: Vec<Write>,
    displaced: Vec<(Version, Record)>,
}

/// Counting, reserving a place and handing the write over are one step under the lock of the subject. The place
/// counts from then on, though nobody finds the session before it is durable.
pub(super) async fn insert(
    store: &EmbeddedStore,
    record: Record,
    token: TokenHash,
    admission: Admission,
) -> Result<Vec<Record>, InsertError> {
    let inner = &store.inner;
    let stored = Stored { record, token, replaced: None };
    let value = inner.seal(&stored)?;
    let record = stored.record;

    // Those in the way may be made or changed this very moment; that is over with the next sync.
    let began = tokio::time::Instant::now();
    let receiver = loop {
        match try_insert(store, &record, token, &value, &admission)? {
            Some(receiver) => break receiver,
            None if began.elapsed() > PATIENCE => {
                return Err(Unavailable::because("too many sign-ins of one person at once").into());
            }
            None => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    };
    let result = receiver.await.unwrap_or_else(|_| Err(Unavailable::because("the journal has stopped")));
    Ok(result?)
}

/// `None`: try again in a moment.
fn try_insert(
    store: &EmbeddedStore,
    record: &Record,
    token: TokenHash,
    value: &[u8],
    admission: &Admission,
) -> Result<Option<Displaced>, InsertError> {
    let inner = &store.inner;
    let (id, subject) = (record.session.id, &record.session.subject);
    let (sender, receiver) = oneshot::channel();
    {
        let mut subjects = inner.memory.subjects(subject);
        if inner.memory.shard(id).contains_key(&id) || inner.memory.id_of(&token).is_some() {
            return Err(Unavailable::because("the id or the token of a new session is known already").into());
        }
        let ids = subjects.get(subject).map_or(&[][..], Vec::as_slice);
        let Some(mut decision) = decide(inner, ids, record, admission)? else { return Ok(None) };
        for (_, displaced) in &decision.displaced {
            inner.hold(displaced.session.id);
        }
        decision.writes.push(Write::Session(id, value.to_vec()));
        subjects.entry(subject.clone()).or_default().push(id);
        reserve(inner, record, token);

        let shared = Arc::clone(inner);
        let Decision { writes, displaced } = decision;
        store.journal.submit(
            writes,
            Box::new(move |result| {
                let result = match result {
                    Ok(()) => Ok(shared.admit(id, displaced)),
                    Err(unavailable) => {
                        shared.withdraw(id, &displaced);
                        Err(unavailable)
                    }
                };
                drop(sender.send(result));
            }),
        );
    }
    Ok(Some(receiver))
}

/// `None`: those in the way are being made or changed this very moment.
fn decide(
    inner: &Inner,
    ids: &[SessionId],
    record: &Record,
    admission: &Admission,
) -> Result<Option<Decision>, InsertError> {
    let mut live: Vec<(Timestamp, SessionId, bool)> = ids
        .iter()
        .filter_map(|id| {
            let shard = inner.memory.shard(*id);
            let kept = shard.get(id)?;
            let counts = Admission::counts(&kept.session, &record.session.subject, record.session.audience);
            // One that is about to be displaced has made its room already.
            (counts && !kept.leaving).then_some((
                kept.session.last_activity_at,
                *id,
                kept.visible && !kept.pending,
            ))
        })
        .collect();
    live.sort_unstable();
    let full = |limit: u32| live.len() >= limit as usize;
    let records = || -> Result<Vec<Record>, Unavailable> {
        let records = live.iter().map(|(_, id, _)| inner.record(*id)).collect::<Result<Vec<_>, _>>()?;
        Ok(records.into_iter().flatten().collect())
    };
    let chosen: Vec<(SessionId, &Ending, Timestamp)> = match admission {
        Admission::Unlimited => Vec::new(),
        Admission::AtMost(limit) if full(*limit) => return Err(InsertError::Full(records()?)),
        Admission::AtMost(_) => Vec::new(),
        Admission::EndOldest { limit, ending, forget_at } => {
            let excess = (live.len() + 1).saturating_sub(*limit as usize);
            let settled: Vec<_> = live.iter().filter(|(_, _, settled)| *settled).take(excess).collect();
            if settled.len() < excess {
                return Ok(None);
            }
            settled.into_iter().map(|(_, id, _)| (*id, ending, *forget_at)).collect()
        }
        Admission::Replace { limit, session, ending, forget_at } => {
            let chosen = live.iter().find(|(_, id, _)| id == session);
            if chosen.is_some_and(|(_, _, settled)| !settled) {
                return Ok(None);
            }
            let makes_room = chosen.is_some();
            if live.len() + 1 - usize::from(makes_room) > *limit as usize {
                return Err(InsertError::Full(records()?));
            }
            if makes_room { vec![(*session, ending, *forget_at)] } else { Vec::new() }
        }
    };
    let mut decision = Decision { writes: Vec::new(), displaced: Vec::new() };
    for (id, ending, forget_at) in chosen {
        let Some(mut ended) = inner.record(id)? else { continue };
        let version = ended.session.version;
        ended.end(ending.clone(), forget_at);
        ended.session.version = version.next();
        decision.writes.push(Write::Session(id, inner.seal_kept(&ended)?));
        decision.writes.push(Write::DropBag(id));
        decision.displaced.push((version, ended));
    }
    Ok(Some(decision))
}

/// Keeps a place for a session that nobody finds yet.
fn reserve(inner: &Inner, record: &Record, token: TokenHash) {
    let kept = Kept {
        session: record.session.clone(),
        due_at: record.due_at,
        token,
        replaced: None,
        armed: record.due_at,
        visible: false,
        pending: true,
        leaving: false,
        dirty: false,
        in_flight: None,
        unsaved: false,
    };
    let mut shard = inner.memory.shard(record.session.id);
    let kept = shard.entry(record.session.id).or_insert(kept);
    let at = kept.due_at;
    inner.memory.arm(kept, at);
    inner.memory.link(token, record.session.id);
}

impl Inner {
    /// The sealed value of a record whose tokens are in memory.
    pub(super) fn seal_kept(&self, record: &Record) -> Result<Vec<u8>, Unavailable> {
        let id = record.session.id;
        let (token, replaced) = match self.memory.shard(id).get(&id) {
            Some(kept) => (kept.token, kept.replaced.as_deref().copied()),
            None => return Err(Unavailable::because("the session is gone")),
        };
        self.seal(&Stored { record: record.clone(), token, replaced })
    }

    /// Lets nobody but an ending change a session.
    fn hold(&self, id: SessionId) {
        if let Some(kept) = self.memory.shard(id).get_mut(&id) {
            kept.pending = true;
            kept.leaving = true;
        }
    }

    /// The new session is durable, and so are the endings of those that made room.
    fn admit(&self, id: SessionId, displaced: Vec<(Version, Record)>) -> Vec<Record> {
        let mut ended = Vec::new();
        for (version, record) in displaced {
            let mut shard = self.memory.shard(record.session.id);
            let Some(kept) = shard.get_mut(&record.session.id) else { continue };
            kept.pending = false;
            kept.leaving = false;
            // It may have ended by itself meanwhile; then that is its ending, on disk too.
            if kept.session.version == version {
                self.memory.count(Some(kept.session.state), Some(record.session.state));
                kept.session = record.session.clone();
                kept.due_at = record.due_at;
                self.memory.arm(kept, record.due_at);
                ended.push(record);
            }
        }
        if let Some(kept) = self.memory.shard(id).get_mut(&id) {
            kept.visible = true;
            kept.pending = false;
            self.memory.count(None, Some(kept.session.state));
        }
        ended
    }

    /// Nothing became durable: there never was a new session, and nobody made room.
    fn withdraw(&self, id: SessionId, displaced: &[(Version, Record)]) {
        for (_, record) in displaced {
            if let Some(kept) = self.memory.shard(record.session.id).get_mut(&record.session.id) {
                kept.pending = false;
                kept.leaving = false;
            }
        }
        let Some(kept) = self.memory.shard(id).remove(&id) else { return };
        self.memory.disarm(&kept);
        self.memory.unlink(&kept.token);
        let subject = &kept.session.subject;
        let mut subjects = self.memory.subjects(subject);
        if let Some(ids) = subjects.get_mut(subject) {
            ids.retain(|known| *known != id);
        }
    }
}
