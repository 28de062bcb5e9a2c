//! Adding a session, within the limit of its subject.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Admission, Ending, InsertError, Record, Unavailable};
use super::engine::Bytes;
use super::format::Stored;
use super::journal::{Nature, Write};
use super::memory::Stripe;
use super::slot::{Flag, Image, Use};
use super::{Answer, EmbeddedStore, Inner, stopped};
use crate::core::{SessionId, State, Timestamp, TokenHash, Version};

/// How long a sign-in waits for others of the same person to become durable.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is decided under the lock of the subject.
struct Decision {
    writes: Vec<Write>,
    displaced: Vec<Displaced>,
}

/// One that makes room.
struct Displaced {
    slot: u32,
    /// The version that it had.
    version: Version,
    /// How it has ended then.
    record: Record,
}

/// Counting, reserving a place and handing the write over are one step under the lock of the subject. The place
/// counts from then on, though nobody finds the session before it is durable.
pub(super) async fn insert(
    store: &EmbeddedStore,
    record: Record,
    token: TokenHash,
    admission: Admission,
) -> Result<Vec<Record>, InsertError> {
    let stored = Stored { record, token, replaced: None };
    let value = store.inner.seal(&stored)?;
    let record = stored.record;

    // Those in the way may be made or changed this very moment; that is over with the next sync.
    let began = tokio::time::Instant::now();
    let answer = loop {
        match try_insert(store, &record, token, &value, &admission)? {
            Some(answer) => break answer,
            None if began.elapsed() > PATIENCE => {
                return Err(Unavailable::because("too many sign-ins of one person at once").into());
            }
            None => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    };
    Ok(answer.await.unwrap_or_else(|_| Err(stopped()))?)
}

/// `None`: try again in a moment.
fn try_insert(
    store: &EmbeddedStore,
    record: &Record,
    token: TokenHash,
    value: &Bytes,
    admission: &Admission,
) -> Result<Option<Answer<Vec<Record>, Unavailable>>, InsertError> {
    let inner = &store.inner;
    let known = || Unavailable::because("the id or the token of a new session is known already");
    if inner.memory.knows_token(&token) || inner.memory.by_id(record.session.id).is_some() {
        return Err(known().into());
    }
    let stripe = inner.memory.decide(&record.session.subject);
    let Some(mut decision) = decide(inner, &stripe, record, admission)? else { return Ok(None) };
    let reserved = inner.memory.reserve(&record.session, record.due_at, token);
    let slot = reserved.ok_or_else(known)?;
    for displaced in &decision.displaced {
        inner.hold(displaced.slot, true);
    }
    let id = record.session.id;
    decision.writes.push(Write::Session(id, value.clone()));
    let Decision { writes, displaced } = decision;
    let (shared, state, due_at) = (Arc::clone(inner), record.session.state, record.due_at);
    // The journal answers on its own thread, which takes this lock anew.
    let answer = store.submit(Nature::Gives, writes, move |result| match result {
        Ok(()) => Ok(shared.admit(id, (slot, state, due_at), &displaced)),
        Err(unavailable) => {
            shared.withdraw(id, slot, &displaced);
            Err(unavailable)
        }
    });
    drop(stripe);
    Ok(Some(answer))
}

/// `None`: those in the way are being made or changed this very moment.
fn decide(
    inner: &Inner,
    stripe: &Stripe,
    record: &Record,
    admission: &Admission,
) -> Result<Option<Decision>, InsertError> {
    let new = &record.session;
    let mut live: Vec<(u32, Image)> = inner.memory.of_subject(&new.subject);
    // One that is about to be displaced has made its room already.
    live.retain(|(_, image)| image.is_live() && image.audience() == new.audience && !image.is(Flag::LEAVING));
    live.sort_unstable_by_key(|(_, image)| (image.last_activity_at(), image.id()));
    let settled = |image: &Image| image.used() == Use::Taken && !image.is(Flag::PENDING);
    let full = |limit: u32| live.len() >= limit as usize;
    let records = || -> Result<Vec<Record>, Unavailable> {
        let durable = live.iter().filter(|(_, image)| image.used() == Use::Taken);
        let records = durable.map(|(slot, image)| inner.record_at(stripe, *slot, image));
        Ok(records.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    };
    let chosen: Vec<(u32, Image, &Ending, Timestamp)> = match admission {
        Admission::Unlimited => Vec::new(),
        Admission::AtMost(limit) if full(*limit) => return Err(InsertError::Full(records()?)),
        Admission::AtMost(_) => Vec::new(),
        Admission::EndOldest { limit, ending, forget_at } => {
            let excess = (live.len() + 1).saturating_sub(*limit as usize);
            let oldest: Vec<_> = live.iter().filter(|(_, image)| settled(image)).take(excess).collect();
            if oldest.len() < excess {
                return Ok(None);
            }
            oldest.into_iter().map(|(slot, image)| (*slot, *image, ending, *forget_at)).collect()
        }
        Admission::Replace { limit, session, ending, forget_at } => {
            let chosen = live.iter().find(|(_, image)| image.id() == *session);
            if chosen.is_some_and(|(_, image)| !settled(image)) {
                return Ok(None);
            }
            if live.len() + 1 - usize::from(chosen.is_some()) > *limit as usize {
                return Err(InsertError::Full(records()?));
            }
            chosen.into_iter().map(|(slot, image)| (*slot, *image, ending, *forget_at)).collect()
        }
    };
    let mut decision = Decision { writes: Vec::new(), displaced: Vec::new() };
    for (slot, image, ending, forget_at) in chosen {
        let Some(mut record) = inner.record_at(stripe, slot, &image)? else { continue };
        let (id, version) = (record.session.id, image.version());
        record.end(ending.clone(), forget_at);
        record.session.version = version.next();
        let replaced = stripe.replaced.get(&slot).copied();
        let stored = Stored { record, token: image.token(), replaced };
        decision.writes.push(Write::Session(id, inner.seal(&stored)?));
        decision.writes.push(Write::DropBag(id));
        decision.displaced.push(Displaced { slot, version, record: stored.record });
    }
    Ok(Some(decision))
}

impl Inner {
    /// Lets nobody but an ending change a session that is to make room; or lets them again.
    fn hold(&self, slot: u32, on: bool) {
        if let Some(slot) = self.memory.table.get(slot) {
            let slot = slot.lock();
            slot.flag(Flag::PENDING, on);
            slot.flag(Flag::LEAVING, on);
        }
    }

    /// The new session is durable, and so are the endings of those that made room.
    fn admit(
        &self,
        id: SessionId,
        (slot, state, due_at): (u32, State, Timestamp),
        displaced: &[Displaced],
    ) -> Vec<Record> {
        let Some((_, image)) = self.memory.by_id(id) else { return Vec::new() };
        let Some(session) = self.memory.session(slot, &image) else { return Vec::new() };
        // All of them are of one subject.
        let mut stripe = self.memory.decide(&session.subject);
        let mut ended = Vec::new();
        for Displaced { slot, version, record } in displaced {
            // It may have ended by itself meanwhile, and even be forgotten; then that is its ending, on disk too.
            let now = self.memory.image(*slot).filter(|now| now.has_id(record.session.id));
            let Some(now) = now else { continue };
            self.hold(*slot, false);
            if now.version() == *version {
                stripe.in_flight.remove(slot);
                self.apply(*slot, &now, record, None);
                ended.push(record.clone());
            }
        }
        self.memory.admit(slot, state, due_at);
        ended
    }

    /// Nothing became durable: there never was a new session, and nobody made room.
    fn withdraw(&self, id: SessionId, slot: u32, displaced: &[Displaced]) {
        let Some((_, image)) = self.memory.by_id(id) else { return };
        let Some(session) = self.memory.session(slot, &image) else { return };
        let mut stripe = self.memory.decide(&session.subject);
        for Displaced { slot, record, .. } in displaced {
            if self.memory.image(*slot).is_some_and(|now| now.has_id(record.session.id)) {
                self.hold(*slot, false);
            }
        }
        self.memory.remove(&mut stripe, slot, &image, &session.subject);
    }
}
