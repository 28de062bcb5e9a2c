//! Judging requests: the hot path.

use std::time::Duration;

use super::Sessions;
use super::retry::Attempts;
use super::transition::{Basis, Transition};
use crate::core::{
    Assurance, Audience, Deadlines, EndReason, LockReason, MissingReason, Policy, Reason, Request, Session,
    State, Timestamp, TokenHash, Verdict, judge,
};
use crate::store::{Actor, Found, OldPrivilege, Store, TokenStanding, Touch, TouchError, Unavailable};

/// What is to be done with a request, once everything that follows from it has been written down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It passes.
    Pass {
        /// The session, with the assurance that the token of this request stands for.
        session: Session,
        /// When the session will stop if nothing more happens.
        deadlines: Deadlines,
    },
    /// The session is active, but the route wants a newer authentication (RFC 9470).
    StepUp {
        /// The session.
        session: Session,
        /// When the session will stop if nothing more happens.
        deadlines: Deadlines,
        /// How old the authentication may be.
        within: Duration,
    },
    /// The session is locked, or this request's token is one from before it was unlocked.
    Locked {
        /// The session.
        session: Session,
        /// Why.
        reason: LockReason,
        /// Since when.
        since: Timestamp,
        /// Until when it can be unlocked.
        kept_until: Timestamp,
    },
    /// The session has ended.
    Ended {
        /// The session.
        session: Session,
        /// Why.
        reason: EndReason,
        /// When.
        at: Timestamp,
    },
    /// There is no session.
    Missing(MissingReason),
}

impl Outcome {
    /// Whether the request may reach the application.
    pub const fn passes(&self) -> bool {
        matches!(self, Self::Pass { .. })
    }

    /// The session, unless it is missing.
    pub const fn session(&self) -> Option<&Session> {
        match self {
            Self::Pass { session, .. }
            | Self::StepUp { session, .. }
            | Self::Locked { session, .. }
            | Self::Ended { session, .. } => Some(session),
            Self::Missing(_) => None,
        }
    }

    /// When the session will stop, if it is active.
    pub const fn deadlines(&self) -> Option<Deadlines> {
        match self {
            Self::Pass { deadlines, .. } | Self::StepUp { deadlines, .. } => Some(*deadlines),
            _ => None,
        }
    }

    /// Why the request does not pass; `None` if it does, or if a step-up would let it.
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Pass { .. } | Self::StepUp { .. } => None,
            Self::Locked { reason, .. } => Some(Reason::Locked(*reason)),
            Self::Ended { reason, .. } => Some(Reason::Ended(*reason)),
            Self::Missing(reason) => Some(Reason::Missing(*reason)),
        }
    }

    /// The state that clients are told: `active`, `locked`, `ended` or `none`.
    pub const fn state_name(&self) -> &'static str {
        match self.reason() {
            Some(reason) => reason.session_state(),
            None => "active",
        }
    }
}

/// A judged request, with what the store found for its token.
#[expect(clippy::large_enum_variant, reason = "the hot path returns the large one, without allocating")]
pub(super) enum Resolved {
    Known { found: Found, outcome: Outcome },
    Missing(MissingReason),
}

/// What follows from a look at a session.
enum Decision {
    Answer(Outcome),
    /// Answer this once the activity is noted.
    Touch(Touch, Outcome),
    /// Change the session, then look again.
    Apply(Transition, Basis),
}

impl<S: Store> Sessions<S> {
    /// Judges a request that carries a token.
    ///
    /// A limit that has been reached locks or ends the session durably before the answer. A token
    /// that was replaced serves at its old privilege for
    /// [`rotation_overlap`](Policy::rotation_overlap) after its successor was first seen, and from
    /// then on ends the session: somebody has a copy of it. A browser that never received the
    /// successor goes on with the old one.
    ///
    /// The way of a request that passes allocates nothing by itself.
    ///
    /// # Errors
    /// [`Unavailable`]: the store does not answer. Nothing is known about the session; in
    /// particular it has not ended.
    pub async fn judge(
        &self,
        token: &str,
        audience: Audience,
        request: &Request<'_>,
    ) -> Result<Outcome, Unavailable> {
        Ok(match self.resolve(token, audience, request).await? {
            Resolved::Known { outcome, .. } => outcome,
            Resolved::Missing(reason) => Outcome::Missing(reason),
        })
    }

    /// Notes real input in an open page (the beacon of the client): as a request of a person that
    /// asks for nothing.
    ///
    /// # Errors
    /// As [`judge`](Self::judge).
    pub async fn touch(
        &self,
        token: &str,
        audience: Audience,
        policy: &Policy,
    ) -> Result<Outcome, Unavailable> {
        self.judge(token, audience, &Request::active(policy)).await
    }

    pub(super) async fn resolve(
        &self,
        token: &str,
        audience: Audience,
        request: &Request<'_>,
    ) -> Result<Resolved, Unavailable> {
        match self.check_token(token) {
            Ok(hash) => self.resolve_hash(hash, audience, request).await,
            Err(reason) => Ok(Resolved::Missing(reason)),
        }
    }

