//! Locking by will, and extending before a limit is reached.

use super::judging::{Answer, Outcome, Resolved};
use super::retry::Attempts;
use super::transition::{Basis, Transition, Written};
use super::{EventKind, Sessions};
use crate::core::judge::due_at;
use crate::core::{Audience, LockReason, Policy, Request, SessionId, State};
use crate::store::{Actor, Ending, Happening, Store, Unavailable};

/// What became of a wish to lock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LockOutcome {
    /// It is locked now.
    Locked,
    /// It was locked already, for this reason, which stays.
    AlreadyLocked(LockReason),
    /// It had ended like this.
    Ended(Ending),
    /// There is no such session.
    Unknown,
}

impl<S: Store> Sessions<S> {
    /// Locks a session, durably.
    ///
    /// # Errors
    /// [`Unavailable`]: the lock holds for requests that meet this store from now on as far as the
    /// store can see to it, but it may not survive a crash; ask again.
    pub async fn lock(
        &self,
        id: SessionId,
        reason: LockReason,
        by: Actor,
    ) -> Result<LockOutcome, Unavailable> {
        let mut attempts = Attempts::default();
        loop {
            let Some(record) = self.store.load(id).await? else { return Ok(LockOutcome::Unknown) };
            let session = &record.session;
            match session.state {
                State::Locked { reason, .. } => return Ok(LockOutcome::AlreadyLocked(reason)),
                State::Ended { .. } => return Ok(LockOutcome::Ended(super::ending::of_record(record))),
                State::Active => {}
            }
            let lock = Transition::Lock { reason, since: self.now() };
            let policy = self.policy_of(session);
            let written = self.apply(session, Basis::of_will(session), lock, by.clone(), &policy).await?;
            if let Written::Done(_) = written {
                return Ok(LockOutcome::Locked);
            }
            attempts.pause().await?;
        }
    }

    /// Answers "stay signed in": counts as activity at once, and is durable. Gives the session with
    /// its new deadlines, or what stands in the way.
    ///
    /// ```
    /// # use std::{sync::Arc, time::Duration};
    /// # use tenure::{clock::ManualClock, core::*, keys::*, service::*, store::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let keys = SharedKeys::new(KeyRing::generate(Timestamp::EPOCH).unwrap());
    /// # let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_700_000_000_000)));
    /// # let policy = Policy::builder(Preset::General).build().unwrap(); // 30 minutes idle
    /// # let sessions = Sessions::new(MemoryStore::new(), keys, clock.clone(), policy.clone());
    /// # let here = Audience::of_host("wiki.example.com");
    /// # let who = SignIn::new(Subject::new("ada")?, Assurance::Aal1, "wiki.example.com");
    /// let token = sessions.sign_in(who, &policy).await?.token.expose();
    /// clock.advance(Duration::from_secs(29 * 60));
    /// let extended = sessions.extend(&token, here, &policy).await?;
    /// assert_eq!(extended.deadlines().unwrap().idle_at, sessions.now() + policy.idle_timeout());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Unavailable`]: the store does not answer, so nothing is promised.
    pub async fn extend(
        &self,
        token: &str,
        audience: Audience,
        policy: &Policy,
    ) -> Result<Outcome, Unavailable> {
        let mut attempts = Attempts::default();
        loop {
            let request = Request::passive(policy);
            let found = match self.resolve(token, audience, &request).await? {
                Resolved::Known(judged) if matches!(judged.answer, Answer::Pass { .. }) => judged.found,
                Resolved::Known(judged) => return Ok(judged.into_outcome()),
                Resolved::Missing(reason) => return Ok(Outcome::Missing(reason)),
            };
            let now = self.now();
            if let Some(mut record) = self.store.load(found.session.id).await? {
                let session = &mut record.session;
                session.last_activity_at = session.last_activity_at.max(now);
                record.due_at = record.due_at.max(due_at(session, policy));
                record.details.note(now, Happening::Extended, Actor::Person);
                let written = self.write(Basis::of_will(&found.session), record).await?;
                if let Written::Done(record) = written {
                    self.tell(&record.session, EventKind::Extended, Actor::Person);
                    return self.judge(token, audience, &request).await;
                }
            }
            attempts.pause().await?;
        }
    }
}
