//! Making changes durable: one thread that gathers what waits, writes it as one batch, syncs once, and tells
//! everybody (group commit).
//!
//! What has to happen once a change is durable, or once it is known that it is not, happens on this thread too:
//! a caller that stops waiting leaves nothing half done.
//!
//! After a failed write nobody knows what is on disk. What took away is in force and what would have given is not,
//! so that is what the disk is owed: it is written before anything else as soon as that is possible.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::super::Unavailable;
use super::engine::{Batch, Bytes, Engine, Space};
use crate::core::SessionId;

/// A write.
#[derive(Debug)]
pub(super) enum Write {
    /// The sealed record of a session.
    Session(SessionId, Bytes),
    /// A sealed value of a data bag.
    Data(Bytes, Bytes),
    /// Everything in the data bag of a session.
    DropBag(SessionId),
    /// Everything about a session.
    Forget(SessionId),
    /// The last activity of a session.
    Touch(SessionId, [u8; 24]),
    /// What is known about the store as a whole.
    Meta(&'static str, Bytes),
}

/// What becomes of a change that cannot be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Nature {
    /// It is in force and stays so: it is written later.
    TakesAway,
    /// It never was in force: what was there before is written again.
    Gives,
}

/// Runs once its writes are durable, or are known not to be; in the latter case once more if they take away and
/// become durable later.
pub(super) type Done = Box<dyn FnMut(Result<(), Unavailable>) + Send>;

struct Job {
    nature: Nature,
    writes: Vec<Write>,
    done: Done,
}

/// What the journal asks for, to write it although nobody waits for it.
#[derive(Clone, Copy)]
pub(super) enum Tick {
    /// That the store is still open.
    StillOpen,
    /// Activity: what it is time for, or all of it.
    Behind {
        /// Whether this is the end.
        all: bool,
        /// About how much at most; if it was that much there is more.
        most: usize,
    },
    /// That nothing waits any more.
    Closed,
}

/// Where batches are written. There is one besides the engine: tests let it fail.
pub(super) trait Disk: Send {
    /// Writes everything in one step, and syncs.
    fn write(&self, batch: &Batch) -> Result<(), Unavailable>;
}

impl Disk for Arc<Engine> {
    fn write(&self, batch: &Batch) -> Result<(), Unavailable> {
        Engine::write(self, batch)
    }
}

