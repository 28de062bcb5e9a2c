//! The suite on the plain store, and on stores that are broken in ways seen in the field: the suite
//! has to notice each.

use super::failures;
use crate::core::{Session, SessionId, State, Subject, Timestamp, TokenHash, Version};
use crate::store::{
    Admission, Change, Counts, DataError, DataValue, DataVersion, Found, InsertError, MemoryStore,
    Precondition, Record, Store, Touch, TouchError, Unavailable, UpdateError,
};

crate::conformance_tests!((MemoryStore::new(), ()));

/// How a store is broken.
#[derive(Clone, Copy, PartialEq)]
enum Defect {
    /// Updates load the present version themselves: the last write wins.
    LastWriteWins,
    /// An update of an ended session inserts it again.
    Upsert,
    /// Counting and adding are two steps.
    CountsFirst,
    /// A touch writes the record that the request had loaded.
    TouchWritesAll,
    /// The quiet that a change needs is not checked.
    LocksUnderActivity,
    /// A sight of a token retires, whatever happened meanwhile.
    RetiresLate,
    /// The condition on a value is checked before it is written, in another step.
    ChecksThenWrites,
    /// Live sessions are forgotten.
    ForgetsAnybody,
    /// What is due is handed out again and again.
    HandsOutAgain,
}

struct Broken {
    inner: MemoryStore,
    defect: Defect,
}

impl Broken {
    async fn with_present_version(&self, id: SessionId, otherwise: Version) -> Result<Version, Unavailable> {
        Ok(self.inner.load(id).await?.map_or(otherwise, |record| record.session.version))
    }
}

impl Store for Broken {
    async fn insert(
        &self,
        record: Record,
        token: TokenHash,
        admission: Admission,
    ) -> Result<Vec<Record>, InsertError> {
        let Admission::AtMost(limit) = admission else {
            return self.inner.insert(record, token, admission).await;
        };
        if self.defect != Defect::CountsFirst {
            return self.inner.insert(record, token, admission).await;
        }
        let (subject, audience) = (record.session.subject.clone(), record.session.audience);
        let mut there = self.inner.list(&subject).await?;
        there.retain(|record| Admission::counts(&record.session, &subject, audience));
        if there.len() >= limit as usize {
            return Err(InsertError::Full(there));
        }
        tokio::task::yield_now().await;
        self.inner.insert(record, token, Admission::Unlimited).await
    }

    async fn find(&self, token: &TokenHash) -> Result<Option<Found>, Unavailable> {
        self.inner.find(token).await
    }

    async fn load(&self, id: SessionId) -> Result<Option<Record>, Unavailable> {
        self.inner.load(id).await
    }

    async fn touch(&self, session: &Found, touch: Touch) -> Result<(), TouchError> {
        if self.defect != Defect::TouchWritesAll {
            return self.inner.touch(session, touch).await;
        }
        let Some(mut record) = self.inner.load(session.session.id).await? else {
            return Err(TouchError::Gone);
        };
        record.session = session.session.clone();
        record.session.last_activity_at = touch.at;
        record.due_at = touch.due_at;
        let version = self.with_present_version(record.session.id, Version::FIRST).await?;
        let change = Change { record, rotation: None, if_quiet_since: None };
        self.inner.update(version, change).await.map(drop).map_err(|_| TouchError::Gone)
    }

    async fn retire(&self, session: &Found, at: Timestamp) -> Result<(), TouchError> {
        let mut session = session.clone();
        if self.defect == Defect::RetiresLate {
            let version = self.with_present_version(session.session.id, session.session.version).await?;
            session.session.version = version;
        }
        self.inner.retire(&session, at).await
    }

    async fn update(&self, mut expected: Version, mut change: Change) -> Result<Version, UpdateError> {
        match self.defect {
            Defect::LastWriteWins => {
                expected = self.with_present_version(change.record.session.id, expected).await?;
            }
            Defect::LocksUnderActivity => change.if_quiet_since = None,
            Defect::Upsert => {
                let there = self.inner.load(change.record.session.id).await?;
                if change.record.session.is_live() && there.is_some_and(|record| !record.session.is_live()) {
                    self.inner.forget(change.record.session.id).await?;
                    let token = TokenHash([9; 24]);
                    let _ = self.inner.insert(change.record, token, Admission::Unlimited).await;
                    return Ok(Version::FIRST);
                }
            }
            _ => {}
        }
        self.inner.update(expected, change).await
    }

