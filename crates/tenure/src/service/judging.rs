//! Judging requests: the hot path.

use std::time::Duration;

use super::Sessions;
use super::retry::Attempts;
use super::transition::{Basis, Transition};
use crate::core::{
    Assurance, Audience, Deadlines, EndReason, LockReason, MissingReason, Policy, Reason, Request, Session,
    State, Timestamp, Verdict, judge,
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

/// What the token of a request leads to.
#[expect(clippy::large_enum_variant, reason = "the hot path returns the large one, without allocating")]
pub(super) enum Resolved {
    Known(Judged),
    Missing(MissingReason),
}

/// A judged request: what the store found for its token, and the answer to it.
pub(super) struct Judged {
    /// The session as it is, whatever the token of the request stands for.
    pub(super) found: Found,
    view: View,
    pub(super) answer: Answer,
}

/// Where the session that a request is shown differs from the session as the store found it.
#[derive(Clone, Copy)]
struct View {
    assurance: Assurance,
    authenticated_at: Timestamp,
    last_activity_at: Timestamp,
}

/// An [`Outcome`] without its session, which is large: it is moved once, when all is decided.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    Pass { deadlines: Deadlines },
    StepUp { deadlines: Deadlines, within: Duration },
    Locked { reason: LockReason, since: Timestamp, kept_until: Timestamp },
    Ended { reason: EndReason, at: Timestamp },
}

/// What follows from a look at a session.
enum Decision {
    Answer(View, Answer),
    /// Answer this once the activity is noted.
    Touch(Touch, View, Answer),
    /// Change the session, then look again.
    Apply(Transition, Basis),
}

impl Resolved {
    #[inline]
    fn into_outcome(self) -> Outcome {
        match self {
            Self::Known(judged) => judged.into_outcome(),
            Self::Missing(reason) => Outcome::Missing(reason),
        }
    }
}

impl Judged {
    #[inline]
    pub(super) fn into_outcome(self) -> Outcome {
        let View { assurance, authenticated_at, last_activity_at } = self.view;
        let session = Session { assurance, authenticated_at, last_activity_at, ..self.found.session };
        match self.answer {
            Answer::Pass { deadlines } => Outcome::Pass { session, deadlines },
            Answer::StepUp { deadlines, within } => Outcome::StepUp { session, deadlines, within },
            Answer::Locked { reason, since, kept_until } => {
                Outcome::Locked { session, reason, since, kept_until }
            }
            Answer::Ended { reason, at } => Outcome::Ended { session, reason, at },
        }
    }
}

impl View {
    const fn of(session: &Session) -> Self {
        Self {
            assurance: session.assurance,
            authenticated_at: session.authenticated_at,
            last_activity_at: session.last_activity_at,
        }
    }
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
        Ok(self.resolve(token, audience, request).await?.into_outcome())
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
        let hash = match self.check_token(token) {
            Ok(hash) => hash,
            Err(reason) => return Ok(Resolved::Missing(reason)),
        };
        let mut attempts = Attempts::default();
        loop {
            let found = match self.store.find(&hash).await? {
                Some(found) if found.session.audience == audience => found,
                _ => return Ok(Resolved::Missing(MissingReason::CookieUnknown)),
            };
            let now = self.now();
            if found.token == (TokenStanding::Current { first_seen: true }) && found.session.is_live() {
                match Box::pin(self.store.retire(&found, now)).await {
                    Ok(()) | Err(TouchError::Gone) => {}
                    Err(TouchError::Unavailable(unavailable)) => return Err(unavailable),
                }
            }
            match decide(&found, request, now) {
                Decision::Answer(view, answer) => {
                    return Ok(Resolved::Known(Judged { found, view, answer }));
                }
                Decision::Touch(touch, view, answer) => match self.store.touch(&found, touch).await {
                    Ok(()) => return Ok(Resolved::Known(Judged { found, view, answer })),
                    Err(TouchError::Gone) => {}
                    Err(TouchError::Unavailable(unavailable)) => return Err(unavailable),
                },
                Decision::Apply(transition, basis) => {
                    let applied =
                        self.apply(&found.session, basis, transition, Actor::Tenure, request.policy);
                    Box::pin(applied).await?;
                }
            }
            Box::pin(attempts.pause()).await?;
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
        (verdict, _) => answer(session, session, verdict, request, now),
    }
}

/// The session passes, but this token is from before: it gets what it had, and no more.
#[cold]
fn decide_for_replaced(
    session: &Session,
    privilege: OldPrivilege,
    request: &Request<'_>,
    now: Timestamp,
) -> Decision {
    let locked = |reason, since| {
        // The session itself is active: it can be unlocked for as long as it lives and longer.
        let kept_until = Deadlines::of(session, request.policy).first() + request.policy.keep_work_for();
        Decision::Answer(View::of(session), Answer::Locked { reason, since, kept_until })
    };
    match privilege {
        OldPrivilege::Locked { reason, since } => locked(reason, since),
        OldPrivilege::Active { assurance, authenticated_at } => {
            let seen = Session { assurance, authenticated_at, ..session.clone() };
            match judge(&seen, request, now) {
                // The old authentication is over, the newer one is not: nothing changes for the
                // session, but this browser has to prove itself as if it had been locked.
                Verdict::Lock { reason, since } => locked(reason, since),
                Verdict::End { at, .. } => locked(LockReason::Absolute, at),
                verdict => answer(session, &seen, verdict, request, now),
            }
        }
    }
}

/// Turns a verdict that asks for no transition into an answer. `seen` is the session as the
/// request's token sees it.
#[inline]
fn answer(
    session: &Session,
    seen: &Session,
    verdict: Verdict,
    request: &Request<'_>,
    now: Timestamp,
) -> Decision {
    let view = View::of(seen);
    let answer = match verdict {
        Verdict::Pass { touch: true, deadlines } if is_worth_noting(session, request.policy, now) => {
            let due_at = Deadlines::after_activity(session, now, request.policy).first();
            let view = View { last_activity_at: now, ..view };
            return Decision::Touch(Touch { at: now, due_at }, view, Answer::Pass { deadlines });
        }
        // Not noted, so promised no longer than what has been.
        Verdict::Pass { .. } => Answer::Pass { deadlines: Deadlines::of(seen, request.policy) },
        Verdict::StepUp { within } => {
            Answer::StepUp { deadlines: Deadlines::of(seen, request.policy), within }
        }
        Verdict::Locked { reason, since, kept_until } => Answer::Locked { reason, since, kept_until },
        Verdict::Ended { reason, at } => Answer::Ended { reason, at },
        // `judge` asks for transitions only where the caller has dealt with them.
        Verdict::Lock { reason, since } => {
            return Decision::Apply(Transition::Lock { reason, since }, Basis::of_time(session));
        }
        Verdict::End { reason, at } => {
            return Decision::Apply(Transition::End { reason, at }, Basis::of_time(session));
        }
    };
    Decision::Answer(view, answer)
}

/// Whether activity is far enough from the last one to be written down. What is left out makes
/// the idle time shorter by at most a twentieth, and by a second at most.
fn is_worth_noting(session: &Session, policy: &Policy, now: Timestamp) -> bool {
    const LONGEST: Duration = Duration::from_secs(1);
    let idle = policy.idle_timeout_for(session.remembered);
    session.state == State::Active && now.since(session.last_activity_at) >= LONGEST.min(idle / 20)
}
