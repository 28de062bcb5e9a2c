//! Why a session is in the state it is in, and what will happen to it: as data.

use super::{Sessions, SupportCode};
use crate::core::{Deadlines, EndReason, LockReason, OnLimit, Policy, SessionId, State, Subject, Timestamp};
use crate::store::{Device, Ending, Entry, Store, Unavailable};

/// Everything there is to say about a session.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Explanation {
    /// Its id.
    pub session: SessionId,
    /// The code to read out to support.
    pub support_code: SupportCode,
    /// Whom it belongs to.
    pub subject: Subject,
    /// The host it is for.
    pub host: String,
    /// Where the person last proved who they are.
    pub device: Device,
    /// `active`, `locked` or `ended`.
    pub state: &'static str,
    /// The code of the reason, if it is not active.
    pub reason: Option<&'static str>,
    /// How strongly the person proved who they are: `aal1`, `aal2` or `aal3`.
    pub assurance: &'static str,
    /// Whether the person asked to stay signed in.
    pub remembered: bool,
    /// When it began.
    pub signed_in_at: Timestamp,
    /// When the person last proved who they are.
    pub authenticated_at: Timestamp,
    /// When they last did something.
    pub last_activity_at: Timestamp,
    /// When its token was last replaced.
    pub rotated_at: Timestamp,
    /// How it ended, if it has.
    pub ending: Option<Ending>,
    /// What happened to it, oldest first.
    pub timeline: Vec<Entry>,
    /// What will happen if nobody does anything, soonest first.
    pub coming: Vec<Coming>,
    /// The limits of the policy that holds for it where no route says otherwise.
    pub limits: Limits,
    /// The moment of this explanation.
    pub now: Timestamp,
}

/// Something that will happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Coming {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: Foreseen,
}

/// What can be foreseen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(tag = "what", content = "reason", rename_all = "snake_case")]
pub enum Foreseen {
    /// The person is warned.
    Warned,
    /// It is locked.
    Locked(LockReason),
    /// It ends.
    Ended(EndReason),
    /// Nothing of it is known any more.
    Forgotten,
}

/// The limits of a policy, in whole seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Limits {
    /// See [`Policy::idle_timeout`].
    pub idle_timeout: u64,
    /// See [`Policy::absolute_timeout`].
    pub absolute_timeout: u64,
    /// See [`Policy::warn_before`].
    pub warn_before: u64,
    /// See [`Policy::keep_work_for`].
    pub keep_work_for: u64,
    /// See [`Policy::explain_for`].
    pub explain_for: u64,
    /// See [`Policy::max_sessions`].
    pub max_sessions: Option<u32>,
}

impl Limits {
    fn of(policy: &Policy, remembered: bool) -> Self {
        Self {
            idle_timeout: policy.idle_timeout_for(remembered).as_secs(),
            absolute_timeout: policy.absolute_timeout_for(remembered).as_secs(),
            warn_before: policy.warn_before().as_secs(),
            keep_work_for: policy.keep_work_for().as_secs(),
            explain_for: policy.explain_for().as_secs(),
            max_sessions: policy.max_sessions().map(std::num::NonZeroU32::get),
        }
    }
}

impl<S: Store> Sessions<S> {
    /// Explains a session; `None` if it is unknown or has been forgotten.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn explain(&self, id: SessionId) -> Result<Option<Explanation>, Unavailable> {
        let Some(record) = self.load(id).await? else { return Ok(None) };
        let session = record.session;
        let policy = self.policy_of(&session);
        let mut coming = match session.state {
            State::Active => after_active(&Deadlines::of(&session, &policy), &policy),
            State::Locked { since, .. } => after_locked(since, &policy),
            State::Ended { .. } => vec![Coming { at: record.due_at, what: Foreseen::Forgotten }],
        };
        let now = self.now();
        coming.retain(|coming| coming.at > now);
        Ok(Some(Explanation {
            session: session.id,
            support_code: SupportCode::of(session.id),
            host: record.details.host,
            device: record.details.device,
            state: session.state.name(),
            reason: match session.state {
                State::Active => None,
                State::Locked { reason, .. } => Some(reason.code()),
                State::Ended { reason, .. } => Some(reason.code()),
            },
            assurance: session.assurance.name(),
            remembered: session.remembered,
            signed_in_at: session.signed_in_at,
            authenticated_at: session.authenticated_at,
            last_activity_at: session.last_activity_at,
            rotated_at: session.rotated_at,
            ending: record.details.ending,
            timeline: record.details.timeline,
            coming,
            limits: Limits::of(&policy, session.remembered),
            subject: session.subject,
            now,
        }))
    }
}

fn after_active(deadlines: &Deadlines, policy: &Policy) -> Vec<Coming> {
    let (on_limit, reason) = if deadlines.absolute_at <= deadlines.idle_at {
        (policy.on_absolute(), LockReason::Absolute)
    } else {
        (policy.on_idle(), LockReason::Idle)
    };
    let at = deadlines.first();
    let mut coming = vec![Coming { at: deadlines.warn_at, what: Foreseen::Warned }];
    match on_limit {
        OnLimit::Lock => {
            coming.push(Coming { at, what: Foreseen::Locked(reason) });
            coming.extend(after_locked(at, policy));
        }
        OnLimit::End => {
            coming.push(Coming { at, what: Foreseen::Ended(EndReason::StrictPolicy) });
            coming.push(Coming { at: at + policy.explain_for(), what: Foreseen::Forgotten });
        }
    }
    coming
}

fn after_locked(since: Timestamp, policy: &Policy) -> Vec<Coming> {
    let ended = since + policy.keep_work_for();
    vec![
        Coming { at: ended, what: Foreseen::Ended(EndReason::LockExpired) },
        Coming { at: ended + policy.explain_for(), what: Foreseen::Forgotten },
    ]
}
