//! Engines that could be under a store, driven alike: many writers, one thread that writes what waits as one batch,
//! syncs once, and answers everybody (group commit).

mod fjall;
mod log;
mod redb;

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use tokio::sync::oneshot;

pub use self::{fjall::Fjall, log::AppendLog, redb::Redb};
use crate::Numbers;

/// The id of a record.
pub type Key = [u8; 16];

/// What a stored session of a usual person takes, in bytes.
pub const VALUE: usize = 330;

/// Something that keeps records on disk.
pub trait Engine: Sized + Send + 'static {
    /// Its name, for people.
    const NAME: &'static str;

    /// Opens the records in a folder, or begins with none.
    fn open(folder: &Path) -> Self;

    /// Writes all of these or none, and comes back when they are on disk.
    fn write(&mut self, batch: &[(Key, Vec<u8>)]);

    /// Reads every record, and tells how many there are.
    fn read(&self) -> usize;
}

struct Job {
    key: Key,
    value: Vec<u8>,
    answer: oneshot::Sender<()>,
}

/// Writes records, so many at once, and tells `then` how many of them became durable in a second while the engine is
/// still open.
pub async fn group_commit<E: Engine>(folder: &Path, count: u64, at_once: u64, then: impl FnOnce(f64)) {
    let engine = E::open(folder);
    let (jobs, waiting) = channel();
    let committer = std::thread::spawn(move || commit(engine, &waiting));
    let began = Instant::now();
    let writers: Vec<_> =
        (0..at_once).map(|writer| tokio::spawn(write(jobs.clone(), writer, count / at_once))).collect();
    for writer in writers {
        writer.await.unwrap();
    }
    then((count / at_once * at_once) as f64 / began.elapsed().as_secs_f64());
    drop(jobs);
    committer.join().unwrap();
}

async fn write(jobs: Sender<Job>, writer: u64, count: u64) {
    let mut numbers = Numbers(writer << 32);
    for _ in 0..count {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&numbers.below(u64::MAX).to_le_bytes());
        key[8..].copy_from_slice(&numbers.below(u64::MAX).to_le_bytes());
        let mut value = vec![0; VALUE];
        getrandom::fill(&mut value).unwrap();
        let (answer, answered) = oneshot::channel();
        jobs.send(Job { key, value, answer }).unwrap();
        answered.await.unwrap();
    }
}

fn commit<E: Engine>(mut engine: E, waiting: &Receiver<Job>) {
    while let Ok(first) = waiting.recv() {
        let jobs = std::iter::once(first).chain(std::iter::from_fn(|| waiting.try_recv().ok()));
        let (batch, answers): (Vec<_>, Vec<_>) = jobs.map(|job| ((job.key, job.value), job.answer)).unzip();
        engine.write(&batch);
        for answer in answers {
            let _ = answer.send(());
        }
    }
}
