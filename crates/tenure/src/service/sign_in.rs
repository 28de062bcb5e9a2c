//! Signing in, within the limit of sessions.

use super::retry::Attempts;
use super::transition::{Basis, Transition};
use super::{EventKind, Sessions, no_randomness};
use crate::core::judge::due_at;
use crate::core::token::Token;
use crate::core::{
    Assurance, Audience, EndReason, OnExcess, Policy, Request, Session, SessionId, State, Subject, Timestamp,
    Version, judge,
};
use crate::store::{
    Actor, Admission, Details, Device, Ending, Happening, InsertError, Record, Store, Unavailable,
};

/// Somebody who has proved who they are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignIn {
    /// Who.
    pub subject: Subject,
    /// How strongly it was proved.
    pub assurance: Assurance,
    /// The host they signed in at, without port.
    pub host: String,
    /// Their browser.
    pub device: Device,
    /// Whether they asked to stay signed in. Ignored where the policy does not offer it.
    pub remembered: bool,
    /// Under [`OnExcess::Ask`]: the session that they chose to end. Ignored otherwise.
    pub replace: Option<SessionId>,
}

impl SignIn {
    /// A sign-in at a host, of an unknown device, not remembered.
    pub fn new(subject: Subject, assurance: Assurance, host: impl Into<String>) -> Self {
        Self {
            subject,
            assurance,
            host: host.into(),
            device: Device::default(),
            remembered: false,
            replace: None,
        }
    }

    /// From this device.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// With "stay signed in".
    #[must_use]
    pub const fn remembered(mut self, remembered: bool) -> Self {
        self.remembered = remembered;
        self
    }

    /// Ending this session to make room.
    #[must_use]
    pub const fn replacing(mut self, session: SessionId) -> Self {
        self.replace = Some(session);
        self
    }
}

