//! What an outsider may rely on: a naive account of each session, made from answers alone.

use std::time::Duration;

use crate::core::{Deadlines, EndReason, Policy, Session, SessionId, Timestamp};

/// What was promised about a session, and what is known to have been done to it.
pub(crate) struct Account {
    pub(crate) id: SessionId,
    pub(crate) owner: usize,
    /// Its tokens, in the order in which they were handed out.
    pub(crate) tokens: Vec<String>,
    /// Whether a request with the newest token has ever begun, and since when.
    pub(crate) newest_seen: Option<Timestamp>,
    /// The session passes until the earlier of these: acknowledged.
    promised: Deadlines,
    /// The last moment at which somebody may have been active, or have authenticated.
    active_at_latest: Timestamp,
    authenticated_at_latest: Timestamp,
    /// A lock was acknowledged, and nobody has tried to lift it.
    pub(crate) locked: bool,
    /// An ending was acknowledged: it holds for ever.
    pub(crate) ended: Option<EndReason>,
    /// An ending was seen: it holds until a crash, and for ever once it is acknowledged.
    pub(crate) seen_ended: Option<EndReason>,
    /// Nothing was in flight whose effect is unknown.
    pub(crate) certain: bool,
    /// Requests in flight that may count as activity.
    pub(crate) active_in_flight: usize,
    /// Grows whenever one of them begins or is done.
    pub(crate) activity_changes: u64,
}

impl Account {
    pub(crate) fn new(session: &Session, owner: usize, token: String, policy: &Policy) -> Self {
        Self {
            id: session.id,
            owner,
            tokens: vec![token],
            newest_seen: None,
            promised: Deadlines::of(session, policy),
            active_at_latest: session.last_activity_at,
            authenticated_at_latest: session.authenticated_at,
            locked: false,
            ended: None,
            seen_ended: None,
            certain: true,
            active_in_flight: 0,
            activity_changes: 0,
        }
    }

    /// A new token was acknowledged. `alone`: nothing else can have changed the session meanwhile.
    pub(crate) fn renewed(&mut self, session: &Session, token: String, alone: bool, policy: &Policy) {
        self.tokens.push(token);
        self.newest_seen = None;
        self.promised = Deadlines::of(session, policy);
        self.active_at_latest = self.active_at_latest.max(session.last_activity_at);
        self.authenticated_at_latest = self.authenticated_at_latest.max(session.authenticated_at);
        self.certain = alone;
    }

    pub(crate) fn promise(&mut self, deadlines: Deadlines) {
        self.promised.idle_at = self.promised.idle_at.max(deadlines.idle_at);
    }

    pub(crate) fn active_until(&mut self, now: Timestamp) {
        self.active_at_latest = self.active_at_latest.max(now);
    }

    /// Whether whoever has the newest token was promised that it passes at this moment.
    pub(crate) fn is_promised(&self, now: Timestamp) -> bool {
        let available = self.certain && !self.locked && self.ended.is_none() && self.seen_ended.is_none();
        available && now < self.promised.first()
    }

    /// The moment until which whoever has the newest token was promised that it passes.
    pub(crate) fn promised_until(&self) -> Timestamp {
        self.promised.first()
    }

    /// Whether a limit has certainly been reached.
    pub(crate) fn is_over(&self, now: Timestamp, policy: &Policy) -> bool {
        now >= self.active_at_latest + policy.idle_timeout()
            || now >= self.authenticated_at_latest + policy.absolute_timeout()
    }

    /// A crash: what was only seen may be undone, what was in flight may have happened or not. The
    /// store is open again at `now`.
    pub(crate) fn crashed(&mut self, crash: Timestamp, now: Timestamp, idle: Duration, in_flight: bool) {
        if self.seen_ended != self.ended {
            self.seen_ended = None;
            self.certain = false;
        }
        let may_have_been_active = crash < self.active_at_latest + idle;
        if may_have_been_active || self.active_in_flight > 0 || in_flight {
            self.active_at_latest = now;
        }
        if in_flight {
            self.authenticated_at_latest = crash;
            self.certain = false;
        }
        self.active_in_flight = 0;
        self.activity_changes += 1;
    }
}
