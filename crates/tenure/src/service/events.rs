//! What happens to sessions, told to operators: metrics, audit logs, streams.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use crate::core::{EndReason, LockReason, SessionId, Subject, Timestamp};
use crate::store::Actor;

/// Something that happened to a session. It never holds a secret.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Event {
    /// Its number. Numbers grow, also over restarts, and have gaps there.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// The session; a refused sign-in has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// Whom it is about.
    pub subject: Subject,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
    /// Who did it.
    pub by: Actor,
}

/// What can happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize)]
#[serde(tag = "kind", content = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// Somebody signed in.
    SignedIn,
    /// A sign-in met the limit of sessions.
    SignInRefused,
    /// The warning was answered with "stay signed in".
    Extended,
    /// The session was locked.
    Locked(LockReason),
    /// The same person unlocked it.
    Unlocked,
    /// A proof of somebody else was offered for a locked session.
    UnlockRefused,
    /// The person authenticated again without a lock.
    SteppedUp,
    /// The token was replaced.
    Rotated,
    /// A token was used after it had been replaced and its successor seen: somebody has a copy.
    /// The session ends with the same reason.
    TokenReplayed,
    /// A request that met a lock was kept, to be sent after the unlock.
    RequestKept,
    /// The person sent it.
    RequestSent,
    /// The person discarded it.
    RequestDiscarded,
    /// The person reported a problem.
    ProblemReported,
    /// The session ended; `displaced` if a newer sign-in took its place.
    Ended(EndReason),
}

impl EventKind {
    /// The name as in the serialised form, such as `signed_in`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignInRefused => "sign_in_refused",
            Self::Extended => "extended",
            Self::Locked(_) => "locked",
            Self::Unlocked => "unlocked",
            Self::UnlockRefused => "unlock_refused",
            Self::SteppedUp => "stepped_up",
            Self::Rotated => "rotated",
            Self::TokenReplayed => "token_replayed",
            Self::RequestKept => "request_kept",
            Self::RequestSent => "request_sent",
            Self::RequestDiscarded => "request_discarded",
            Self::ProblemReported => "problem_reported",
            Self::Ended(_) => "ended",
        }
    }
}

/// The hub of events: the latest [`Events::KEPT`] ones, and everybody who listens.
#[derive(Debug)]
pub struct Events {
    latest: Mutex<Latest>,
    listeners: broadcast::Sender<Arc<Event>>,
}

#[derive(Debug)]
struct Latest {
    next: u64,
    ring: VecDeque<Arc<Event>>,
}

impl Events {
    /// How many events are kept for those who come back.
    pub const KEPT: usize = 1024;

    /// Numbers begin at this many for each millisecond since the epoch, so that they grow over
    /// restarts, and stay below 2^53, which JSON carries exactly.
    const NUMBERS_PER_MILLI: u64 = 1024;

    pub(super) fn starting_at(now: Timestamp) -> Self {
        let next = now.as_millis().saturating_mul(Self::NUMBERS_PER_MILLI) + 1;
        Self {
            latest: Mutex::new(Latest { next, ring: VecDeque::new() }),
            listeners: broadcast::channel(Self::KEPT).0,
        }
    }

    fn latest(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn publish(
        &self,
        at: Timestamp,
        session: Option<SessionId>,
        subject: &Subject,
        kind: EventKind,
        by: Actor,
    ) {
        let mut latest = self.latest();
        let event =
            Arc::new(Event { sequence: latest.next, at, session, subject: subject.clone(), kind, by });
        latest.next += 1;
        if latest.ring.len() == Self::KEPT {
            latest.ring.pop_front();
        }
        latest.ring.push_back(Arc::clone(&event));
        // Sent under the lock, so that everybody hears events in order. Nobody listening is fine.
        let _ = self.listeners.send(event);
    }

    /// The latest event's number.
    pub fn latest_sequence(&self) -> u64 {
        self.latest().next - 1
    }

    /// Listens: first to the kept events after number `after` (with `None` only to new ones), then
    /// to each as it happens.
    pub fn subscribe(&self, after: Option<u64>) -> Subscription {
        let latest = self.latest();
        let mut backlog = VecDeque::new();
        let mut missed = false;
        if let Some(after) = after {
            backlog.extend(latest.ring.iter().filter(|event| event.sequence > after).cloned());
            let oldest_kept = latest.ring.front().map_or(latest.next, |event| event.sequence);
            missed = after + 1 < oldest_kept;
        }
        Subscription { missed, backlog, receiver: self.listeners.subscribe() }
    }
}

/// Somebody who listens to events.
#[derive(Debug)]
pub struct Subscription {
    missed: bool,
    backlog: VecDeque<Arc<Event>>,
    receiver: broadcast::Receiver<Arc<Event>>,
}

/// What a listener hears next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// An event.
    Event(Arc<Event>),
    /// Some events are not kept any more: whoever mirrors state should load it anew.
    Missed,
}

impl Subscription {
    /// Waits for the next event; `None` once the service is gone.
    ///
    /// Cancel safe: a dropped wait loses nothing.
    pub async fn next(&mut self) -> Option<Next> {
        if std::mem::take(&mut self.missed) {
            return Some(Next::Missed);
        }
        if let Some(event) = self.backlog.pop_front() {
            return Some(Next::Event(event));
        }
        match self.receiver.recv().await {
            Ok(event) => Some(Next::Event(event)),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Next::Missed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(events: &Events, kind: EventKind) {
        let subject = Subject::new("ada").unwrap();
        events.publish(Timestamp::from_millis(7), None, &subject, kind, Actor::Person);
    }

    #[tokio::test]
    async fn a_listener_that_comes_back_hears_what_it_missed_and_then_what_is_new() {
        let events = Events::starting_at(Timestamp::from_millis(7));
        publish(&events, EventKind::SignedIn);
        let seen = events.latest_sequence();
        publish(&events, EventKind::Extended);
        let mut listener = events.subscribe(Some(seen));
        publish(&events, EventKind::Locked(LockReason::Idle));
        for expected in [EventKind::Extended, EventKind::Locked(LockReason::Idle)] {
            let Some(Next::Event(event)) = listener.next().await else { panic!("an event was expected") };
            assert_eq!(event.kind, expected);
        }
    }

    #[tokio::test]
    async fn a_listener_that_was_away_for_too_long_is_told_so() {
        let events = Events::starting_at(Timestamp::from_millis(7));
        publish(&events, EventKind::SignedIn);
        let seen = events.latest_sequence();
        for _ in 0..=Events::KEPT {
            publish(&events, EventKind::Extended);
        }
        let mut late = events.subscribe(Some(seen));
        assert_eq!(late.next().await, Some(Next::Missed));
        let Some(Next::Event(first_kept)) = late.next().await else { panic!("an event was expected") };
        assert_eq!(first_kept.sequence, seen + 2);
    }

    #[test]
    fn an_event_is_written_flat() {
        let events = Events::starting_at(Timestamp::EPOCH);
        publish(&events, EventKind::Locked(LockReason::Idle));
        let written = serde_json::to_value(&*events.latest().ring[0]).unwrap();
        let expected = serde_json::json!({
            "sequence": 1, "at": "1970-01-01T00:00:00.007Z", "subject": "ada",
            "kind": "locked", "reason": "idle", "by": { "who": "person" },
        });
        assert_eq!(written, expected);
    }
}
