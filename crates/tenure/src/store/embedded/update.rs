//! Changing a session on condition.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::super::{Change, Record, Rotation, Unavailable, UpdateError};
use super::format::{Replaced, Stored};
use super::journal::Write;
use super::memory::Kept;
use super::{EmbeddedStore, Inner};
use crate::core::{SessionId, State, Timestamp, Version};

/// Deciding and handing the write over are one step under the lock of the session, so the journal has the order in
/// which changes were decided.
pub(super) async fn update(
    store: &EmbeddedStore,
    expected: Version,
    change: Change,
) -> Result<Version, UpdateError> {
    let inner = &store.inner;
    let id = change.record.session.id;
    let (sender, receiver) = oneshot::channel();
    let version = {
        let mut shard = inner.memory.shard(id);
        let kept = shard.get_mut(&id).filter(|kept| kept.visible).ok_or(UpdateError::Gone)?;
        let mut record = change.record;
        let takes_away = check(kept, expected, &record, change.rotation, change.if_quiet_since)?;
        let version = kept.session.version.next();
        record.session.version = version;
        record.due_at = due_at(kept, &record);
        record.session.last_activity_at = record.session.last_activity_at.max(kept.session.last_activity_at);

        let replaced = match change.rotation {
            Some(rotation) => {
                Some(Replaced { token: kept.token, privilege: rotation.old_privilege, retired_at: None })
            }
            None => kept.replaced.as_deref().copied(),
        };
        let token = change.rotation.map_or(kept.token, |rotation| rotation.token);
        let stored = Stored { record, token, replaced };
        let mut writes = vec![Write::Session(id, inner.seal(&stored)?)];
        let record = Arc::new(stored.record);
        if !record.session.is_live() {
            writes.push(Write::DropBag(id));
        }
        kept.in_flight = Some(Arc::clone(&record));
        if takes_away {
            inner.apply(kept, &record);
        } else {
            kept.pending = true;
        }
        let (shared, rotation) = (Arc::clone(inner), change.rotation);
        store.journal.submit(
            writes,
            Box::new(move |result| {
                let result = match result {
                    Ok(()) => shared.settled(&record, expected, rotation, takes_away),
                    Err(unavailable) => {
                        shared.failed(&record, takes_away);
                        Err(unavailable.into())
                    }
                };
                drop(sender.send(result));
            }),
        );
        version
    };
    let result =
        receiver.await.unwrap_or_else(|_| Err(Unavailable::because("the journal has stopped").into()));
    result.map(|()| version)
}

/// Whether the change may be made, and whether it takes away.
fn check(
    kept: &Kept,
    expected: Version,
    record: &Record,
    rotation: Option<Rotation>,
    quiet_since: Option<Timestamp>,
) -> Result<bool, UpdateError> {
    if !kept.session.is_live() {
        // Whoever is told that it is gone may rely on it: only once it is durable.
        return Err(if kept.in_flight.is_some() { UpdateError::Conflict } else { UpdateError::Gone });
    }
    let ends = !record.session.is_live();
    let locks = matches!((kept.session.state, record.session.state), (State::Active, State::Locked { .. }));
    let disturbed = quiet_since.is_some_and(|quiet_since| kept.session.last_activity_at > quiet_since);
    // An ending waits for nobody; everything else waits for what is being made durable.
    if kept.session.version != expected
        || disturbed
        || (kept.pending && !ends)
        || (kept.in_flight.is_some() && !ends)
    {
        return Err(UpdateError::Conflict);
    }
    Ok(rotation.is_none() && (ends || locks))
}

/// When a session is due after a change. One that stays active is due no earlier than activity has promised that
/// was noted after the change was decided.
fn due_at(kept: &Kept, record: &Record) -> Timestamp {
    let stays_active = kept.session.state == State::Active && record.session.state == State::Active;
    let noted_since = kept.session.last_activity_at > record.session.last_activity_at;
    if stays_active && noted_since { record.due_at.max(kept.due_at) } else { record.due_at }
}

impl Inner {
    /// Puts a record in force.
    fn apply(&self, kept: &mut Kept, record: &Record) {
        self.memory.count(Some(kept.session.state), Some(record.session.state));
        let due_at = due_at(kept, record);
        let last_activity_at = kept.session.last_activity_at.max(record.session.last_activity_at);
        kept.session = record.session.clone();
        kept.session.last_activity_at = last_activity_at;
        kept.due_at = due_at;
        self.memory.arm(kept, due_at);
    }

    /// The change is durable.
    fn settled(
        &self,
        record: &Arc<Record>,
        expected: Version,
        rotation: Option<Rotation>,
        in_force: bool,
    ) -> Result<(), UpdateError> {
        let id = record.session.id;
        let mut shard = self.memory.shard(id);
        let kept = shard.get_mut(&id).ok_or(UpdateError::Gone)?;
        if kept.in_flight.as_ref().is_some_and(|newest| Arc::ptr_eq(newest, record)) {
            kept.in_flight = None;
            kept.unsaved = false;
        }
        if in_force {
            return Ok(());
        }
        kept.pending = false;
        if kept.session.version != expected {
            // It has ended meanwhile, and the journal has the ending after this change.
            return Err(UpdateError::Gone);
        }
        self.apply(kept, record);
        if let Some(rotation) = rotation {
            let privilege = rotation.old_privilege;
            let before =
                kept.replaced.replace(Box::new(Replaced { token: kept.token, privilege, retired_at: None }));
            kept.token = rotation.token;
            self.memory.link(rotation.token, id);
            if let Some(before) = before {
                self.memory.unlink(&before.token);
            }
        }
        Ok(())
    }

    /// The change is not durable. What took away stays in force; what would have given was never there.
    fn failed(&self, record: &Arc<Record>, in_force: bool) {
        let id = record.session.id;
        let mut shard = self.memory.shard(id);
        let Some(kept) = shard.get_mut(&id) else { return };
        if in_force {
            kept.unsaved = true;
            self.memory.note_unsaved(id);
            return;
        }
        kept.pending = false;
        if kept.in_flight.as_ref().is_some_and(|newest| Arc::ptr_eq(newest, record)) {
            kept.in_flight = None;
        }
    }

    /// A lock or an ending that could not be made durable, to be tried again.
    pub(super) fn unsaved(&self, id: SessionId) -> Option<(Arc<Record>, Vec<Write>)> {
        let shard = self.memory.shard(id);
        let kept = shard.get(&id).filter(|kept| kept.unsaved)?;
        let record = kept.in_flight.clone()?;
        let replaced = kept.replaced.as_deref().copied();
        let stored = Stored { record: (*record).clone(), token: kept.token, replaced };
        let mut writes = vec![Write::Session(id, self.seal(&stored).ok()?)];
        if !record.session.is_live() {
            writes.push(Write::DropBag(id));
        }
        Some((record, writes))
    }

    /// What came of trying again.
    pub(super) fn tried_again(&self, record: &Arc<Record>, saved: bool) {
        let id = record.session.id;
        let mut shard = self.memory.shard(id);
        let Some(kept) = shard.get_mut(&id) else { return };
        if !kept.in_flight.as_ref().is_some_and(|newest| Arc::ptr_eq(newest, record)) {
            return;
        }
        if saved {
            kept.in_flight = None;
            kept.unsaved = false;
        } else {
            self.memory.note_unsaved(id);
        }
    }
}