    async fn resolve_hash(
        &self,
        hash: TokenHash,
        audience: Audience,
        request: &Request<'_>,
    ) -> Result<Resolved, Unavailable> {
        let mut attempts = Attempts::default();
        loop {
            let found = match self.store.find(&hash).await? {
                Some(found) if found.session.audience == audience => found,
                _ => return Ok(Resolved::Missing(MissingReason::CookieUnknown)),
            };
            let now = self.now();
            if found.token == (TokenStanding::Current { first_seen: true }) && found.session.is_live() {
                match self.store.retire(&found, now).await {
                    Ok(()) | Err(TouchError::Gone) => {}
                    Err(TouchError::Unavailable(unavailable)) => return Err(unavailable),
                }
            }
            match decide(&found, request, now) {
                Decision::Answer(outcome) => return Ok(Resolved::Known { found, outcome }),
                Decision::Touch(touch, outcome) => match self.store.touch(&found, touch).await {
                    Ok(()) => return Ok(Resolved::Known { found, outcome }),
                    Err(TouchError::Gone) => {}
                    Err(TouchError::Unavailable(unavailable)) => return Err(unavailable),
                },
                Decision::Apply(transition, basis) => {
                    self.apply(&found.session, basis, transition, Actor::Tenure, request.policy).await?;
                }
            }
            attempts.pause().await?;
        }
    }
}

fn decide(found: &Found, request: &Request<'_>, now: Timestamp) -> Decision {
    let session = &found.session;
    if let TokenStanding::Replaced { retired_at: Some(retired_at), .. } = found.token
        && session.is_live()
        && now >= retired_at + request.policy.rotation_overlap()
    {
        let replayed = Transition::End { reason: EndReason::TokenReplayed, at: now };
        return Decision::Apply(replayed, Basis::of_will(session));
    }
    let verdict = judge(session, request, now);
    if let Some(transition) = Transition::of(verdict) {
        return Decision::Apply(transition, Basis::of_time(session));
    }
    match (verdict, found.token) {
        (Verdict::Pass { .. } | Verdict::StepUp { .. }, TokenStanding::Replaced { privilege, .. }) => {
            decide_for_replaced(session, privilege, request, now)
        }
        (verdict, _) => answer(session, session.clone(), verdict, request, now),
    }
}

/// The session passes, but this token is from before: it gets what it had, and no more.
fn decide_for_replaced(
    session: &Session,
    privilege: OldPrivilege,
    request: &Request<'_>,
    now: Timestamp,
) -> Decision {
    let locked = |reason, since| {
        // The session itself is active: it can be unlocked for as long as it lives and longer.
        let kept_until = Deadlines::of(session, request.policy).first() + request.policy.keep_work_for();
        Decision::Answer(Outcome::Locked { session: session.clone(), reason, since, kept_until })
    };
    match privilege {
        OldPrivilege::Locked { reason, since } => locked(reason, since),
        OldPrivilege::Active { assurance, authenticated_at } => {
            let view = seen_through_old_token(session, assurance, authenticated_at);
            match judge(&view, request, now) {
                // The old authentication is over, the newer one is not: nothing changes for the
                // session, but this browser has to prove itself as if it had been locked.
                Verdict::Lock { reason, since } => locked(reason, since),
                Verdict::End { at, .. } => locked(LockReason::Absolute, at),
                verdict => answer(session, view, verdict, request, now),
            }
        }
    }
}

fn seen_through_old_token(session: &Session, assurance: Assurance, authenticated_at: Timestamp) -> Session {
    Session { assurance, authenticated_at, ..session.clone() }
}

/// Turns a verdict that asks for no transition into an answer. `view` is the session as the
/// request's token sees it.
fn answer(
    session: &Session,
    mut view: Session,
    verdict: Verdict,
    request: &Request<'_>,
    now: Timestamp,
) -> Decision {
    let standing = Deadlines::of(&view, request.policy);
    Decision::Answer(match verdict {
        Verdict::Pass { touch: true, deadlines } if is_worth_noting(session, request.policy, now) => {
            let mut touched = session.clone();
            touched.last_activity_at = now;
            let due_at = Deadlines::of(&touched, request.policy).first();
            view.last_activity_at = now;
            return Decision::Touch(Touch { at: now, due_at }, Outcome::Pass { session: view, deadlines });
        }
        // Not noted, so promised no longer than what has been.
        Verdict::Pass { .. } => Outcome::Pass { session: view, deadlines: standing },
        Verdict::StepUp { within } => Outcome::StepUp { session: view, deadlines: standing, within },
        Verdict::Locked { reason, since, kept_until } => {
            Outcome::Locked { session: view, reason, since, kept_until }
        }
        Verdict::Ended { reason, at } => Outcome::Ended { session: view, reason, at },
        // `judge` asks for transitions only where the caller has dealt with them.
        Verdict::Lock { reason, since } => {
            return Decision::Apply(Transition::Lock { reason, since }, Basis::of_time(session));
        }
        Verdict::End { reason, at } => {
            return Decision::Apply(Transition::End { reason, at }, Basis::of_time(session));
        }
    })
}

/// Whether activity is far enough from the last one to be written down. What is left out makes
/// the idle time shorter by at most a twentieth, and by a second at most.
fn is_worth_noting(session: &Session, policy: &Policy, now: Timestamp) -> bool {
    const LONGEST: Duration = Duration::from_secs(1);
    let idle = policy.idle_timeout_for(session.remembered);
    session.state == State::Active && now.since(session.last_activity_at) >= LONGEST.min(idle / 20)
}
