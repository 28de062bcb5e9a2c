//! Changing a session on condition.

use std::sync::Arc;

use super::super::{Change, Record, Rotation, Unavailable, UpdateError};
use super::format::{Replaced, Stored};
use super::journal::{Nature, Write};
use super::memory::Stripe;
use super::slot::{Flag, Image};
use super::{Answer, EmbeddedStore, Inner, stopped};
use crate::core::{SessionId, State, Timestamp, Version};

/// Deciding and handing the write over are one step under the lock of the subject, so the journal has the order in
/// which changes were decided.
pub(super) async fn update(
    store: &EmbeddedStore,
    expected: Version,
    change: Change,
) -> Result<Version, UpdateError> {
    // Nothing that waits is held while the answer is on its way.
    let answer = decide(store, expected, change)?;
    answer.await.unwrap_or_else(|_| Err(stopped().into()))
}

fn decide(
    store: &EmbeddedStore,
    expected: Version,
    change: Change,
) -> Result<Answer<Version, UpdateError>, UpdateError> {
    let inner = &store.inner;
    let id = change.record.session.id;
    let (mut stripe, slot, image) = inner.memory.decide_about(id).ok_or(UpdateError::Gone)?;
    let session = inner.memory.session(slot, &image).ok_or(UpdateError::Gone)?;
    if !image.is_live() {
        return confirm_ending(store, &stripe, slot, &image);
    }
    let mut record = change.record;
    record.session.subject = session.subject;
    let takes_away = check(&image, expected, &record, change.rotation, change.if_quiet_since)?;
    let version = expected.next();
    record.session.version = version;
    record.due_at = due_at(&image, &record);
    record.session.last_activity_at = record.session.last_activity_at.max(image.last_activity_at());

    let replaced = match change.rotation {
        Some(rotation) => {
            Some(Replaced { token: image.token(), privilege: rotation.old_privilege, retired_at: None })
        }
        None => stripe.replaced.get(&slot).copied(),
    };
    let token = change.rotation.map_or(image.token(), |rotation| rotation.token);
    let stored = Stored { record, token, replaced };
    let mut writes = vec![Write::Session(id, inner.seal(&stored)?)];
    let record = Arc::new(stored.record);
    if !record.session.is_live() {
        writes.push(Write::DropBag(id));
    }
    let nature = if takes_away { Nature::TakesAway } else { Nature::Gives };
    if takes_away {
        // Activity takes no lock but that of the slot, so whether there was any is asked once more under it.
        if !inner.apply(slot, &image, &record, change.if_quiet_since) {
            return Err(UpdateError::Conflict);
        }
        stripe.in_flight.insert(slot, Arc::clone(&record));
    } else if let Some(slot) = inner.memory.table.get(slot) {
        slot.lock().flag(Flag::PENDING, true);
    }
    let (shared, rotation) = (Arc::clone(inner), change.rotation);
    Ok(store.submit(nature, writes, move |result| {
        let settled = if takes_away {
            if result.is_ok() {
                shared.written(&record);
            }
            result.map_err(UpdateError::from)
        } else {
            shared.give(&record, expected, rotation, result)
        };
        settled.map(|()| version)
    }))
}

/// A session that has ended is gone, and that is said only once the ending is durable. If it may not be yet, it is
/// written again.
fn confirm_ending(
    store: &EmbeddedStore,
    stripe: &Stripe,
    slot: u32,
    image: &Image,
) -> Result<Answer<Version, UpdateError>, UpdateError> {
    let Some(record) = stripe.in_flight.get(&slot) else { return Err(UpdateError::Gone) };
    let inner = &store.inner;
    let replaced = stripe.replaced.get(&slot).copied();
    let stored = Stored { record: (**record).clone(), token: image.token(), replaced };
    let id = image.id();
    let writes = vec![Write::Session(id, inner.seal(&stored)?), Write::DropBag(id)];
    let (shared, record) = (Arc::clone(inner), Arc::clone(record));
    Ok(store.submit(Nature::TakesAway, writes, move |result| {
        result?;
        shared.written(&record);
        Err(UpdateError::Gone)
    }))
}

