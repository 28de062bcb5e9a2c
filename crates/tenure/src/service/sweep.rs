//! Doing what is due although nobody asks: locking, ending and forgetting, in bounded slices.

use futures_util::stream::{self, StreamExt as _};

use super::Sessions;
use super::transition::{Basis, Transition, Written};
use crate::core::judge::due_at;
use crate::core::{Request, SessionId, State, judge};
use crate::store::{Actor, Record, Store, Unavailable};

/// What a sweep did.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, serde::Serialize)]
pub struct Swept {
    /// Sessions that were due.
    pub seen: usize,
    /// Those that were locked.
    pub locked: usize,
    /// Those that ended.
    pub ended: usize,
    /// Tombstones that were removed.
    pub forgotten: usize,
    /// Sessions that the store could not change now; they come again.
    pub failed: usize,
    /// Whether there may be more that is due now.
    pub more: bool,
}

/// What was done about a session because of the time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Settled {
    AsItWas,
    Locked,
    Ended,
    Forgotten,
    /// Somebody else changed it meanwhile, or its due moment was moved.
    Changed,
}

/// How many sessions one slice takes from the store.
const SLICE: usize = 256;
/// How many of them are being written at the same time.
const IN_FLIGHT: usize = 32;

impl<S: Store> Sessions<S> {
    /// Does what is due, for at most `budget` sessions, and lets other work run in between. To be
    /// called again and again: at once if there is [more](Swept::more), else after a second or so.
    ///
    /// However late it runs, requests are judged exactly; so a million sessions that expire in the
    /// same second can be dealt with little by little.
    ///
    /// # Errors
    /// [`Unavailable`]: the store does not tell what is due. Call again later. A failure of single
    /// sessions is only counted.
    pub async fn sweep(&self, budget: usize) -> Result<Swept, Unavailable> {
        let mut swept = Swept::default();
        while swept.seen < budget {
            let wanted = SLICE.min(budget - swept.seen);
            let due = self.store.due(self.now(), wanted).await?;
            let taken = due.len();
            swept.seen += taken;
            let mut results =
                stream::iter(due.into_iter().map(|id| self.settle_due(id))).buffer_unordered(IN_FLIGHT);
            while let Some(result) = results.next().await {
                match result {
                    Ok(Settled::Locked) => swept.locked += 1,
                    Ok(Settled::Ended) => swept.ended += 1,
                    Ok(Settled::Forgotten) => swept.forgotten += 1,
                    Ok(Settled::AsItWas | Settled::Changed) => {}
                    Err(unavailable) => {
                        tracing::warn!(error = %unavailable, "a due session could not be changed");
                        swept.failed += 1;
                    }
                }
            }
            swept.more = taken == wanted;
            if !swept.more {
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok(swept)
    }

    async fn settle_due(&self, id: SessionId) -> Result<Settled, Unavailable> {
        match self.store.load(id).await? {
            Some(record) => self.settle(&record).await,
            None => Ok(Settled::AsItWas),
        }
    }

    /// Does what is due for one session. Before its due moment nothing is, whatever the policy says:
    /// a route with longer limits may have promised more time than the policy of its host.
    pub(super) async fn settle(&self, record: &Record) -> Result<Settled, Unavailable> {
        let (session, now) = (&record.session, self.now());
        if now < record.due_at {
            return Ok(Settled::AsItWas);
        }
        if let State::Ended { .. } = session.state {
            self.store.forget(session.id).await?;
            return Ok(Settled::Forgotten);
        }
        let policy = self.policy_of(session);
        let written = match Transition::of(judge(session, &Request::passive(&policy), now)) {
            Some(transition) => {
                let basis = Basis::of_time(session);
                self.apply(session, basis, transition, Actor::Tenure, &policy).await?
            }
            None => {
                // It was due under a stricter route, or the policy has been relaxed since.
                let mut later = record.clone();
                later.due_at = due_at(session, &policy);
                self.write(Basis::of_time(session), later).await?
            }
        };
        Ok(match written {
            Written::Done(record) => match record.session.state {
                State::Locked { .. } if session.state == State::Active => Settled::Locked,
                State::Ended { .. } => Settled::Ended,
                State::Active | State::Locked { .. } => Settled::Changed,
            },
            Written::Stale => Settled::Changed,
        })
    }
}