    async fn list(&self, subject: &Subject) -> Result<Vec<Record>, Unavailable> {
        self.inner.list(subject).await
    }

    async fn page(&self, after: Option<SessionId>, limit: usize) -> Result<Vec<Session>, Unavailable> {
        self.inner.page(after, limit).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<SessionId>, Unavailable> {
        if self.defect != Defect::HandsOutAgain {
            return self.inner.due(now, limit).await;
        }
        let mut due = Vec::new();
        for session in self.inner.page(None, usize::MAX).await? {
            let record = self.inner.load(session.id).await?;
            if record.is_some_and(|record| record.due_at <= now) && due.len() < limit {
                due.push(session.id);
            }
        }
        Ok(due)
    }

    async fn forget(&self, id: SessionId) -> Result<(), Unavailable> {
        if self.defect == Defect::ForgetsAnybody
            && let Some(mut record) = self.inner.load(id).await?
            && record.session.is_live()
        {
            let at = record.session.last_activity_at;
            record.session.state = State::Ended { reason: crate::core::EndReason::Risk, at };
            let change = Change { rotation: None, if_quiet_since: None, record };
            let _ = self.inner.update(change.record.session.version, change).await;
        }
        self.inner.forget(id).await
    }

    fn counts(&self) -> Counts {
        self.inner.counts()
    }

    async fn data_keys(&self, id: SessionId) -> Result<Vec<(String, DataVersion)>, DataError> {
        self.inner.data_keys(id).await
    }

    async fn data(&self, id: SessionId, key: &str) -> Result<Option<DataValue>, DataError> {
        self.inner.data(id, key).await
    }

    async fn write_data(
        &self,
        id: SessionId,
        key: &str,
        value: Option<Vec<u8>>,
        precondition: Precondition,
    ) -> Result<DataVersion, DataError> {
        let Precondition::Version(expected) = precondition else {
            return self.inner.write_data(id, key, value, precondition).await;
        };
        if self.defect != Defect::ChecksThenWrites {
            return self.inner.write_data(id, key, value, precondition).await;
        }
        let there = self.inner.data(id, key).await?.map(|value| value.version);
        if there != Some(expected) {
            return Err(DataError::Conflict(there));
        }
        tokio::task::yield_now().await;
        self.inner.write_data(id, key, value, Precondition::Always).await
    }
}

async fn caught(defect: Defect, by: &str) {
    let make = || async { (Broken { inner: MemoryStore::new(), defect }, ()) };
    let failed = failures(make).await;
    assert!(failed.contains(&by), "the defect went unnoticed by {by}; noticed by {failed:?}");
}

macro_rules! catches {
    ($($name:ident: $defect:ident by $case:literal;)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                caught(Defect::$defect, $case).await;
            }
        )+
    };
}

catches! {
    the_suite_catches_the_last_write_winning: LastWriteWins by "of_many_updates_of_one_version_one_wins";
    the_suite_catches_an_upsert: Upsert by "no_slow_update_brings_an_ended_session_back";
    the_suite_catches_a_limit_counted_first: CountsFirst by "simultaneous_sign_ins_never_pass_a_limit_of_one";
    the_suite_catches_a_touch_that_writes_all: TouchWritesAll by "activity_and_changes_at_once_lose_neither";
    the_suite_catches_a_lock_under_activity: LocksUnderActivity by
        "nobody_is_locked_for_idleness_after_acknowledged_activity";
    the_suite_catches_a_late_retirement: RetiresLate by
        "a_late_sight_of_a_token_does_not_retire_for_its_successor";
    the_suite_catches_a_condition_checked_first: ChecksThenWrites by "counting_with_versions_loses_nothing";
    the_suite_catches_a_live_session_forgotten: ForgetsAnybody by "only_tombstones_are_forgotten";
    the_suite_catches_due_sessions_handed_out_again: HandsOutAgain by "what_is_due_is_handed_out_once";
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_plain_store_breaks_no_case() {
    assert_eq!(failures(|| async { (MemoryStore::new(), ()) }).await, Vec::<&str>::new());
}