/// The thread that writes to the engine.
pub(super) struct Journal {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// How many jobs go into one batch at most: what waits longer would wait for a larger write.
const LARGEST_BATCH: usize = 2048;
/// How much that is written behind is taken from memory at a time.
const MOST_BEHIND: usize = 1 << 16;
/// How much that was written behind goes into one batch: few while others wait for it.
const BEHIND: (usize, usize) = (256, 4096);

impl Journal {
    /// Starts the thread. `tick` is called every `interval` or less often, and at the end; what it gives back is
    /// written behind.
    pub(super) fn start(
        engine: Arc<Engine>,
        disk: Box<dyn Disk>,
        interval: Duration,
        tick: impl FnMut(Tick) -> Vec<Write> + Send + 'static,
    ) -> std::io::Result<Self> {
        let (jobs, waiting) = channel();
        let (owed, promised) = (Batch::new(), Vec::new());
        let writer = Writer { engine, disk, interval, failing: false, owed, promised };
        let thread =
            std::thread::Builder::new().name("journal".into()).spawn(move || writer.run(&waiting, tick))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Hands writes over. Jobs become durable in the order in which they are handed over.
    pub(super) fn submit(&self, nature: Nature, writes: Vec<Write>, done: Done) {
        // Whoever calls this may hold a lock that `done` takes, so it is dropped if there is no thread any more:
        // then the caller finds nobody at the other end.
        if let Some(jobs) = &self.jobs {
            drop(jobs.send(Job { nature, writes, done }));
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
    engine: Arc<Engine>,
    disk: Box<dyn Disk>,
    interval: Duration,
    failing: bool,
    /// What has to be written so that the disk agrees with memory.
    owed: Batch,
    /// Whom to tell once it is.
    promised: Vec<Done>,
}

impl Writer {
    fn run(mut self, waiting: &Receiver<Job>, mut tick: impl FnMut(Tick) -> Vec<Write>) {
        let mut next_tick = Instant::now() + self.interval;
        let (mut behind, mut more) = (Vec::new(), false);
        loop {
            let patience = if behind.is_empty() || self.failing {
                next_tick.saturating_duration_since(Instant::now())
            } else {
                Duration::ZERO
            };
            match waiting.recv_timeout(patience) {
                Ok(first) => {
                    self.write_together(first, waiting);
                    self.write_behind(&mut behind, BEHIND.0, &mut tick);
                }
                Err(RecvTimeoutError::Timeout) => self.write_behind(&mut behind, BEHIND.1, &mut tick),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let ticks = Instant::now() >= next_tick;
            if ticks {
                // This pays what is owed, too.
                self.write_quietly(&tick(Tick::StillOpen));
                next_tick = Instant::now() + self.interval;
            }
            if behind.is_empty() && (ticks || more) {
                behind = tick(Tick::Behind { all: false, most: MOST_BEHIND });
                more = behind.len() >= MOST_BEHIND;
            }
        }
        self.finish(behind, tick);
    }

    /// Writes everything that still waits, and only then that nothing does.
    fn finish(mut self, mut behind: Vec<Write>, mut tick: impl FnMut(Tick) -> Vec<Write>) {
        self.write_quietly(&[]);
        while !self.failing {
            self.write_behind(&mut behind, BEHIND.1, &mut tick);
            if behind.is_empty() {
                behind = tick(Tick::Behind { all: true, most: MOST_BEHIND });
                // The first time it may have gone on in the middle.
                if behind.is_empty() {
                    behind = tick(Tick::Behind { all: true, most: MOST_BEHIND });
                }
                if behind.is_empty() {
                    break;
                }
            }
        }
        if !self.failing {
            self.write_quietly(&tick(Tick::Closed));
        }
    }

    fn write_together(&mut self, first: Job, waiting: &Receiver<Job>) {
        let mut jobs = vec![first];
        while jobs.len() < LARGEST_BATCH
            && let Ok(job) = waiting.try_recv()
        {
            jobs.push(job);
        }
        let result = self.try_write(jobs.iter().flat_map(|job| &job.writes));
        match result {
            Ok(()) => {
                for mut job in jobs {
                    (job.done)(Ok(()));
                }
            }
            Err(unavailable) => {
                for mut job in jobs {
                    self.owe(&job);
                    (job.done)(Err(unavailable.clone()));
                    if job.nature == Nature::TakesAway {
                        self.promised.push(job.done);
                    }
                }
            }
        }
    }

    /// Writes up to `most` of what waits.
    fn write_behind(
        &mut self,
        behind: &mut Vec<Write>,
        most: usize,
        tick: &mut impl FnMut(Tick) -> Vec<Write>,
    ) {
        if behind.is_empty() || self.failing {
            return;
        }
        let mut writes = behind.split_off(behind.len().saturating_sub(most));
        let many = writes.len();
        writes.extend(tick(Tick::StillOpen));
        self.write_quietly(&writes);
        if self.failing {
            behind.extend(writes.drain(..many));
        }
    }

    /// Writes what nobody waits for.
    fn write_quietly(&mut self, writes: &[Write]) {
        if (!writes.is_empty() || !self.owed.is_empty())
            && let Err(error) = self.try_write(writes.iter())
        {
            tracing::debug!(%error, "what was to be written behind could not be written");
        }
    }

    /// Writes one batch, and what is owed with it.
    fn try_write<'a>(&mut self, writes: impl Iterator<Item = &'a Write>) -> Result<(), Unavailable> {
        let mut batch = self.owed.clone();
        let result = self.add_all(&mut batch, writes).and_then(|()| self.disk.write(&batch));
        match (&result, self.failing) {
            (Err(error), false) => {
                tracing::error!(%error, "the store cannot write; sessions go on, sign-ins do not");
            }
            (Ok(()), true) => tracing::info!("the store can write again"),
            _ => {}
        }
        self.failing = result.is_err();
        if result.is_ok() {
            self.owed.clear();
            for mut done in self.promised.drain(..) {
                done(Ok(()));
            }
        }
        result
    }

    fn add_all<'a>(
        &self,
        batch: &mut Batch,
        writes: impl Iterator<Item = &'a Write>,
    ) -> Result<(), Unavailable> {
        for write in writes {
            self.add(batch, write)?;
        }
        Ok(())
    }

    fn add(&self, batch: &mut Batch, write: &Write) -> Result<(), Unavailable> {
        let (place, value) = match write {
            Write::Session(id, value) => ((Space::Sessions, id.as_bytes().into()), Some(value.clone())),
            Write::Data(key, value) => ((Space::Data, key.clone()), Some(value.clone())),
            Write::Touch(id, value) => ((Space::Touches, id.as_bytes().into()), Some(value.into())),
            Write::Meta(key, value) => ((Space::Meta, (*key).into()), Some(value.clone())),
            Write::DropBag(id) => return self.drop_bag(batch, *id),
            Write::Forget(id) => {
                self.drop_bag(batch, *id)?;
                batch.insert((Space::Touches, id.as_bytes().into()), None);
                ((Space::Sessions, id.as_bytes().into()), None)
            }
        };
        batch.insert(place, value);
        Ok(())
    }

    /// What is in a bag may be in the engine, or in the batch itself.
    fn drop_bag(&self, batch: &mut Batch, id: SessionId) -> Result<(), Unavailable> {
        for (key, value) in batch.iter_mut() {
            if key.0 == Space::Data && key.1.starts_with(id.as_bytes()) {
                *value = None;
            }
        }
        for (key, _) in self.engine.prefix(Space::Data, id.as_bytes())? {
            batch.insert((Space::Data, key), None);
        }
        Ok(())
    }

    /// Notes what the disk is owed for a job that could not be written.
    fn owe(&mut self, job: &Job) {
        let mut batch = Batch::new();
        if let Err(error) = self.add_all(&mut batch, job.writes.iter()) {
            // The bag stays for now: nobody reads the bag of a session that has ended, and it is dropped with the
            // tombstone.
            tracing::debug!(%error, "the bag of a session that has ended could not be looked for");
        }
        for (place, value) in batch {
            match job.nature {
                Nature::TakesAway => {
                    self.owed.insert(place, value);
                }
                Nature::Gives if self.owed.contains_key(&place) => {}
                // A failed write has changed nothing that can be read before the engine is opened again.
                Nature::Gives => {
                    if let Ok(before) = self.engine.get(place.0, &place.1) {
                        self.owed.insert(place, before);
                    }
                }
            }
        }
    }
}