/// Whether the change may be made, and whether it takes away.
fn check(
    image: &Image,
    expected: Version,
    record: &Record,
    rotation: Option<Rotation>,
    quiet_since: Option<Timestamp>,
) -> Result<bool, UpdateError> {
    let ends = !record.session.is_live();
    let locks = matches!((image.state(), record.session.state), (State::Active, State::Locked { .. }));
    let disturbed = quiet_since.is_some_and(|quiet_since| image.last_activity_at() > quiet_since);
    // An ending waits for nobody; everything else waits for what is being made durable.
    if image.version() != expected || disturbed || (image.is(Flag::PENDING) && !ends) {
        return Err(UpdateError::Conflict);
    }
    Ok(rotation.is_none() && (ends || locks))
}

/// When a session is due after a change. One that stays active is due no earlier than activity has promised that
/// was noted after the change was decided.
fn due_at(image: &Image, record: &Record) -> Timestamp {
    let stays_active = image.is_active() && record.session.state == State::Active;
    let noted_since = image.last_activity_at() > record.session.last_activity_at;
    if stays_active && noted_since { record.due_at.max(image.due_at()) } else { record.due_at }
}

impl Inner {
    /// Puts a record in force, with the activity that was noted meanwhile; unless there was activity after
    /// `quiet_since`. Gives back whether it did.
    pub(super) fn apply(
        &self,
        slot: u32,
        before: &Image,
        record: &Record,
        quiet_since: Option<Timestamp>,
    ) -> bool {
        let Some(place) = self.memory.table.get(slot) else { return false };
        let due_at = {
            let locked = place.lock();
            let now = locked.image();
            if quiet_since.is_some_and(|quiet_since| now.last_activity_at() > quiet_since) {
                return false;
            }
            let due_at = due_at(&now, record);
            let mut session = record.session.clone();
            session.last_activity_at = session.last_activity_at.max(now.last_activity_at());
            locked.put(&session, due_at, false);
            due_at
        };
        self.memory.count(Some(before.state()), Some(record.session.state));
        self.memory.arm(slot, due_at);
        true
    }

    /// What took away is durable: the engine has the newest record.
    fn written(&self, record: &Arc<Record>) {
        if let Some((mut stripe, slot, _)) = self.memory.decide_about(record.session.id)
            && stripe.in_flight.get(&slot).is_some_and(|newest| Arc::ptr_eq(newest, record))
        {
            stripe.in_flight.remove(&slot);
        }
    }

    /// What gives is durable, or is known not to be: then it never was.
    fn give(
        &self,
        record: &Record,
        expected: Version,
        rotation: Option<Rotation>,
        result: Result<(), Unavailable>,
    ) -> Result<(), UpdateError> {
        let id = record.session.id;
        let (mut stripe, slot, image) = self.memory.decide_about(id).ok_or(UpdateError::Gone)?;
        if let Some(place) = self.memory.table.get(slot) {
            place.lock().flag(Flag::PENDING, false);
        }
        result?;
        if image.version() != expected {
            // It has ended meanwhile, and the journal has the ending after this change. It is not said here, for
            // it may not be durable yet.
            return Err(UpdateError::Conflict);
        }
        // What took away before this was written before it, or with it.
        stripe.in_flight.remove(&slot);
        self.apply(slot, &image, record, None);
        if let Some(rotation) = rotation {
            self.rotate(&mut stripe, id, slot, &image, rotation);
        }
        Ok(())
    }

    fn rotate(&self, stripe: &mut Stripe, id: SessionId, slot: u32, image: &Image, rotation: Rotation) {
        let privilege = rotation.old_privilege;
        let replaced = Replaced { token: image.token(), privilege, retired_at: None };
        let before = stripe.replaced.insert(slot, replaced);
        if !self.memory.link_token(&rotation.token, slot) {
            tracing::error!(session = %id, "the new token of a session is known already");
        }
        if let Some(place) = self.memory.table.get(slot) {
            let locked = place.lock();
            locked.set_token(rotation.token);
            locked.flag(Flag::REPLACED, true);
            locked.flag(Flag::UNSEEN, true);
        }
        if let Some(before) = before {
            self.memory.unlink_token(&before.token, slot);
        }
    }
}
