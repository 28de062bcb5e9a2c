//! Unlocking: the same person proves it is them, and goes on.

use super::judging::{Answer, Resolved};
use super::retry::Attempts;
use super::transition::Basis;
use super::{EventKind, Sessions, SignedIn};
use crate::core::judge::due_at;
use crate::core::{
    Assurance, Audience, EndReason, MissingReason, Policy, Request, Session, State, Subject, Timestamp,
};
use crate::store::{
    Actor, Change, Device, Happening, OldPrivilege, Record, Rotation, Store, Unavailable, UpdateError,
};

/// A fresh authentication.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
    /// Who was authenticated.
    pub subject: Subject,
    /// How strongly.
    pub assurance: Assurance,
}

/// Why a session was not unlocked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum UnlockError {
    /// The proof is of somebody else. They get nothing of it. If they sign in in that browser, the
    /// locked session is to be ended with [`EndReason::DifferentSubject`].
    #[error("the session belongs to somebody else")]
    DifferentSubject,
    /// It has ended.
    #[error("the session has ended: {reason}")]
    Ended {
        /// Why.
        reason: EndReason,
        /// When.
        at: Timestamp,
    },
    /// It is active: nothing needs to be unlocked.
    #[error("the session is not locked")]
    NotLocked,
    /// There is no such session.
    #[error("there is no session: {0}")]
    Missing(MissingReason),
    /// The store does not answer: nobody knows.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl<S: Store> Sessions<S> {
    /// Unlocks a session for the person it belongs to: a new token, both clocks start again. It is
    /// durable when this answers. Until the new token is seen, the old one stays locked and can be
    /// unlocked again, so that a browser that never received the answer is not lost.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use tenure::{clock::ManualClock, core::*, keys::*, service::*, store::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let keys = SharedKeys::new(KeyRing::generate(Timestamp::EPOCH).unwrap());
    /// # let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_700_000_000_000)));
    /// # let policy = Policy::builder(Preset::General).build().unwrap();
    /// # let sessions = Sessions::new(MemoryStore::new(), keys, clock.clone(), policy.clone());
    /// # let (ada, bob) = (Subject::new("ada")?, Subject::new("bob")?);
    /// # let here = Audience::of_host("wiki.example.com");
    /// let who = SignIn::new(ada.clone(), Assurance::Aal1, "wiki.example.com");
    /// let token = sessions.sign_in(who, &policy).await?.token.expose();
    /// clock.advance(policy.idle_timeout()); // now it is locked
    ///
    /// let stranger = Proof { subject: bob, assurance: Assurance::Aal2 };
    /// let refused = sessions.unlock(&token, here, stranger, Device::default(), &policy).await;
    /// assert!(matches!(refused, Err(UnlockError::DifferentSubject)));
    ///
    /// let proof = Proof { subject: ada, assurance: Assurance::Aal1 };
    /// let unlocked = sessions.unlock(&token, here, proof, Device::default(), &policy).await?;
    /// let request = Request::active(&policy);
    /// assert!(sessions.judge(&unlocked.token.expose(), here, &request).await?.passes());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`UnlockError`].
    pub async fn unlock(
        &self,
        token: &str,
        audience: Audience,
        proof: Proof,
        device: Device,
        policy: &Policy,
    ) -> Result<SignedIn, UnlockError> {
        let mut attempts = Attempts::default();
        loop {
            let found = match self.resolve(token, audience, &Request::passive(policy)).await? {
                Resolved::Known(judged) => match judged.answer {
                    Answer::Locked { .. } => judged.found,
                    Answer::Ended { reason, at } => return Err(UnlockError::Ended { reason, at }),
                    Answer::Pass { .. } | Answer::StepUp { .. } => return Err(UnlockError::NotLocked),
                },
                Resolved::Missing(reason) => return Err(UnlockError::Missing(reason)),
            };
            if found.session.subject != proof.subject {
                self.tell(&found.session, EventKind::UnlockRefused, Actor::Person);
                return Err(UnlockError::DifferentSubject);
            }
            let renewal = Renewal::authenticated(proof.assurance, device.clone(), Renewed::Unlocked);
            if let Some(unlocked) = self.renew(&found.session, renewal, policy).await? {
                return Ok(unlocked);
            }
            attempts.pause().await?;
        }
    }

    /// Gives the session a new token, if it is still as it was seen.
    pub(super) async fn renew(
        &self,
        seen: &Session,
        renewal: Renewal,
        policy: &Policy,
    ) -> Result<Option<SignedIn>, Unavailable> {
        let Some(mut record) = self.store.load(seen.id).await? else { return Ok(None) };
        let basis = Basis::of_will(seen);
        let (token, hash) = self.issue_token()?;
        let rotation = Rotation { token: hash, old_privilege: privilege(seen) };
        let kind = renewal.kind;
        renewal.write_to(&mut record, self.now(), policy);
        let mut session = record.session.clone();
        let change = Change { record, rotation: Some(rotation), if_quiet_since: basis.quiet_since };
        match self.store.update(basis.version, change).await {
            Ok(version) => session.version = version,
            Err(UpdateError::Gone | UpdateError::Conflict) => return Ok(None),
            Err(UpdateError::Unavailable(unavailable)) => return Err(unavailable),
        }
        self.tell(&session, kind.event(), Actor::Person);
        Ok(Some(SignedIn { token, session, displaced: Vec::new() }))
    }
}

/// What changes with a new token.
pub(super) struct Renewal {
    authenticated: Option<Assurance>,
    device: Option<Device>,
    kind: Renewed,
}

/// The occasion of a new token.
#[derive(Clone, Copy)]
pub(super) enum Renewed {
    Unlocked,
    SteppedUp,
    Rotated,
}

impl Renewed {
    const fn event(self) -> EventKind {
        match self {
            Self::Unlocked => EventKind::Unlocked,
            Self::SteppedUp => EventKind::SteppedUp,
            Self::Rotated => EventKind::Rotated,
        }
    }

    const fn happening(self) -> Happening {
        match self {
            Self::Unlocked => Happening::Unlocked,
            Self::SteppedUp => Happening::SteppedUp,
            Self::Rotated => Happening::Rotated,
        }
    }
}

impl Renewal {
    pub(super) const fn authenticated(assurance: Assurance, device: Device, kind: Renewed) -> Self {
        Self { authenticated: Some(assurance), device: Some(device), kind }
    }

    pub(super) const fn of_token_only() -> Self {
        Self { authenticated: None, device: None, kind: Renewed::Rotated }
    }

    fn write_to(self, record: &mut Record, now: Timestamp, policy: &Policy) {
        let session = &mut record.session;
        session.rotated_at = now;
        if let Some(assurance) = self.authenticated {
            session.state = State::Active;
            session.assurance = assurance;
            session.authenticated_at = now;
            session.last_activity_at = session.last_activity_at.max(now);
        }
        if let Some(device) = self.device {
            record.details.device = device;
        }
        record.due_at = due_at(&record.session, policy);
        record.details.note(now, self.kind.happening(), Actor::Person);
    }
}

/// What the token that is replaced could do.
const fn privilege(session: &Session) -> OldPrivilege {
    match session.state {
        State::Locked { reason, since } => OldPrivilege::Locked { reason, since },
        State::Active | State::Ended { .. } => {
            OldPrivilege::Active { assurance: session.assurance, authenticated_at: session.authenticated_at }
        }
    }
}
