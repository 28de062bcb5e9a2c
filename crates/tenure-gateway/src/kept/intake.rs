//! A body on its way in: chunk by chunk to the disk, within the limits.

use super::file::{self, FileError, Stage, Writer};
use super::quota::{Full, LEAST, Limits};
use super::sealing::{CHUNK, TAG};
use super::store::{Entry, Kept, State, blocking};
use super::{Head, KeptId};

/// Why something is not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// It is larger than what is kept of one request.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
    /// The person has as much kept as may be.
    #[error("{0} bytes are kept for this person already")]
    PersonFull(u64),
    /// As much is kept as may be.
    #[error("as much is kept as may be")]
    Full,
    /// It could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A request that is being kept. Dropped before its end, nothing of it stays.
#[derive(Debug)]
pub struct Intake {
    kept: Kept,
    id: KeptId,
    head: Head,
    limits: Limits,
    writer: Option<Writer>,
    pending: Vec<u8>,
    length: u64,
    reserved: u64,
}

impl Kept {
    /// Begins to keep a request. `announced` is the length that it says its body has, so that one that is too large is
    /// refused before it is read.
    ///
    /// # Errors
    /// [`NotKept`].
    pub async fn begin(&self, head: Head, announced: Option<u64>, limits: Limits) -> Result<Intake, NotKept> {
        if announced.is_some_and(|length| length > limits.body) || limits.body == 0 {
            return Err(NotKept::TooLarge(limits.body));
        }
        let id = KeptId::random().map_err(FileError::NoRandomness)?;
        let mut intake = Intake {
            kept: self.clone(),
            id,
            head,
            limits,
            writer: None,
            pending: Vec::new(),
            length: 0,
            reserved: 0,
        };
        intake.reserve(LEAST.max(announced.unwrap_or(0)))?;
        let (this, head) = (self.clone(), intake.head.clone());
        let made = blocking(move || Writer::create(&this.0.folder, id, &head, &this.0.keys.load()));
        intake.writer = Some(made.await.map_err(FileError::from)??);
        Ok(intake)
    }
}

impl Intake {
    /// Takes the next bytes of the body.
    ///
    /// # Errors
    /// [`NotKept`]: nothing of it stays.
    pub async fn push(&mut self, mut data: &[u8]) -> Result<(), NotKept> {
        self.length = self.length.saturating_add(data.len() as u64);
        if self.length > self.limits.body {
            return Err(NotKept::TooLarge(self.limits.body));
        }
        while !data.is_empty() {
            // The last chunk is marked as such, so a full one waits until more has come.
            if self.pending.len() == CHUNK {
                self.write_out().await?;
            }
            let room = (CHUNK - self.pending.len()).min(data.len());
            self.pending.extend_from_slice(&data[..room]);
            data = &data[room..];
        }
        Ok(())
    }

    /// The body is whole. It is kept, and would survive a crash, when this answers.
    ///
    /// # Errors
    /// [`NotKept`]: nothing of it stays.
    pub async fn finish(mut self) -> Result<KeptId, NotKept> {
        self.make_room()?;
        let chunk = std::mem::take(&mut self.pending);
        let Some(writer) = self.writer.take() else { return Err(NotKept::Full) };
        let file_length = blocking(move || writer.finish(chunk)).await.map_err(FileError::from)??;
        let entry = Entry::new(&self.head, State::Waiting, file_length, self.length);
        let mut shelf = self.kept.shelf();
        shelf.ledger.release(&self.head.subject, std::mem::take(&mut self.reserved));
        shelf.ledger.add(&self.head.subject, entry.charged);
        shelf.entries.insert(self.id, entry);
        drop(shelf);
        Ok(self.id)
    }

    async fn write_out(&mut self) -> Result<(), NotKept> {
        self.make_room()?;
        let Some(mut writer) = self.writer.take() else { return Err(NotKept::Full) };
        let mut chunk = std::mem::take(&mut self.pending);
        let written = blocking(move || writer.write(&mut chunk).map(|()| (writer, chunk)));
        let (writer, chunk) = written.await.map_err(FileError::from)??;
        (self.writer, self.pending) = (Some(writer), chunk);
        Ok(())
    }

    /// Takes room for the pending chunk, if what was reserved is not enough for it.
    fn make_room(&mut self) -> Result<(), NotKept> {
        let written = self.writer.as_ref().map_or(0, |writer| writer.length);
        let needed = written + (self.pending.len() + TAG) as u64;
        if needed > self.reserved { self.reserve(needed - self.reserved) } else { Ok(()) }
    }

    fn reserve(&mut self, bytes: u64) -> Result<(), NotKept> {
        self.kept.shelf().ledger.reserve(&self.head.subject, bytes, &self.limits).map_err(
            |full| match full {
                Full::Person => NotKept::PersonFull(self.limits.person),
                Full::Total => NotKept::Full,
            },
        )?;
        self.reserved += bytes;
        Ok(())
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        if self.reserved == 0 {
            return;
        }
        let id = self.id;
        self.kept.shelf().ledger.release(&self.head.subject, self.reserved);
        // It is unlinked at once and its space comes back when the last write to it ends. What is left over by a file system
        // that says no is removed at the next start.
        match std::fs::remove_file(file::path(&self.kept.0.folder, id, Stage::Partial)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(%id, %error, "what was not kept could not be removed");
            }
            _ => {}
        }
    }
}
