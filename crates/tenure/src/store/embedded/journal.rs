//! Making changes durable: one thread that gathers what waits, writes it as one batch, syncs once, and tells
//! everybody (group commit).
//!
//! What has to happen once a change is durable, or once it is known that it is not, happens on this thread too:
//! a caller that stops waiting leaves nothing half done.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fjall::PersistMode;

use super::super::Unavailable;
use super::engine::{Engine, EngineSlot};
use crate::core::SessionId;

/// A write.
#[derive(Debug)]
pub(super) enum Write {
    /// The sealed record of a session.
    Session(SessionId, Vec<u8>),
    /// A sealed value of a data bag; an empty one marks what was removed.
    Data(Vec<u8>, Vec<u8>),
    /// Everything in the data bag of a session.
    DropBag(SessionId),
    /// Everything about a session.
    Forget(SessionId),
    /// The last activity of a session.
    Touch(SessionId, [u8; 24]),
    /// What is known about the store as a whole.
    Meta(&'static str, Vec<u8>),
}

/// Runs once its writes are durable, or are known not to be.
pub(super) type Done = Box<dyn FnOnce(Result<(), Unavailable>) + Send>;

/// Writes, and what is to happen then.
pub(super) struct Job {
    pub(super) writes: Vec<Write>,
    pub(super) done: Done,
}

/// The thread that writes to the engine.
pub(super) struct Journal {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// How many jobs go into one batch at most: what waits longer would wait for a larger write.
const LARGEST_BATCH: usize = 2048;

impl Journal {
    /// Starts the thread. `tick` is called every `interval`, and with `true` once more at the end; what it gives back
    /// is written behind.
    pub(super) fn start(
        engine: Arc<EngineSlot>,
        interval: Duration,
        tick: impl FnMut(bool) -> Job + Send + 'static,
    ) -> std::io::Result<Self> {
        let (jobs, waiting) = channel();
        let writer = Writer { engine, interval, failing: false };
        let thread =
            std::thread::Builder::new().name("journal".into()).spawn(move || writer.run(&waiting, tick))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Hands writes over. Jobs become durable in the order in which they are handed over.
    pub(super) fn submit(&self, writes: Vec<Write>, done: Done) {
        let unsent = match &self.jobs {
            Some(jobs) => jobs.send(Job { writes, done }).err().map(|error| error.0),
            None => Some(Job { writes, done }),
        };
        if let Some(job) = unsent {
            (job.done)(Err(Unavailable::because("the store has been closed")));
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the journal ended with a panic");
        }
    }
}

struct Writer {
    engine: Arc<EngineSlot>,
    interval: Duration,
    failing: bool,
}

impl Writer {
    fn run(mut self, waiting: &Receiver<Job>, mut tick: impl FnMut(bool) -> Job) {
        let mut next_tick = Instant::now() + self.interval;
        loop {
            let patience = next_tick.saturating_duration_since(Instant::now());
            match waiting.recv_timeout(patience) {
                Ok(first) => self.write_together(first, waiting),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if Instant::now() >= next_tick {
                self.write_behind(tick(false));
                next_tick = Instant::now() + self.interval;
            }
        }
        self.write_behind(tick(true));
    }

    fn write_together(&mut self, first: Job, waiting: &Receiver<Job>) {
        let mut jobs = vec![first];
        while jobs.len() < LARGEST_BATCH
            && let Ok(job) = waiting.try_recv()
        {
            jobs.push(job);
        }
        let (writes, done): (Vec<_>, Vec<_>) = jobs.into_iter().map(|job| (job.writes, job.done)).unzip();
        let result = self.write(writes.into_iter().flatten().collect());
        for done in done {
            done(result.clone());
        }
    }

    fn write_behind(&mut self, job: Job) {
        let result = self.write(job.writes);
        (job.done)(result);
    }

    /// Writes one batch and syncs it.
    fn write(&mut self, writes: Vec<Write>) -> Result<(), Unavailable> {
        let result = self.engine.write(|engine| try_write(engine, writes));
        match (&result, self.failing) {
            (Err(error), false) => {
                tracing::error!(%error, "the store cannot write; sessions go on, sign-ins do not");
            }
            (Ok(()), true) => tracing::info!("the store can write again"),
            _ => {}
        }
        self.failing = result.is_err();
        result
    }
}

fn try_write(engine: &Engine, writes: Vec<Write>) -> fjall::Result<()> {
    let Engine { database, sessions, data, touches, meta } = engine;
    let mut batch = database.batch().durability(Some(PersistMode::SyncData));
    for write in writes {
        match write {
            Write::Session(id, value) => batch.insert(sessions, id.as_bytes().as_slice(), value),
            Write::Data(key, value) => batch.insert(data, key, value),
            Write::Touch(id, value) => batch.insert(touches, id.as_bytes().as_slice(), value.as_slice()),
            Write::Meta(key, value) => batch.insert(meta, key, value),
            Write::DropBag(id) => {
                batch = commit_and_go_on(engine, batch)?;
                remove_bag(engine, &mut batch, id)?;
            }
            Write::Forget(id) => {
                batch = commit_and_go_on(engine, batch)?;
                remove_bag(engine, &mut batch, id)?;
                batch.remove(touches, id.as_bytes().as_slice());
                batch.remove(sessions, id.as_bytes().as_slice());
            }
        }
    }
    batch.commit()
}

/// What is about to be looked for in the engine may still be in the batch.
fn commit_and_go_on(engine: &Engine, batch: fjall::OwnedWriteBatch) -> fjall::Result<fjall::OwnedWriteBatch> {
    if batch.is_empty() {
        return Ok(batch);
    }
    batch.commit()?;
    Ok(engine.database.batch().durability(Some(PersistMode::SyncData)))
}

fn remove_bag(engine: &Engine, batch: &mut fjall::OwnedWriteBatch, id: SessionId) -> fjall::Result<()> {
    for entry in engine.data.prefix(id.as_bytes()) {
        batch.remove(&engine.data, entry.key()?);
    }
    Ok(())
}
