//! The engine: fjall with its keyspaces, and getting it back after a failure.
//!
//! After a failed write (a full disk, most often) the engine takes no more writes: it cannot know what of them is
//! on disk. Opened anew, it reads its journal again and does. So it is closed and opened again, without a restart
//! of anything else; meanwhile the store says that it does not answer.

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use fjall::{Database, Keyspace, KeyspaceCreateOptions};

use super::super::Unavailable;

/// How often opening is tried.
const PATIENCE: Duration = Duration::from_millis(500);

/// The keyspaces of the engine.
pub(super) struct Engine {
    pub(super) database: Database,
    /// Sealed records by session id.
    pub(super) sessions: Keyspace,
    /// Sealed values of data bags, by session id and key.
    pub(super) data: Keyspace,
    /// Last activity by session id.
    pub(super) touches: Keyspace,
    /// What is known about the store as a whole.
    pub(super) meta: Keyspace,
}

impl Engine {
    fn open(path: &Path) -> fjall::Result<Self> {
        let database = Database::builder(path).open()?;
        let keyspace = |name| database.keyspace(name, KeyspaceCreateOptions::default);
        let (sessions, data, touches, meta) =
            (keyspace("sessions")?, keyspace("data")?, keyspace("touches")?, keyspace("meta")?);
        Ok(Self { database, sessions, data, touches, meta })
    }
}

/// The place of the engine: empty while it has failed and could not be opened again.
pub(super) struct EngineSlot {
    path: PathBuf,
    state: RwLock<State>,
}

struct State {
    engine: Option<Engine>,
    tried_at: Instant,
}

/// The engine, for reading.
pub(super) struct Reading<'a>(RwLockReadGuard<'a, State>);

impl EngineSlot {
    /// Opens the engine in a folder.
    pub(super) fn open(path: &Path) -> fjall::Result<Self> {
        let state = State { engine: Some(Engine::open(path)?), tried_at: Instant::now() };
        Ok(Self { path: path.to_owned(), state: RwLock::new(state) })
    }

    /// The engine, for reading.
    pub(super) fn read(&self) -> Result<Reading<'_>, Unavailable> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.engine.is_some() {
            Ok(Reading(state))
        } else {
            Err(Unavailable::because("the engine has failed"))
        }
    }

    /// Reads from the engine.
    pub(super) fn with<T>(&self, read: impl FnOnce(&Engine) -> fjall::Result<T>) -> Result<T, Unavailable> {
        read(self.read()?.engine()).map_err(Unavailable::because)
    }

    /// Writes to the engine; called by one thread only. After a failure the engine is closed, and opened again
    /// before the next write.
    pub(super) fn write(&self, write: impl FnOnce(&Engine) -> fjall::Result<()>) -> Result<(), Unavailable> {
        if self.read().is_err() {
            self.reopen()?;
        }
        let result = self.with(write);
        if result.is_err() {
            // Nobody else may hold it when it is opened again.
            self.state.write().unwrap_or_else(PoisonError::into_inner).engine = None;
        }
        result
    }

    fn reopen(&self) -> Result<(), Unavailable> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.tried_at.elapsed() < PATIENCE {
            return Err(Unavailable::because("the engine has failed"));
        }
        state.tried_at = Instant::now();
        state.engine = Some(Engine::open(&self.path).map_err(Unavailable::because)?);
        tracing::info!("the engine of the store is open again");
        Ok(())
    }
}

impl Reading<'_> {
    pub(super) fn engine(&self) -> &Engine {
        // `read` gives nothing out where there is no engine.
        self.0.engine.as_ref().expect("an engine that was there when it was asked for")
    }
}
