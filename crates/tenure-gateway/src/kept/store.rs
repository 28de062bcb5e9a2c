//! All that is kept: found, claimed once, removed.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenure::clock::Clock;
use tenure::core::{Audience, SessionId, Subject, Timestamp};
use tenure::keys::SharedKeys;

use super::file::{self, FileError, Reader, Stage};
use super::quota::{LEAST, Ledger};
use super::summary::{self, Summary};
use super::{Claim, Head, KeptId};

/// What is kept. A clone is the same.
#[derive(Clone)]
pub struct Kept(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) folder: PathBuf,
    pub(super) keys: SharedKeys,
    clock: Arc<dyn Clock>,
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
pub(super) struct Shelf {
    pub(super) entries: HashMap<KeptId, Entry>,
    pub(super) ledger: Ledger,
}

/// What is known of a kept request without reading its file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Whom it belongs to.
    pub subject: Subject,
    /// The session that was locked. It goes when that ends.
    pub session: SessionId,
    /// The host it was sent to.
    pub audience: Audience,
    /// When it came.
    pub kept_at: Timestamp,
    /// When it is removed.
    pub expires_at: Timestamp,
    /// Where it is in its life.
    pub state: State,
    /// How long its body is.
    pub body_length: u64,
    /// What it is counted as.
    pub(super) charged: u64,
}

/// Where a kept request is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It can be sent.
    Waiting,
    /// It is being sent.
    Sending,
    /// It was being sent when the connection or the gateway broke down. It may have arrived, so it is never sent again; its
    /// person may still read it.
    Unsure,
}

/// How much is kept.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Totals {
    /// Requests.
    pub requests: u64,
    /// Bytes that they are counted as.
    pub bytes: u64,
}

/// Why a kept request was not claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// There is none of this name for this person, or it has been claimed before.
    #[error("there is nothing kept under this name")]
    Gone,
    /// It is there but cannot be read whole. Nothing was sent.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Entry {
    pub(super) fn new(head: &Head, state: State, file_length: u64, body_length: u64) -> Self {
        Self {
            subject: head.subject.clone(),
            session: head.session,
            audience: head.audience(),
            kept_at: head.kept_at,
            expires_at: head.expires_at,
            state,
            body_length,
            charged: file_length.max(LEAST),
        }
    }

    const fn stage(&self) -> Stage {
        match self.state {
            State::Waiting => Stage::Waiting,
            State::Sending | State::Unsure => Stage::Claimed,
        }
    }

    fn belongs_to(&self, subject: &Subject, audience: Audience, now: Timestamp) -> bool {
        self.subject == *subject && self.audience == audience && now < self.expires_at
    }
}

