//! Row 4: durable sign-ins, 64 at once, password hashing aside. Peers: the bare engine with group commit, and a bare
//! append log, writing records of the same size.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use std::sync::Arc;
use std::time::Instant;

use tenure_benches::engines::{AppendLog, Engine, Fjall, group_commit};
use tenure_benches::{argument, clock, median, open, policy, runtime, somebody};

const AT_ONCE: u64 = 64;
const ROUNDS: usize = 5;

fn main() {
    let count = argument("sign-ins", 100_000);
    let runtime = runtime();
    let (mut ours, mut engine, mut log) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(runtime.block_on(sign_ins(count)));
        engine.push(runtime.block_on(bare::<Fjall>(count)));
        log.push(runtime.block_on(bare::<AppendLog>(count)));
    }
    let (ours, engine, log) = (median(ours), median(engine), median(log));
    println!("tenure: durable sign-ins, 64 at once       {ours:>10.0} /s");
    println!(
        "fjall: group commit                        {engine:>10.0} /s   ours is {:.2} x, target >= 0.80",
        ours / engine
    );
    println!("append log: group commit                   {log:>10.0} /s   ours is {:.2} x", ours / log);
}

async fn sign_ins(count: u64) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let sessions = Arc::new(open(folder.path(), &clock()));
    let began = Instant::now();
    let person = |first: u64| {
        let sessions = Arc::clone(&sessions);
        tokio::spawn(async move {
            let policy = policy();
            for number in (first..count).step_by(AT_ONCE as usize) {
                sessions.sign_in(somebody(number), &policy).await.unwrap();
            }
        })
    };
    let people: Vec<_> = (0..AT_ONCE).map(person).collect();
    for person in people {
        person.await.unwrap();
    }
    count as f64 / began.elapsed().as_secs_f64()
}

async fn bare<E: Engine>(count: u64) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let mut result = 0.0;
    group_commit::<E>(folder.path(), count, AT_ONCE, |rate| result = rate).await;
    result
}
