//! Row 4: durable sign-ins, 64 at once, password hashing aside. Peer: the bare engine with group commit, writing
//! records of the same size.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use std::sync::mpsc;
use std::time::Instant;

use fjall::{Database, KeyspaceCreateOptions, PersistMode};
use futures_util::stream::{self, StreamExt as _};
use tenure_benches::{Numbers, argument, clock, median, open, policy, somebody};
use tokio::sync::oneshot;

const AT_ONCE: usize = 64;
const ROUNDS: usize = 3;
/// What a stored session of a usual person takes, key and value.
const VALUE: usize = 330;

fn main() {
    let count = argument("sign-ins", 100_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (mut ours, mut engine) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(runtime.block_on(sign_ins(count)));
        engine.push(runtime.block_on(bare_engine(count)));
    }
    let (ours, engine) = (median(ours), median(engine));
    println!("tenure: durable sign-ins, 64 at once       {ours:>10.0} /s");
    println!(
        "fjall: group commit, 64 at once            {engine:>10.0} /s   ours is {:.2} x, target >= 0.80",
        ours / engine
    );
}

async fn sign_ins(count: u64) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let sessions = open(folder.path(), &clock());
    let policy = policy();
    let began = Instant::now();
    let sign_in = |number| {
        let (sessions, policy) = (&sessions, &policy);
        async move { sessions.sign_in(somebody(number), policy).await.unwrap().session.id }
    };
    let done = stream::iter((0..count).map(sign_in)).buffer_unordered(AT_ONCE).count().await;
    done as f64 / began.elapsed().as_secs_f64()
}

/// One thread gathers what waits, writes one batch, syncs once, and answers: what the store does, and nothing else.
async fn bare_engine(count: u64) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::builder(folder.path()).open().unwrap();
    let records = database.keyspace("records", KeyspaceCreateOptions::default).unwrap();
    let (jobs, waiting) = mpsc::channel::<([u8; 16], Vec<u8>, oneshot::Sender<()>)>();
    let committer = std::thread::spawn(move || {
        while let Ok(first) = waiting.recv() {
            let jobs: Vec<_> =
                std::iter::once(first).chain(std::iter::from_fn(|| waiting.try_recv().ok())).collect();
            let mut batch = database.batch().durability(Some(PersistMode::SyncData));
            let mut answers = Vec::with_capacity(jobs.len());
            for (key, value, answer) in jobs {
                batch.insert(&records, key.as_slice(), value);
                answers.push(answer);
            }
            batch.commit().unwrap();
            for answer in answers {
                let _ = answer.send(());
            }
        }
    });
    let mut numbers = Numbers(7);
    let began = Instant::now();
    let write = |number: u64| {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&numbers.below(u64::MAX).to_le_bytes());
        key[8..].copy_from_slice(&number.to_le_bytes());
        let mut value = vec![0; VALUE];
        getrandom::fill(&mut value).unwrap();
        let (answer, answered) = oneshot::channel();
        jobs.send((key, value, answer)).unwrap();
        async move { answered.await.unwrap() }
    };
    let done = stream::iter((0..count).map(write)).buffer_unordered(AT_ONCE).count().await;
    let rate = done as f64 / began.elapsed().as_secs_f64();
    drop(jobs);
    committer.join().unwrap();
    rate
}
