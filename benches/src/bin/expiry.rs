//! Row 7: a million sessions expire in the same second. What do requests of other sessions notice, while the sweep
//! locks them all?

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tenure::core::Request;
use tenure_benches::{argument, audience, clock, fill, open, percentile, policy};

fn main() {
    let count = argument("sessions", 1_000_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let clock = clock();
    let sessions = Arc::new(open(folder.path(), &clock));
    runtime.block_on(fill(&sessions, count));
    // Those that go on sign in later.
    clock.advance(Duration::from_secs(900));
    let others = runtime.block_on(fill(&sessions, 10_000));

    let stop = Arc::new(AtomicBool::new(false));
    let measure = |seconds: f64| {
        let reader = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let policy = policy();
        let mut took = Vec::with_capacity(4_000_000);
        let began = Instant::now();
        let mut place = 0;
        while began.elapsed().as_secs_f64() < seconds {
            let token = &others[place % others.len()];
            place += 7919;
            let one = Instant::now();
            let outcome =
                reader.block_on(sessions.judge(token, audience(), &Request::passive(&policy))).unwrap();
            took.push(one.elapsed().as_nanos() as u64);
            assert!(outcome.passes());
        }
        (percentile(&mut took, 0.5), percentile(&mut took, 0.99))
    };
    let calm = measure(3.0);
    clock.advance(Duration::from_secs(901));
    let (sweeper, halt) = (Arc::clone(&sessions), Arc::clone(&stop));
    let began = Instant::now();
    let sweep = runtime.spawn(async move {
        let mut locked = 0;
        while !halt.load(Ordering::Relaxed) && locked < count as usize {
            locked += sweeper.sweep(256).await.unwrap().locked;
        }
        (locked, began.elapsed())
    });
    let storm = measure(3.0);
    stop.store(true, Ordering::Relaxed);
    let (locked, took) = runtime.block_on(sweep).unwrap();
    println!("sessions that expire together              {count}");
    println!("other requests, before                     p50 {:>6} ns   p99 {:>6} ns", calm.0, calm.1);
    println!("other requests, while they are locked      p50 {:>6} ns   p99 {:>6} ns", storm.0, storm.1);
    println!("p99 is {:.2} x its normal value, target <= 2", storm.1 as f64 / calm.1 as f64);
    println!("({locked} were locked durably in {:.1} s of background work)", took.as_secs_f64());
}
