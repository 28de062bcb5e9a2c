//! The engine on disk (fjall): what is read from it, and what is written to it in one step.
//!
//! When a write fails, the engine refuses all later ones, because it cannot know what has reached the disk. Then it
//! is closed and opened again, without a restart: what is on disk is read anew, and the journal brings it in line
//! with what is in force.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use fjall::config::{BlockSizePolicy, CompressionPolicy};
use fjall::{AbstractTree as _, CompressionType, Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::super::Unavailable;
use super::memory::lock;

/// What is kept apart from each other in the engine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Space {
    /// Records, by session id.
    Sessions,
    /// Values of data bags, by session id and key.
    Data,
    /// What was written behind, by session id.
    Touches,
    /// What is known about the store as a whole.
    Meta,
}

/// Bytes that are copied by counting references; short ones, such as ids, need no memory of their own.
pub(super) use fjall::Slice as Bytes;

/// What is to be written in one step. Of several writes to one place the last one counts.
pub(super) type Batch = HashMap<(Space, Bytes), Option<Bytes>>;

/// The engine, closed now and then.
pub(super) struct Engine {
    path: PathBuf,
    open: RwLock<Option<Open>>,
    /// A write has failed: it is to be opened again before the next one.
    broken: AtomicBool,
    tried_at: Mutex<Option<Instant>>,
}

/// The engine while it is open.
pub(super) struct Open {
    database: Database,
    spaces: [Keyspace; 4],
}

/// How long after a failure the engine is opened again at the earliest: that takes a while, and the disk is most
/// likely still full.
const PAUSE: Duration = Duration::from_millis(500);

/// A key and its value.
type Pair = (Bytes, Bytes);

impl Open {
    fn at(path: &Path) -> fjall::Result<Self> {
        // Sessions are read from memory; the engine needs little of it. Replaying the journal costs several times
        // what reading tables does, so it is kept small.
        let database = Database::builder(path)
            .cache_size(16 << 20)
            .max_journaling_size(64 << 20)
            .journal_compression(CompressionType::None)
            .worker_threads(2)
            .open()?;
        let keyspace = |name: &str, memtable: u64| {
            let options = move || {
                // Sealed values cannot be compressed. Most of what is read is everything, at the start.
                KeyspaceCreateOptions::default()
                    .data_block_size_policy(BlockSizePolicy::all(16 << 10))
                    .data_block_compression_policy(CompressionPolicy::all(CompressionType::None))
                    .max_memtable_size(memtable)
            };
            database.keyspace(name, options)
        };
        let spaces = [
            keyspace("sessions", 16 << 20)?,
            keyspace("data", 8 << 20)?,
            keyspace("touches", 8 << 20)?,
            keyspace("meta", 1 << 20)?,
        ];
        Ok(Self { database, spaces })
    }

    /// A part of it.
    pub(super) fn space(&self, space: Space) -> &Keyspace {
        &self.spaces[space as usize]
    }

    /// The first table that cannot be read to its end: what the engine says of a block does not tell its file.
    pub(super) fn damaged_table(&self) -> Option<PathBuf> {
        let versions = self.spaces.iter().map(|space| space.tree.current_version());
        versions.into_iter().find_map(|version| {
            let mut tables = version.iter_tables();
            let damaged = tables.find(|table| table.iter().any(|entry| entry.is_err()))?;
            Some(damaged.path.to_path_buf())
        })
    }

    fn write(&self, batch: &Batch) -> fjall::Result<()> {
        let mut writes = self.database.batch().durability(Some(PersistMode::SyncData));
        for ((space, key), value) in batch {
            match value {
                Some(value) => writes.insert(self.space(*space), key.clone(), value.clone()),
                None => writes.remove(self.space(*space), key.clone()),
            }
        }
        writes.commit()
    }
}

impl Engine {
    /// Opens it, or makes a new one. The engine itself syncs the folders that it makes.
    pub(super) fn open(path: &Path) -> fjall::Result<Self> {
        let open = Open::at(path)?;
        Ok(Self {
            path: path.into(),
            open: RwLock::new(Some(open)),
            broken: AtomicBool::new(false),
            tried_at: Mutex::default(),
        })
    }

    fn held(&self) -> RwLockReadGuard<'_, Option<Open>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads something. Whoever reads for long keeps a broken engine from being opened again.
    ///
    /// # Errors
    /// [`Unavailable`]: it is closed, or cannot be read.
    pub(super) fn read<R>(&self, read: impl FnOnce(&Open) -> fjall::Result<R>) -> Result<R, Unavailable> {
        match &*self.held() {
            Some(open) => read(open).map_err(Unavailable::because),
            None => Err(Unavailable::because("the engine is closed")),
        }
    }

    pub(super) fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>, Unavailable> {
        self.read(|open| open.space(space).get(key))
    }

    /// Everything whose key begins like this.
    pub(super) fn prefix(&self, space: Space, prefix: &[u8]) -> Result<Vec<Pair>, Unavailable> {
        self.read(|open| open.space(space).prefix(prefix).map(fjall::Guard::into_inner).collect())
    }

    /// Writes everything in one step, and syncs.
    ///
    /// # Errors
    /// [`Unavailable`]: whether it is on disk is not known, but it will not be read before the engine has been
    /// opened again.
    pub(super) fn write(&self, batch: &Batch) -> Result<(), Unavailable> {
        if self.broken.load(Ordering::Acquire) {
            self.open_again()?;
        }
        let written = self.read(|open| open.write(batch));
        if written.is_err() {
            self.broken.store(true, Ordering::Release);
            *lock(&self.tried_at) = Some(Instant::now());
        }
        written
    }

    fn open_again(&self) -> Result<(), Unavailable> {
        let mut tried_at = lock(&self.tried_at);
        if tried_at.is_some_and(|tried_at| tried_at.elapsed() < PAUSE) {
            return Err(Unavailable::because("the store could not write a moment ago"));
        }
        *tried_at = Some(Instant::now());
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        // Closed first: it holds the lock on its folder.
        *open = None;
        *open = Some(Open::at(&self.path).map_err(Unavailable::because)?);
        self.broken.store(false, Ordering::Release);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(key: &[u8], value: &[u8]) -> Batch {
        Batch::from([((Space::Data, key.into()), Some(value.into()))])
    }

    #[test]
    fn after_a_failure_it_is_opened_again_and_has_everything() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::open(folder.path()).unwrap();
        engine.write(&batch(b"one", b"1")).unwrap();
        engine.broken.store(true, Ordering::Release);
        engine.write(&batch(b"two", b"2")).unwrap();
        assert!(!engine.broken.load(Ordering::Acquire));
        for (key, value) in [(b"one", b"1"), (b"two", b"2")] {
            assert_eq!(engine.get(Space::Data, key).unwrap().as_deref(), Some(&value[..]));
        }
    }

    #[test]
    fn it_is_not_opened_again_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::open(folder.path()).unwrap();
        engine.broken.store(true, Ordering::Release);
        *lock(&engine.tried_at) = Some(Instant::now() + Duration::from_secs(3600));
        assert!(engine.write(&batch(b"one", b"1")).is_err());
    }
}
