//! The verdict on a request: a pure function of the session, the request and the time.

use std::time::Duration;

use super::{EndReason, LockReason, OnLimit, Policy, Session, State, Timestamp};

/// What a request brings to its judgement.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The policy of the route that is asked for.
    pub policy: &'a Policy,
    /// Whether a person caused it.
    pub activity: Activity,
    /// The route asks for an authentication no older than this.
    pub step_up_within: Option<Duration>,
    /// What is known about the client.
    pub signals: Signals,
}

impl<'a> Request<'a> {
    /// A request that a person caused.
    pub const fn active(policy: &'a Policy) -> Self {
        Self { policy, activity: Activity::Active, step_up_within: None, signals: Signals {} }
    }

    /// A request of a machine: a poll, a heartbeat, a status call.
    pub const fn passive(policy: &'a Policy) -> Self {
        Self { policy, activity: Activity::Passive, step_up_within: None, signals: Signals {} }
    }
}

/// Whether a request restarts the idle clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Activity {
    /// A person caused it.
    Active,
    /// A machine did.
    Passive,
}

/// What is known about the client besides its token. Empty so far: addresses, devices and
/// providers will be judged here.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Signals {}

/// What is to be done with a request.
///
/// The two transitions ask for the session to be changed first and judged again afterwards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It passes.
    Pass {
        /// Whether it restarts the idle clock.
        touch: bool,
        /// When the session will stop if nothing more happens. With `touch`, counted from now.
        deadlines: Deadlines,
    },
    /// The session stays active, but this route wants a newer authentication than it has
    /// (RFC 9470).
    StepUp {
        /// How old the authentication may be.
        within: Duration,
    },
    /// Transition: a limit was reached `since` then; the session is to be locked.
    Lock {
        /// Why.
        reason: LockReason,
        /// When the limit was reached.
        since: Timestamp,
    },
    /// Transition: the session is to be ended.
    End {
        /// Why.
        reason: EndReason,
        /// When the limit was reached.
        at: Timestamp,
    },
    /// The session is locked.
    Locked {
        /// Why.
        reason: LockReason,
        /// Since when.
        since: Timestamp,
        /// When it will end unless it is unlocked.
        kept_until: Timestamp,
    },
    /// The session has ended.
    Ended {
        /// Why.
        reason: EndReason,
        /// When.
        at: Timestamp,
    },
}

/// The moments at which an active session stops.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deadlines {
    /// The end of the idle timeout.
    pub idle_at: Timestamp,
    /// The end of the absolute timeout.
    pub absolute_at: Timestamp,
    /// When the person is to be warned of the first of them.
    pub warn_at: Timestamp,
}

impl Deadlines {
    /// The deadlines of a session under a policy, as they stand.
    pub fn of(session: &Session, policy: &Policy) -> Self {
        Self::after_activity(session, session.last_activity_at, policy)
    }

    /// The deadlines of a session under a policy if its person was last active at this moment.
    pub(crate) fn after_activity(session: &Session, last_activity_at: Timestamp, policy: &Policy) -> Self {
        let idle_at = last_activity_at + policy.idle_timeout_for(session.remembered);
        let absolute_at = session.authenticated_at + policy.absolute_timeout_for(session.remembered);
        Self { idle_at, absolute_at, warn_at: idle_at.min(absolute_at) - policy.warn_before() }
    }

    /// The first of the two limits.
    pub fn first(&self) -> Timestamp {
        self.idle_at.min(self.absolute_at)
    }
}

/// Judges a request of a session at a moment.
///
/// A limit is reached at its deadline exactly, not after it. Where both limits have been reached,
/// the earlier one is the reason.
///
/// ```
/// # use tenure::core::*;
/// # use std::time::Duration;
/// # let session = Session {
/// #     id: SessionId::from_bytes([7; 16]), subject: Subject::new("ada").unwrap(),
/// #     audience: Audience(0), state: State::Active, assurance: Assurance::Aal1, remembered: false,
/// #     signed_in_at: Timestamp::EPOCH, authenticated_at: Timestamp::EPOCH,
/// #     last_activity_at: Timestamp::EPOCH, rotated_at: Timestamp::EPOCH, version: Version::FIRST,
/// # };
/// let policy = Policy::builder(Preset::General).build().unwrap(); // 30 minutes idle
/// let late = session.last_activity_at + Duration::from_secs(1800);
/// assert_eq!(
///     judge(&session, &Request::active(&policy), late),
///     Verdict::Lock { reason: LockReason::Idle, since: late },
/// );
/// ```
pub fn judge(session: &Session, request: &Request<'_>, now: Timestamp) -> Verdict {
    let policy = request.policy;
    match session.state {
        State::Ended { reason, at } => Verdict::Ended { reason, at },
        State::Locked { reason, since } => {
            let kept_until = since + policy.keep_work_for();
            if now >= kept_until {
                Verdict::End { reason: EndReason::LockExpired, at: kept_until }
            } else {
                Verdict::Locked { reason, since, kept_until }
            }
        }
        State::Active => judge_active(session, request, now),
    }
}

fn judge_active(session: &Session, request: &Request<'_>, now: Timestamp) -> Verdict {
    let policy = request.policy;
    let deadlines = Deadlines::of(session, policy);
    if now >= deadlines.first() {
        let (reason, since, on_limit) = if deadlines.absolute_at <= deadlines.idle_at {
            (LockReason::Absolute, deadlines.absolute_at, policy.on_absolute())
        } else {
            (LockReason::Idle, deadlines.idle_at, policy.on_idle())
        };
        return match on_limit {
            OnLimit::Lock => Verdict::Lock { reason, since },
            OnLimit::End => Verdict::End { reason: EndReason::StrictPolicy, at: since },
        };
    }
    if let Some(within) = request.step_up_within
        && now.since(session.authenticated_at) > within
    {
        return Verdict::StepUp { within };
    }
    let touch = request.activity == Activity::Active;
    let last_activity_at = if touch { session.last_activity_at.max(now) } else { session.last_activity_at };
    Verdict::Pass { touch, deadlines: Deadlines::after_activity(session, last_activity_at, policy) }
}

