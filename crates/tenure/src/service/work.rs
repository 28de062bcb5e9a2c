//! What people do with their work around a session, noted in its timeline.

use super::retry::Attempts;
use super::transition::{Basis, Written};
use super::{EventKind, Sessions};
use crate::core::{SessionId, Subject};
use crate::store::{Actor, Happening, Store, Unavailable};

/// Something that a person did around their session, which changes nothing about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Work {
    /// They sent something that met a lock, and it was kept.
    Kept,
    /// They sent what was kept.
    Sent,
    /// They discarded what was kept.
    Discarded,
    /// They reported a problem.
    Reported,
}

impl Work {
    const fn happening(self) -> Happening {
        match self {
            Self::Kept => Happening::RequestKept,
            Self::Sent => Happening::RequestSent,
            Self::Discarded => Happening::RequestDiscarded,
            Self::Reported => Happening::ProblemReported,
        }
    }

    const fn event(self) -> EventKind {
        match self {
            Self::Kept => EventKind::RequestKept,
            Self::Sent => EventKind::RequestSent,
            Self::Discarded => EventKind::RequestDiscarded,
            Self::Reported => EventKind::ProblemReported,
        }
    }
}

impl<S: Store> Sessions<S> {
    /// Notes in the timeline of a session what its person did, and tells those who listen. What has ended is not
    /// written to any more; those who listen hear of it all the same.
    ///
    /// # Errors
    /// [`Unavailable`]: it is not in the timeline.
    pub async fn note_work(&self, id: SessionId, subject: &Subject, work: Work) -> Result<(), Unavailable> {
        self.events.publish(self.now(), Some(id), subject, work.event(), Actor::Person);
        let mut attempts = Attempts::default();
        while let Some(mut record) = self.store.load(id).await?.filter(|record| record.session.is_live()) {
            record.details.note(self.now(), work.happening(), Actor::Person);
            let basis = Basis::of_will(&record.session);
            if let Written::Done(_) = self.write(basis, record).await? {
                break;
            }
            attempts.pause().await?;
        }
        Ok(())
    }
}
