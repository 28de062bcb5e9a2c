//! Changing the state of a session: one conditional write, and telling everybody.

use super::{EventKind, Sessions};
use crate::core::judge::due_at;
use crate::core::{EndReason, LockReason, Policy, Reason, Session, State, Timestamp, Verdict, Version};
use crate::store::{Actor, Change, Ending, Happening, Record, Store, Unavailable, UpdateError};

/// What takes away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Transition {
    Lock { reason: LockReason, since: Timestamp },
    End { reason: EndReason, at: Timestamp },
}

/// What a decision was made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Basis {
    pub(super) version: Version,
    /// Later activity makes the decision void.
    pub(super) quiet_since: Option<Timestamp>,
}

/// What became of a conditional write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Written {
    Done(Box<Record>),
    /// Somebody was faster: decide anew.
    Stale,
}

impl Transition {
    /// The transition that a verdict asks for.
    pub(super) const fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Lock { reason, since } => Some(Self::Lock { reason, since }),
            Verdict::End { reason, at } => Some(Self::End { reason, at }),
            _ => None,
        }
    }
}

impl Basis {
    /// The decision was made because of the time that has passed: it is void if the person did
    /// something after all.
    pub(super) fn of_time(session: &Session) -> Self {
        Self { version: session.version, quiet_since: Some(session.last_activity_at) }
    }

    /// The decision holds whatever the person does.
    pub(super) fn of_will(session: &Session) -> Self {
        Self { version: session.version, quiet_since: None }
    }
}

impl<S: Store> Sessions<S> {
    /// Locks or ends a session, if it is still as it was when that was decided.
    pub(super) async fn apply(
        &self,
        session: &Session,
        basis: Basis,
        transition: Transition,
        by: Actor,
        policy: &Policy,
    ) -> Result<Written, Unavailable> {
        let Some(mut record) = self.store.load(session.id).await? else { return Ok(Written::Stale) };
        let now = self.now();
        match transition {
            Transition::Lock { reason, since } => {
                record.session.state = State::Locked { reason, since };
                record.details.note(since, Happening::Locked(reason), by.clone());
                record.due_at = due_at(&record.session, policy);
            }
            Transition::End { reason, at } => {
                // Kept from now on, not from `at`: whoever comes late is told, too.
                record.end(Ending { reason, at, by: by.clone() }, now + policy.explain_for());
            }
        }
        let written = self.write(basis, record).await?;
        if let Written::Done(record) = &written {
            self.tell_transition(&record.session, by);
        }
        Ok(written)
    }

    /// Writes a record if the decision behind it still holds.
    pub(super) async fn write(&self, basis: Basis, record: Record) -> Result<Written, Unavailable> {
        let change = Change { record: record.clone(), rotation: None, if_quiet_since: basis.quiet_since };
        match self.store.update(basis.version, change).await {
            Ok(version) => {
                let mut record = Box::new(record);
                record.session.version = version;
                Ok(Written::Done(record))
            }
            Err(UpdateError::Gone | UpdateError::Conflict) => Ok(Written::Stale),
            Err(UpdateError::Unavailable(unavailable)) => Err(unavailable),
        }
    }

    /// Tells that a session was locked or has ended.
    pub(super) fn tell_transition(&self, session: &Session, by: Actor) {
        let (kind, reason) = match session.state {
            State::Locked { reason, .. } => (EventKind::Locked(reason), Reason::Locked(reason)),
            State::Ended { reason, .. } => (EventKind::Ended(reason), Reason::Ended(reason)),
            State::Active => return,
        };
        if reason == Reason::Ended(EndReason::TokenReplayed) {
            self.tell(session, EventKind::TokenReplayed, Actor::Tenure);
        }
        self.tell(session, kind, by);
        self.watchers.tell(session.id, reason);
    }

    pub(super) fn tell(&self, session: &Session, kind: EventKind, by: Actor) {
        self.events.publish(self.now(), Some(session.id), &session.subject, kind, by);
    }
}
