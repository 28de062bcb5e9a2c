//! Looking sessions up, for people.

use super::sweep::Settled;
use super::{Sessions, SupportCode};
use crate::core::{Session, SessionId, Subject};
use crate::store::{Record, Store, Unavailable};

impl<S: Store> Sessions<S> {
    /// Every session of a subject that can still be told of, in the order of signing in. Those that
    /// have reached a limit are locked or ended first, so that the list says what is.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn list(&self, subject: &Subject) -> Result<Vec<Record>, Unavailable> {
        let mut records = self.store.list(subject).await?;
        let mut any = false;
        for record in &records {
            any |= self.settle(record).await? != Settled::AsItWas;
        }
        if any {
            records = self.store.list(subject).await?;
        }
        Ok(records)
    }

    /// Everything about one session, locked or ended first if it has reached a limit.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn load(&self, id: SessionId) -> Result<Option<Record>, Unavailable> {
        let Some(record) = self.store.load(id).await? else { return Ok(None) };
        match self.settle(&record).await? {
            Settled::AsItWas => Ok(Some(record)),
            _ => self.store.load(id).await,
        }
    }

    /// Up to `limit` sessions of anybody, in the order of their ids, beginning after `after`, as
    /// they are stored.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn page(&self, after: Option<SessionId>, limit: usize) -> Result<Vec<Session>, Unavailable> {
        self.store.page(after, limit).await
    }

    /// The sessions with this support code: nearly always one or none.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn find_by_support_code(&self, code: SupportCode) -> Result<Vec<Session>, Unavailable> {
        // A code is the beginning of an id, so all its sessions follow each other.
        const PLENTY: usize = 16;
        let mut sessions = self.store.page(code.before_first(), PLENTY).await?;
        sessions.retain(|session| SupportCode::of(session.id) == code);
        Ok(sessions)
    }
}
