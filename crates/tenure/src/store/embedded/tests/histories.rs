//! Random histories on this store: its journal, its engine on a real disk, and its recovery.
//!
//! A disk holds every batch back until the history goes on, so that whatever else may happen meanwhile does, a
//! crash too: then what is held back is lost, or it is on disk although nobody has been told. Time is that of the
//! history: the journal writes behind when the history says that it is time for it.

use std::pin::pin;
use std::sync::{Condvar, Mutex};
use std::task::Poll;

use super::*;
use crate::simulation::{Crashes, Rng, gate, simulate};
use crate::store::embedded::engine::Batch;
use crate::store::embedded::journal::Disk;
use crate::store::embedded::memory::lock;

/// One in so many histories is run on this store: each opens the engine several times.
const SHARE: u64 = 20;
const TOUCH_INTERVAL: Duration = Duration::from_secs(2);
/// How long a batch is held back at most: recovery counts on it.
const LONGEST_HELD: Duration = Duration::from_secs(8);
/// Longer than any test: the journal never finds by itself that it is time.
const NEVER: Duration = Duration::from_secs(24 * 3600);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Works,
    Holds,
    /// The machine is off. The batch that was held may have reached the disk.
    Crashed {
        reached: bool,
    },
}

struct Held {
    mood: Mutex<Mood>,
    waiting: Mutex<bool>,
    changed: Condvar,
}

struct HoldingDisk(Arc<Held>, Arc<Engine>);

impl Held {
    fn set(&self, mood: Mood) {
        *lock(&self.mood) = mood;
        self.changed.notify_all();
    }

    /// Whether a batch is held back.
    fn holds(&self) -> bool {
        let mood = lock(&self.mood);
        *mood == Mood::Holds && *lock(&self.waiting)
    }
}

impl Disk for HoldingDisk {
    fn write(&self, batch: &Batch) -> Result<(), Unavailable> {
        if batch.is_empty() {
            return Ok(());
        }
        let mood = lock(&self.0.mood);
        *lock(&self.0.waiting) = true;
        let mut mood = self.0.changed.wait_while(mood, |mood| *mood == Mood::Holds).unwrap();
        *lock(&self.0.waiting) = false;
        match &mut *mood {
            Mood::Works | Mood::Holds => self.1.write(batch),
            Mood::Crashed { reached } => {
                if std::mem::take(reached) {
                    self.1.write(batch)?;
                }
                Err(Unavailable::because("the machine is off"))
            }
        }
    }
}

/// Switches the machine off when a history ends in the middle: nobody waits for the disk then.
struct Machine(Arc<Held>);

impl Drop for Machine {
    fn drop(&mut self) {
        self.0.set(Mood::Crashed { reached: false });
    }
}

/// The store, its disk, and the time of its journal.
struct Simulated {
    // Dropped before the store.
    machine: Machine,
    store: EmbeddedStore,
    place: Place,
    behind: Mutex<Behind>,
}

/// What is there after a crash, too.
struct Place {
    folder: tempfile::TempDir,
    keys: SharedKeys,
    clock: Arc<ManualClock>,
}

struct Behind {
    rounds: Rounds,
    written_at: Timestamp,
}

impl Simulated {
    fn open(place: Place) -> (Self, Recovery) {
        let disk = Arc::new(Held {
            mood: Mutex::new(Mood::Works),
            waiting: Mutex::new(false),
            changed: Condvar::new(),
        });
        let options = EmbeddedOptions {
            touch_interval: TOUCH_INTERVAL,
            ..EmbeddedOptions::new(place.folder.path(), place.keys.clone(), place.clock.clone())
        };
        let held = Arc::clone(&disk);
        let (store, recovery) =
            EmbeddedStore::open_on(options, NEVER, |engine| Box::new(HoldingDisk(held, engine))).unwrap();
        disk.set(Mood::Holds);
        let behind = Mutex::new(Behind { rounds: Rounds::default(), written_at: place.clock.now() });
        (Self { machine: Machine(disk), store, place, behind }, recovery)
    }

    /// Lets everything that was handed over become durable, and this too.
    fn settle(&self, more: Vec<Write>) {
        let (sender, receiver) = std::sync::mpsc::channel();
        let done = Box::new(move |result| drop(sender.send(result)));
        self.store.journal.submit(Nature::Gives, more, done);
        self.machine.0.set(Mood::Works);
        receiver.recv().expect("the journal answers").expect("the disk works");
        self.machine.0.set(Mood::Holds);
    }

    /// What the journal does every [`TOUCH_INTERVAL`].
    fn write_behind(&self) {
        let (now, inner) = (self.place.clock.now(), &self.store.inner);
        let mut behind = lock(&self.behind);
        let mut writes = inner.behind(now, Tick::Behind { all: false, most: usize::MAX }, &mut behind.rounds);
        writes.extend(inner.behind(now, Tick::StillOpen, &mut behind.rounds));
        behind.written_at = now;
        self.settle(writes);
    }

