//! A new authentication or a new token for a session that is active.

use super::judging::{Answer, Resolved};
use super::retry::Attempts;
use super::unlocking::{Renewal, Renewed};
use super::{Proof, Sessions, SignedIn};
use crate::core::{Audience, EndReason, LockReason, MissingReason, Policy, Request, Session, Timestamp};
use crate::store::{Device, Store, Unavailable};

/// Why an active session got no new token.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RenewError {
    /// The proof is of somebody else.
    #[error("the session belongs to somebody else")]
    DifferentSubject,
    /// It is locked: [`unlock`](Sessions::unlock) it instead.
    #[error("the session is locked: {0}")]
    Locked(LockReason),
    /// It has ended.
    #[error("the session has ended: {reason}")]
    Ended {
        /// Why.
        reason: EndReason,
        /// When.
        at: Timestamp,
    },
    /// There is no such session.
    #[error("there is no session: {0}")]
    Missing(MissingReason),
    /// The store does not answer: nobody knows.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl<S: Store> Sessions<S> {
    /// Notes that the person of an active session has authenticated again (RFC 9470): a new token,
    /// and both clocks start again. The assurance is that of this authentication.
    ///
    /// # Errors
    /// [`RenewError`].
    pub async fn step_up(
        &self,
        token: &str,
        audience: Audience,
        proof: Proof,
        device: Device,
        policy: &Policy,
    ) -> Result<SignedIn, RenewError> {
        let mut attempts = Attempts::default();
        loop {
            let session = self.active(token, audience, policy).await?;
            if session.subject != proof.subject {
                return Err(RenewError::DifferentSubject);
            }
            let renewal = Renewal::authenticated(proof.assurance, device.clone(), Renewed::SteppedUp);
            if let Some(renewed) = self.renew(&session, renewal, policy).await? {
                return Ok(renewed);
            }
            attempts.pause().await?;
        }
    }

    /// Replaces the token of an active session and nothing else. Only its current token may ask: one
    /// that was replaced already gets the answer that its browser is still waiting for, or none.
    ///
    /// # Errors
    /// [`RenewError`].
    pub async fn rotate(
        &self,
        token: &str,
        audience: Audience,
        policy: &Policy,
    ) -> Result<SignedIn, RenewError> {
        let mut attempts = Attempts::default();
        loop {
            let session = self.active(token, audience, policy).await?;
            if let Some(renewed) = self.renew(&session, Renewal::of_token_only(), policy).await? {
                return Ok(renewed);
            }
            attempts.pause().await?;
        }
    }

    /// The session of a token that passes.
    async fn active(&self, token: &str, audience: Audience, policy: &Policy) -> Result<Session, RenewError> {
        match self.resolve(token, audience, &Request::passive(policy)).await? {
            Resolved::Known(judged) => match judged.answer {
                Answer::Pass { .. } | Answer::StepUp { .. } => Ok(judged.found.session),
                Answer::Locked { reason, .. } => Err(RenewError::Locked(reason)),
                Answer::Ended { reason, at } => Err(RenewError::Ended { reason, at }),
            },
            Resolved::Missing(reason) => Err(RenewError::Missing(reason)),
        }
    }
}