/// A session and its new token. It is durable.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The token for the cookie.
    pub token: Token,
    /// The session.
    pub session: Session,
    /// The sessions that were ended to make room.
    pub displaced: Vec<Session>,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The subject has as many sessions as allowed, and is to be asked which of these to end: sign
    /// in again with [`SignIn::replace`].
    #[error("the subject has as many sessions as allowed, and may choose one to end")]
    LimitAsk(Vec<Record>),
    /// The subject has as many sessions as allowed: these.
    #[error("the subject has as many sessions as allowed")]
    LimitRefused(Vec<Record>),
    /// The store does not answer: nobody knows.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl<S: Store> Sessions<S> {
    /// Makes a session for somebody who has proved who they are. It is durable when this answers.
    ///
    /// Sessions whose lock has expired do not count against the limit, also where nobody noticed.
    ///
    /// ```
    /// # use std::{num::NonZeroU32, sync::Arc};
    /// # use tenure::{clock::ManualClock, core::*, keys::*, service::*, store::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let keys = SharedKeys::new(KeyRing::generate(Timestamp::EPOCH).unwrap());
    /// # let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_700_000_000_000)));
    /// let one = Policy::builder(Preset::General).max_sessions(NonZeroU32::new(1)).build().unwrap();
    /// let sessions = Sessions::new(MemoryStore::new(), keys, clock, one.clone());
    /// let ada = SignIn::new(Subject::new("ada")?, Assurance::Aal1, "wiki.example.com");
    /// let first = sessions.sign_in(ada.clone(), &one).await?;
    ///
    /// // Under `on_excess = "ask"` the person says which session is to end.
    /// let Err(SignInError::LimitAsk(open)) = sessions.sign_in(ada.clone(), &one).await else { panic!() };
    /// let second = sessions.sign_in(ada.replacing(open[0].session.id), &one).await?;
    /// assert_eq!(second.displaced[0].id, first.session.id);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`SignInError`]: the limit of sessions, or a store that does not answer.
    pub async fn sign_in(&self, who: SignIn, policy: &Policy) -> Result<SignedIn, SignInError> {
        let mut attempts = Attempts::default();
        loop {
            let now = self.now();
            let (token, hash) = self.issue_token()?;
            let record = new_record(&who, policy, now)?;
            let session = record.session.clone();
            let admission = admission(&who, session.id, policy, now);
            match self.store.insert(record, hash, admission).await {
                Ok(displaced) => return Ok(self.signed_in(token, session, displaced)),
                Err(InsertError::Unavailable(unavailable)) => return Err(unavailable.into()),
                Err(InsertError::Full(in_the_way)) => {
                    if !self.end_expired_locks(&in_the_way, policy, now).await? {
                        return Err(self.limit_reached(&who, policy, in_the_way));
                    }
                }
            }
            attempts.pause().await?;
        }
    }

    fn signed_in(&self, token: Token, session: Session, displaced: Vec<Record>) -> SignedIn {
        self.tell(&session, EventKind::SignedIn, Actor::Person);
        let tell_displaced = |record: Record| {
            let by = record.details.ending.map_or(Actor::Tenure, |ending| ending.by);
            self.tell_transition(&record.session, by);
            record.session
        };
        let displaced = displaced.into_iter().map(tell_displaced).collect();
        SignedIn { token, session, displaced }
    }

    /// Whether any of these sessions was past its lock and has now ended.
    async fn end_expired_locks(
        &self,
        records: &[Record],
        policy: &Policy,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        let mut any = false;
        for record in records {
            let session = &record.session;
            if let Some(end @ Transition::End { .. }) =
                Transition::of(judge(session, &Request::passive(policy), now))
            {
                self.apply(session, Basis::of_time(session), end, Actor::Tenure, policy).await?;
                any = true;
            }
        }
        Ok(any)
    }

    fn limit_reached(&self, who: &SignIn, policy: &Policy, in_the_way: Vec<Record>) -> SignInError {
        self.events.publish(self.now(), None, &who.subject, EventKind::SignInRefused, Actor::Person);
        match policy.on_excess() {
            OnExcess::Ask => SignInError::LimitAsk(in_the_way),
            OnExcess::EndOldest | OnExcess::Refuse => SignInError::LimitRefused(in_the_way),
        }
    }
}

fn new_record(who: &SignIn, policy: &Policy, now: Timestamp) -> Result<Record, Unavailable> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(no_randomness)?;
    let session = Session {
        id: SessionId::from_bytes(id),
        subject: who.subject.clone(),
        audience: Audience::of_host(&who.host),
        state: State::Active,
        assurance: who.assurance,
        remembered: who.remembered && policy.remember_me().is_some(),
        signed_in_at: now,
        authenticated_at: now,
        last_activity_at: now,
        rotated_at: now,
        version: Version::FIRST,
    };
    let mut details =
        Details { host: who.host.clone(), device: who.device.clone(), ending: None, timeline: Vec::new() };
    details.note(now, Happening::SignedIn, Actor::Person);
    Ok(Record { due_at: due_at(&session, policy), session, details })
}

fn admission(who: &SignIn, new: SessionId, policy: &Policy, now: Timestamp) -> Admission {
    let limit = policy.max_sessions().map(std::num::NonZeroU32::get);
    let by = Actor::Elsewhere { session: Some(new), device: who.device.clone() };
    let ending = Ending { reason: EndReason::Displaced, at: now, by };
    let forget_at = now + policy.explain_for();
    match (policy.on_excess(), limit, who.replace) {
        (OnExcess::Ask, limit, Some(session)) => {
            Admission::Replace { limit: limit.unwrap_or(u32::MAX), session, ending, forget_at }
        }
        (OnExcess::EndOldest, Some(limit), _) => Admission::EndOldest { limit, ending, forget_at },
        (OnExcess::Ask | OnExcess::Refuse, Some(limit), _) => Admission::AtMost(limit),
        (_, None, _) => Admission::Unlimited,
    }
}