impl Kept {
    /// Opens the folder and finds what was kept before. What a crash left half-written is removed; what it caught being
    /// sent is not sent again.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn open(folder: &Path, keys: SharedKeys, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt as _;
            builder.mode(0o700);
        }
        builder.create(folder)?;
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::File::open(parent)?.sync_all()?;
        }
        let mut shelf = Shelf::default();
        for found in std::fs::read_dir(folder)? {
            let Some((id, stage)) = file::parse_path(&found?.path()) else { continue };
            let state = match stage {
                Stage::Partial => {
                    file::remove(folder, id, stage)?;
                    continue;
                }
                Stage::Waiting => State::Waiting,
                Stage::Claimed => State::Unsure,
            };
            let opened = Reader::open(folder, id, stage, &keys.load());
            match opened {
                Ok((head, reader)) => {
                    let entry = Entry::new(&head, state, reader.file_length, reader.body_length);
                    shelf.ledger.add(&entry.subject, entry.charged);
                    shelf.entries.insert(id, entry);
                }
                Err(error) => {
                    tracing::error!(%id, %error, removed = error.is_final(), "a kept request cannot be read");
                    if error.is_final() {
                        file::remove(folder, id, stage)?;
                    }
                }
            }
        }
        Ok(Self(Arc::new(Shared { folder: folder.into(), keys, clock, shelf: Mutex::new(shelf) })))
    }

    pub(super) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// A kept request of this person on this host. Anybody else's is as unknown as one that never was.
    pub fn find(&self, id: KeptId, subject: &Subject, audience: Audience) -> Option<Entry> {
        let now = self.now();
        self.shelf().entries.get(&id).filter(|entry| entry.belongs_to(subject, audience, now)).cloned()
    }

    /// Everything that is kept for this person on this host, the latest first.
    pub fn list(&self, subject: &Subject, audience: Audience) -> Vec<(KeptId, Entry)> {
        let now = self.now();
        let of_person = |(id, entry): (&KeptId, &Entry)| {
            entry.belongs_to(subject, audience, now).then(|| (*id, entry.clone()))
        };
        let mut list: Vec<_> = self.shelf().entries.iter().filter_map(of_person).collect();
        list.sort_by_key(|(id, entry)| (std::cmp::Reverse(entry.kept_at), *id));
        list
    }

    /// How much there is, with what is on its way.
    pub fn totals(&self) -> Totals {
        let shelf = self.shelf();
        Totals { requests: shelf.entries.len() as u64, bytes: shelf.ledger.total() }
    }

    /// The head of a kept request.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn head(&self, id: KeptId, entry: &Entry) -> Result<Head, FileError> {
        let (this, stage) = (self.clone(), entry.stage());
        blocking(move || Ok(this.reader(id, stage)?.0)).await?
    }

    /// The head of a kept request, and what a person is shown of its body.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn describe(&self, id: KeptId, entry: &Entry) -> Result<(Head, Summary), FileError> {
        let (this, stage) = (self.clone(), entry.stage());
        blocking(move || {
            let (head, mut reader) = this.reader(id, stage)?;
            let mut reading = summary::Reading::of(&head);
            while let Some(chunk) = reader.next_chunk()? {
                reading.feed(&chunk);
            }
            Ok((head, reading.finish()))
        })
        .await?
    }

    /// Claims a kept request, so that it is sent once. It is whole, and the claim is durable, when this answers.
    ///
    /// # Errors
    /// [`ClaimError`].
    pub async fn claim(
        &self,
        id: KeptId,
        subject: &Subject,
        audience: Audience,
    ) -> Result<Claim, ClaimError> {
        let now = self.now();
        let entry = {
            let mut shelf = self.shelf();
            let found = shelf.entries.get_mut(&id).filter(|entry| entry.belongs_to(subject, audience, now));
            let entry = found.filter(|entry| entry.state == State::Waiting).ok_or(ClaimError::Gone)?;
            entry.state = State::Sending;
            entry.clone()
        };
        let claim = Claim::new(self.clone(), id, entry);
        let this = self.clone();
        let claimed = blocking(move || {
            let (_, mut whole) = this.reader(id, Stage::Waiting)?;
            while whole.next_chunk()?.is_some() {}
            file::advance(&this.0.folder, id, Stage::Waiting, Stage::Claimed)?;
            this.reader(id, Stage::Claimed)
        });
        match claimed.await.map_err(FileError::from).and_then(|claimed| claimed) {
            Ok((head, reader)) => Ok(claim.with(head, reader)),
            Err(error) => {
                claim.unsent().await;
                Err(error.into())
            }
        }
    }

    /// Removes a kept request of this person. Gives whether there was one.
    ///
    /// # Errors
    /// The file system says no; it is out of use nevertheless until a restart.
    pub async fn discard(&self, id: KeptId, subject: &Subject, audience: Audience) -> io::Result<bool> {
        match self.find(id, subject, audience) {
            Some(entry) if entry.state != State::Sending => {
                self.remove(id).await.map(|removed| removed.is_some())
            }
            _ => Ok(false),
        }
    }

    /// Removes everything that was kept for a session. Gives how much that was.
    ///
    /// # Errors
    /// The file system says no.
    pub async fn end_session(&self, session: SessionId) -> io::Result<usize> {
        self.remove_where(|entry| entry.session == session).await
    }

    /// Removes everything whose time has passed. Gives how much that was.
    ///
    /// # Errors
    /// The file system says no.
    pub async fn expire(&self) -> io::Result<usize> {
        let now = self.now();
        self.remove_where(|entry| entry.expires_at <= now && entry.state != State::Sending).await
    }

    /// The sessions that something is kept for.
    pub fn sessions(&self) -> HashSet<SessionId> {
        self.shelf().entries.values().map(|entry| entry.session).collect()
    }

    async fn remove_where(&self, is_meant: impl Fn(&Entry) -> bool) -> io::Result<usize> {
        let ids: Vec<_> =
            self.shelf().entries.iter().filter(|(_, entry)| is_meant(entry)).map(|(id, _)| *id).collect();
        for id in &ids {
            self.remove(*id).await?;
        }
        Ok(ids.len())
    }

    pub(super) async fn remove(&self, id: KeptId) -> io::Result<Option<Entry>> {
        let removed = {
            let mut shelf = self.shelf();
            let removed = shelf.entries.remove(&id);
            if let Some(entry) = &removed {
                shelf.ledger.release(&entry.subject, entry.charged);
            }
            removed
        };
        if removed.is_some() {
            let folder = self.0.folder.clone();
            // In this order: a claim that is made meanwhile moves the file from the first to the second.
            blocking(move || {
                file::remove(&folder, id, Stage::Waiting)?;
                file::remove(&folder, id, Stage::Claimed)
            })
            .await??;
        }
        Ok(removed)
    }

    fn reader(&self, id: KeptId, stage: Stage) -> Result<(Head, Reader), FileError> {
        Reader::open(&self.0.folder, id, stage, &self.0.keys.load())
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("folder", &self.0.folder).finish_non_exhaustive()
    }
}

/// Runs what waits for the disk on a thread of its own: a worker has many others to serve.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
