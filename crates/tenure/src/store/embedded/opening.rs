//! Opening a store: the engine first, then everything into memory, then the journal.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::Unavailable;
use super::engine::Engine;
use super::gaps::{self, Gap};
use super::journal::{Disk, Journal, Nature, Write};
use super::memory::Memory;
use super::recovery::{CLOSED, GAPS, NEWEST, recover};
use super::{EmbeddedOptions, EmbeddedStore, Inner, bag, damage, owner, stopped};
use crate::core::{SessionId, Timestamp};

/// What was found when a store was opened.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recovery {
    /// Sessions that are active or locked.
    pub live: usize,
    /// Tombstones.
    pub ended: usize,
    /// Sessions whose records are damaged: they have ended with `corrupted`.
    pub corrupted: Vec<SessionId>,
    /// The newest moment that is known of: the clock must not start before it.
    pub newest: Timestamp,
    /// Whether it had been closed, so that nothing was waiting to be written.
    pub was_closed: bool,
    /// How long it took.
    pub took: Duration,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open.
    #[error(
        "{path} (store.path): {} has this store open; stop it, or name another folder",
        by.as_deref().unwrap_or("another process")
    )]
    InUse {
        /// Its folder.
        path: PathBuf,
        /// The other process, such as `process 4711 (tenure)`, as far as it is known.
        by: Option<String>,
    },
    /// The key ring does not open what is stored.
    #[error(
        "{path} (store.path): its sessions were sealed with key {key}, which is not in the key ring; put back the file `keys` that belongs to it"
    )]
    KeyMissing {
        /// Its folder.
        path: PathBuf,
        /// The id of the key.
        key: u16,
    },
    /// It was written by a newer version.
    #[error(
        "{path} (store.path): it was written by a newer version of Tenure (record format {format}); use that version"
    )]
    Newer {
        /// Its folder.
        path: PathBuf,
        /// The format of its records.
        format: u8,
    },
    /// Files of the engine are damaged, and what they held cannot be told: it may be that somebody signed out.
    #[error(
        "{path} (below store.path): {reason}. The store is not opened, because sessions that have ended might come back. Look after the disk; then move the whole folder away to begin with an empty store, and everybody signs in again"
    )]
    Damaged {
        /// The file, or the folder of the files.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The engine cannot open it.
    #[error("{path} (store.path): {reason}")]
    Engine {
        /// Its folder.
        path: PathBuf,
        /// What the engine said.
        reason: String,
    },
}

impl EmbeddedStore {
    /// Opens a store, or makes a new one.
    ///
    /// # Errors
    /// Another process has it open, the key ring is not the one it was written with, it is of a newer version, or
    /// the folder cannot be used.
    pub fn open(options: EmbeddedOptions) -> Result<(Self, Recovery), OpenError> {
        let interval = options.touch_interval;
        Self::open_on(options, interval, |engine| Box::new(engine))
    }

    /// Opens a store that writes to what `disk` makes of the engine, and behind at this interval.
    pub(super) fn open_on(
        options: EmbeddedOptions,
        interval: Duration,
        disk: impl FnOnce(Arc<Engine>) -> Box<dyn Disk>,
    ) -> Result<(Self, Recovery), OpenError> {
        let began = Instant::now();
        let path = options.path.clone();
        let engine_error = |reason: String| OpenError::Engine { path: path.clone(), reason };
        damage::mend(&path)?;
        let engine = Engine::open(&options.path).map_err(|error| match error {
            fjall::Error::Locked => OpenError::InUse { path: path.clone(), by: owner::read(&path) },
            error => damage::explain(&path, &error),
        })?;
        owner::write(&path).map_err(|error| engine_error(error.to_string()))?;
        let engine = Arc::new(engine);
        let now = options.clock.now();
        let inner = Arc::new(Inner {
            memory: Memory::new(now),
            engine: Arc::clone(&engine),
            keys: options.keys,
            bags: bag::Locks::new(),
            touch_interval: options.touch_interval,
        });
        let (mut recovery, gaps) = recover(&inner, &path, now)?;

        let (shared, clock) = (Arc::clone(&inner), options.clock);
        let mut rounds = super::Rounds::default();
        let tick = move |tick| shared.behind(clock.now(), tick, &mut rounds);
        let disk = disk(Arc::clone(&engine));
        let journal =
            Journal::start(engine, disk, interval, tick).map_err(|error| engine_error(error.to_string()))?;
        let store = Self { journal, inner };
        store.note_open(now.max(recovery.newest), &gaps).map_err(|error| engine_error(error.to_string()))?;
        recovery.took = began.elapsed();
        Ok((store, recovery))
    }

    /// From now on, an end without a word is a crash.
    fn note_open(&self, now: Timestamp, gaps: &[Gap]) -> Result<(), Unavailable> {
        let (sender, receiver) = std::sync::mpsc::channel();
        let done = Box::new(move |result| drop(sender.send(result)));
        let notes = vec![
            Write::Meta(CLOSED, [0].into()),
            Write::Meta(NEWEST, now.as_millis().to_le_bytes().into()),
            Write::Meta(GAPS, gaps::encode(gaps).into()),
        ];
        self.journal.submit(Nature::Gives, notes, done);
        receiver.recv().unwrap_or_else(|_| Err(stopped()))
    }
}