/// When a session next needs somebody's attention although nobody asks for it: to lock it, to
/// end it, or (for an ended one) to forget it.
pub fn due_at(session: &Session, policy: &Policy) -> Timestamp {
    match session.state {
        State::Active => Deadlines::of(session, policy).first(),
        State::Locked { since, .. } => since + policy.keep_work_for(),
        State::Ended { at, .. } => at + policy.explain_for(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Assurance, Audience, Preset, SessionId, Subject, Version};
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);
    const MINUTE: Duration = Duration::from_secs(60);

    fn session() -> Session {
        Session {
            id: SessionId::from_bytes([1; 16]),
            subject: Subject::new("ada").unwrap(),
            audience: Audience(0),
            state: State::Active,
            assurance: Assurance::Aal1,
            remembered: false,
            signed_in_at: START,
            authenticated_at: START,
            last_activity_at: START,
            rotated_at: START,
            version: Version::FIRST,
        }
    }

    fn policy() -> Policy {
        Policy::builder(Preset::General)
            .idle_timeout(30 * MINUTE)
            .absolute_timeout(60 * MINUTE)
            .build()
            .unwrap()
    }

    #[test]
    fn activity_counts_deadlines_from_now_and_passive_requests_do_not() {
        let now = START + 10 * MINUTE;
        let active = judge(&session(), &Request::active(&policy()), now);
        let passive = judge(&session(), &Request::passive(&policy()), now);
        let absolute_at = START + 60 * MINUTE;
        assert_eq!(
            active,
            Verdict::Pass {
                touch: true,
                deadlines: Deadlines {
                    idle_at: START + 40 * MINUTE,
                    absolute_at,
                    warn_at: START + 38 * MINUTE
                }
            }
        );
        assert_eq!(
            passive,
            Verdict::Pass {
                touch: false,
                deadlines: Deadlines {
                    idle_at: START + 30 * MINUTE,
                    absolute_at,
                    warn_at: START + 28 * MINUTE
                }
            }
        );
    }

    #[test]
    fn a_limit_is_reached_at_its_deadline_and_not_a_millisecond_before() {
        let deadline = START + 30 * MINUTE;
        let before = judge(&session(), &Request::active(&policy()), deadline - Duration::from_millis(1));
        assert!(matches!(before, Verdict::Pass { .. }));
        let at = judge(&session(), &Request::active(&policy()), deadline);
        assert_eq!(at, Verdict::Lock { reason: LockReason::Idle, since: deadline });
    }

    #[test]
    fn the_earlier_of_two_limits_is_the_reason() {
        let mut busy = session();
        busy.last_activity_at = START + 50 * MINUTE;
        let late = judge(&busy, &Request::active(&policy()), START + 600 * MINUTE);
        assert_eq!(late, Verdict::Lock { reason: LockReason::Absolute, since: START + 60 * MINUTE });
    }

    #[test]
    fn a_strict_policy_ends_where_others_lock() {
        let strict = policy().to_builder().on_idle(OnLimit::End).build().unwrap();
        let at = START + 30 * MINUTE;
        let verdict = judge(&session(), &Request::active(&strict), at);
        assert_eq!(verdict, Verdict::End { reason: EndReason::StrictPolicy, at });
    }

    #[test]
    fn a_lock_keeps_work_and_then_ends() {
        let mut locked = session();
        locked.state = State::Locked { reason: LockReason::Idle, since: START };
        let kept_until = START + Duration::from_secs(24 * 3600);
        assert_eq!(
            judge(&locked, &Request::active(&policy()), kept_until - Duration::from_millis(1)),
            Verdict::Locked { reason: LockReason::Idle, since: START, kept_until }
        );
        assert_eq!(
            judge(&locked, &Request::active(&policy()), kept_until),
            Verdict::End { reason: EndReason::LockExpired, at: kept_until }
        );
    }

    #[test]
    fn a_clock_that_ran_behind_never_shortens_the_idle_time() {
        let verdict = judge(&session(), &Request::active(&policy()), START - MINUTE);
        let Verdict::Pass { deadlines, .. } = verdict else { panic!("{verdict:?}") };
        assert_eq!(deadlines.idle_at, START + 30 * MINUTE);
    }

    #[test]
    fn step_up_asks_for_a_fresh_authentication_on_its_route_only() {
        let policy = policy();
        let mut request = Request::active(&policy);
        request.step_up_within = Some(5 * MINUTE);
        assert!(matches!(judge(&session(), &request, START + 5 * MINUTE), Verdict::Pass { .. }));
        assert_eq!(
            judge(&session(), &request, START + 5 * MINUTE + Duration::from_millis(1)),
            Verdict::StepUp { within: 5 * MINUTE }
        );
    }

    #[test]
    fn a_remembered_session_has_its_own_limits() {
        let remember_me =
            super::super::RememberMe { idle_timeout: 600 * MINUTE, absolute_timeout: 6000 * MINUTE };
        let policy = policy().to_builder().remember_me(Some(remember_me)).build().unwrap();
        let mut remembered = session();
        remembered.remembered = true;
        assert!(matches!(
            judge(&remembered, &Request::active(&policy), START + 599 * MINUTE),
            Verdict::Pass { .. }
        ));
        assert!(matches!(
            judge(&session(), &Request::active(&policy), START + 599 * MINUTE),
            Verdict::Lock { .. }
        ));
    }
}