    /// Waits for what becomes durable only when the history goes on.
    async fn slowly<T>(&self, call: impl Future<Output = T> + Send) -> T {
        let mut call = pin!(call);
        loop {
            let answer = std::future::poll_fn(|context| match call.as_mut().poll(context) {
                Poll::Ready(answer) => Poll::Ready(Some(answer)),
                Poll::Pending if self.machine.0.holds() => Poll::Ready(None),
                // The journal is about to write it, or the call is about to try again.
                Poll::Pending => {
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
            });
            match answer.await {
                Some(answer) => return answer,
                None => gate().await,
            }
            self.settle(Vec::new());
        }
    }
}

impl Crashes for Simulated {
    /// Whoever reached the limit a little before the last note of the time may have been active until then.
    const LENIENCE: Duration = Duration::from_secs(3 * TOUCH_INTERVAL.as_secs() + LONGEST_HELD.as_secs());

    async fn create(clock: Arc<ManualClock>) -> Self {
        let keys = SharedKeys::new(KeyRing::generate(Timestamp::EPOCH).unwrap());
        Self::open(Place { folder: tempfile::tempdir().unwrap(), keys, clock }).0
    }

    async fn crash_and_reopen(self, rng: &mut Rng) -> Self {
        let Self { machine: Machine(ref disk), .. } = self;
        let orderly = rng.percent(20);
        let reached = disk.holds() && rng.percent(50);
        disk.set(if orderly { Mood::Works } else { Mood::Crashed { reached } });
        let Self { machine: _machine, store, place, .. } = self;
        drop(store);
        if rng.percent(50) {
            place.clock.advance(Duration::from_millis(rng.below(40_000) as u64));
        }
        let (simulated, recovery) = Self::open(place);
        assert_eq!((recovery.was_closed, recovery.corrupted), (orderly, vec![]));
        simulated
    }

    fn pass(&self, clock: &ManualClock, time: Duration) {
        let (now, written_at) = (clock.now(), lock(&self.behind).written_at);
        let due = (now + time).since(written_at);
        if self.machine.0.holds() {
            if due < TOUCH_INTERVAL + LONGEST_HELD {
                return clock.advance(time);
            }
            self.settle(Vec::new());
        }
        if due < TOUCH_INTERVAL {
            return clock.advance(time);
        }
        // Nobody is active while time passes, so of all the times of writing behind the last one says it all.
        let rest = Duration::from_millis((due.as_millis() % TOUCH_INTERVAL.as_millis()) as u64).min(time);
        clock.advance(time - rest);
        self.write_behind();
        clock.advance(rest);
    }
}

impl Store for Simulated {
    async fn insert(
        &self,
        record: Record,
        token: TokenHash,
        admission: Admission,
    ) -> Result<Vec<Record>, InsertError> {
        self.slowly(self.store.insert(record, token, admission)).await
    }

    async fn find(&self, token: &TokenHash) -> Result<Option<Found>, Unavailable> {
        self.store.find(token).await
    }

    async fn load(&self, id: SessionId) -> Result<Option<Record>, Unavailable> {
        self.store.load(id).await
    }

    async fn touch(&self, session: &Found, touch: Touch) -> Result<(), TouchError> {
        self.store.touch(session, touch).await
    }

    async fn retire(&self, session: &Found, at: Timestamp) -> Result<(), TouchError> {
        self.store.retire(session, at).await
    }

    async fn update(&self, expected: Version, change: Change) -> Result<Version, UpdateError> {
        self.slowly(self.store.update(expected, change)).await
    }

    async fn list(&self, subject: &Subject) -> Result<Vec<Record>, Unavailable> {
        self.store.list(subject).await
    }

    async fn page(&self, after: Option<SessionId>, limit: usize) -> Result<Vec<Session>, Unavailable> {
        self.store.page(after, limit).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<SessionId>, Unavailable> {
        self.store.due(now, limit).await
    }

    async fn forget(&self, id: SessionId) -> Result<(), Unavailable> {
        self.slowly(self.store.forget(id)).await
    }

    fn counts(&self) -> Counts {
        self.store.counts()
    }

    async fn data_keys(&self, id: SessionId) -> Result<Vec<(String, DataVersion)>, DataError> {
        self.store.data_keys(id).await
    }

    async fn data(&self, id: SessionId, key: &str) -> Result<Option<DataValue>, DataError> {
        self.store.data(id, key).await
    }

    async fn write_data(
        &self,
        id: SessionId,
        key: &str,
        value: Option<Vec<u8>>,
        precondition: Precondition,
    ) -> Result<DataVersion, DataError> {
        self.slowly(self.store.write_data(id, key, value, precondition)).await
    }
}

#[test]
fn no_history_breaks_a_promise() {
    simulate::<Simulated>(SHARE);
}
