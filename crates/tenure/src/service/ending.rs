//! Ending sessions, for good: one, the others of a person, all of a person, everybody's.

use futures_util::stream::{self, StreamExt as _};

use super::Sessions;
use super::retry::Attempts;
use super::transition::{Basis, Transition, Written};
use crate::core::{Audience, EndReason, SessionId, State, Subject};
use crate::store::{Actor, Change, Ending, Record, Store, Unavailable, UpdateError};

/// What became of a wish to end a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Endings {
    /// It has ended now, like this.
    Now(Ending),
    /// It had ended before, like this: the first ending holds.
    Before(Ending),
    /// There is no such session.
    Unknown,
}

impl Endings {
    /// The ending that holds.
    pub const fn ending(&self) -> Option<&Ending> {
        match self {
            Self::Now(ending) | Self::Before(ending) => Some(ending),
            Self::Unknown => None,
        }
    }
}

/// How many sessions are being ended at the same time where many are to end.
const IN_FLIGHT: usize = 64;
const PAGE: usize = 1024;

impl<S: Store> Sessions<S> {
    /// Ends a session, durably. Ending it again changes nothing: the first ending holds.
    ///
    /// # Errors
    /// [`Unavailable`]: the ending holds for requests that meet this store from now on as far as
    /// the store can see to it, but it may not survive a crash; ask again.
    pub async fn end(&self, id: SessionId, reason: EndReason, by: Actor) -> Result<Endings, Unavailable> {
        let mut attempts = Attempts::default();
        loop {
            let Some(record) = self.store.load(id).await? else { return Ok(Endings::Unknown) };
            if !record.session.is_live() {
                if self.is_durably_ended(&record).await? {
                    return Ok(Endings::Before(of_record(record)));
                }
                attempts.pause().await?;
                continue;
            }
            let session = &record.session;
            let end = Transition::End { reason, at: self.now() };
            let policy = self.policy_of(session);
            let written = self.apply(session, Basis::of_will(session), end, by.clone(), &policy).await?;
            if let Written::Done(record) = written {
                return Ok(Endings::Now(of_record(*record)));
            }
            attempts.pause().await?;
        }
    }

    /// Whether an ending that is in force would also survive a crash. Whoever asks for an ending is
    /// answered only then, also if somebody else's is just being written.
    async fn is_durably_ended(&self, record: &Record) -> Result<bool, Unavailable> {
        let change = Change { record: record.clone(), rotation: None, if_quiet_since: None };
        match self.store.update(record.session.version, change).await {
            Err(UpdateError::Gone) => Ok(true),
            Ok(_) | Err(UpdateError::Conflict) => Ok(false),
            Err(UpdateError::Unavailable(unavailable)) => Err(unavailable),
        }
    }

    /// Ends every live session of a subject for an audience except `keep`, with
    /// `signed_out_elsewhere`. Gives those that ended.
    ///
    /// # Errors
    /// [`Unavailable`]: some may have ended already; asking again ends the rest.
    pub async fn end_others(
        &self,
        subject: &Subject,
        audience: Audience,
        keep: SessionId,
        by: Actor,
    ) -> Result<Vec<SessionId>, Unavailable> {
        let of_audience = |record: &Record| record.session.audience == audience && record.session.id != keep;
        self.end_listed(subject, of_audience, EndReason::SignedOutElsewhere, by).await
    }

    /// Ends every live session of a subject, on every host. Gives those that ended.
    ///
    /// # Errors
    /// [`Unavailable`]: some may have ended already; asking again ends the rest.
    pub async fn end_subject(
        &self,
        subject: &Subject,
        reason: EndReason,
        by: Actor,
    ) -> Result<Vec<SessionId>, Unavailable> {
        self.end_listed(subject, |_| true, reason, by).await
    }

    /// Ends everybody's sessions with `ended_by_administrator`. Gives how many. Sessions that begin
    /// meanwhile may stay.
    ///
    /// # Errors
    /// [`Unavailable`]: some may have ended already; asking again ends the rest.
    pub async fn end_everyone(&self, by: Actor) -> Result<u64, Unavailable> {
        let (mut after, mut ended) = (None, 0);
        loop {
            let page = self.store.page(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(ended) };
            after = Some(last.id);
            let live = page.iter().filter(|session| session.is_live()).map(|session| session.id);
            ended += self.end_all(live.collect(), EndReason::EndedByAdministrator, &by).await?.len() as u64;
        }
    }

    async fn end_listed(
        &self,
        subject: &Subject,
        is_meant: impl Fn(&Record) -> bool,
        reason: EndReason,
        by: Actor,
    ) -> Result<Vec<SessionId>, Unavailable> {
        let records = self.store.list(subject).await?;
        let meant = records.iter().filter(|record| record.session.is_live() && is_meant(record));
        self.end_all(meant.map(|record| record.session.id).collect(), reason, &by).await
    }

    /// Ends these, many at a time, since each waits for its write.
    async fn end_all(
        &self,
        ids: Vec<SessionId>,
        reason: EndReason,
        by: &Actor,
    ) -> Result<Vec<SessionId>, Unavailable> {
        let endings = ids.into_iter().map(|id| async move { (id, self.end(id, reason, by.clone()).await) });
        let mut results = stream::iter(endings).buffer_unordered(IN_FLIGHT);
        let (mut ended, mut failed) = (Vec::new(), None);
        while let Some((id, result)) = results.next().await {
            match result {
                Ok(Endings::Now(_)) => ended.push(id),
                Ok(Endings::Before(_) | Endings::Unknown) => {}
                Err(unavailable) => failed = Some(unavailable),
            }
        }
        failed.map_or(Ok(ended), Err)
    }
}

/// How an ended session ended. A damaged record may have lost its details; the state tells enough.
pub(super) fn of_record(record: Record) -> Ending {
    let from_state = match record.session.state {
        State::Ended { reason, at } => Ending { reason, at, by: Actor::Tenure },
        State::Active | State::Locked { .. } => {
            Ending { reason: EndReason::Corrupted, at: record.session.last_activity_at, by: Actor::Tenure }
        }
    };
    record.details.ending.unwrap_or(from_state)
}
