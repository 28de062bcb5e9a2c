//! A body on its way out, once.

use bytes::Bytes;
use futures_util::stream;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};

use super::file::{self, Reader, Stage};
use super::store::{Entry, Kept, State, blocking};
use super::{Head, KeptId};
use crate::proxy::{BoxError, ReqBody};

/// A kept request that is being sent. Whoever holds this is the only one who sends it. If it is dropped before it is known
/// what became of it, it may have arrived, and is not sent again.
#[derive(Debug)]
pub struct Claim {
    kept: Kept,
    id: KeptId,
    /// What is known of it.
    pub entry: Entry,
    content: Option<(Head, Reader)>,
    settled: bool,
}

impl Claim {
    pub(super) const fn new(kept: Kept, id: KeptId, entry: Entry) -> Self {
        Self { kept, id, entry, content: None, settled: false }
    }

    pub(super) fn with(mut self, head: Head, reader: Reader) -> Self {
        self.content = Some((head, reader));
        self
    }

    /// The head, and the body as a stream that reads the disk as fast as it is sent. Can be taken once.
    pub fn take(&mut self) -> Option<(Head, ReqBody)> {
        let (head, reader) = self.content.take()?;
        Some((head, if reader.body_length == 0 { ReqBody::empty() } else { body(reader) }))
    }

    /// The application has answered: it is gone.
    pub async fn sent(mut self) {
        self.settled = true;
        if let Err(error) = self.kept.remove(self.id).await {
            // It stays claimed, so it is never sent again.
            tracing::warn!(id = %self.id, %error, "what was sent could not be removed");
        }
    }

    /// Nothing of it has left the gateway: it waits as before.
    pub async fn unsent(mut self) {
        self.settled = true;
        let (folder, id) = (self.kept.0.folder.clone(), self.id);
        let waits = blocking(move || match file::advance(&folder, id, Stage::Claimed, Stage::Waiting) {
            // The claim was given up before it was made.
            Err(_) if file::path(&folder, id, Stage::Waiting).exists() => Ok(()),
            moved => moved,
        });
        let state = match waits.await.and_then(|moved| moved) {
            Ok(()) => State::Waiting,
            Err(error) => {
                tracing::error!(%id, %error, "a claim could not be given back");
                State::Unsure
            }
        };
        self.settle(state);
    }

    fn settle(&self, state: State) {
        if let Some(entry) = self.kept.shelf().entries.get_mut(&self.id) {
            entry.state = state;
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.settled {
            self.settle(State::Unsure);
        }
    }
}

/// The body of a file, one chunk at a time.
fn body(reader: Reader) -> ReqBody {
    let chunks = stream::try_unfold(reader, |mut reader| async move {
        let read = blocking(move || reader.next_chunk().map(|chunk| (chunk, reader))).await?;
        let (chunk, reader) = read?;
        Ok::<_, BoxError>(chunk.map(|chunk| (Frame::data(Bytes::from(chunk)), reader)))
    });
    ReqBody::boxed(StreamBody::new(chunks).boxed())
}
