//! Row 1: judging a request of one of many sessions, and noting its activity, in process. The token is a text, is
//! read, checked and hashed. Peers: tower-sessions' `MemoryStore` (load and save), express-session with Redis (get
//! and touch).

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use std::collections::HashMap;
use std::process::Command;
use std::time::{Duration, Instant};

use tenure::core::Request;
use tenure_benches::{Numbers, argument, audience, clock, fill, median, nanos_each, open, policy, runtime};
use tower_sessions::session::{Id, Record};
use tower_sessions::{MemoryStore, SessionStore as _};

fn main() {
    let count = argument("sessions", 1_000_000);
    let rounds = argument("rounds", 5);
    let runtime = runtime();
    runtime.block_on(async move {
        let folder = tempfile::tempdir().unwrap();
        let clock = clock();
        let sessions = open(folder.path(), &clock);
        let mut tokens = fill(&sessions, count).await;
        let mut numbers = Numbers(1);
        for place in (1..tokens.len()).rev() {
            tokens.swap(place, numbers.below(place as u64 + 1) as usize);
        }
        // A token comes with its request, so it is near; only what it leads to is far.
        let length = tokens[0].len();
        let texts = tokens.concat();
        drop(tokens);
        let tokens = || (0..count as usize).map(|place| &texts[place * length..(place + 1) * length]);

        let peer = MemoryStore::default();
        let mut ids = fill_peer(&peer, count, &mut numbers).await;
        for place in (1..ids.len()).rev() {
            ids.swap(place, numbers.below(place as u64 + 1) as usize);
        }

        let (policy, audience) = (policy(), audience());
        let (mut ours, mut judged, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            // Long enough ago for each request to be noted.
            clock.advance(Duration::from_secs(2));
            let began = Instant::now();
            for token in tokens() {
                let outcome = sessions.judge(token, audience, &Request::active(&policy)).await.unwrap();
                assert!(outcome.passes());
            }
            ours.push(nanos_each(began.elapsed(), count));
            let began = Instant::now();
            for token in tokens() {
                let outcome = sessions.judge(token, audience, &Request::passive(&policy)).await.unwrap();
                assert!(outcome.passes());
            }
            judged.push(nanos_each(began.elapsed(), count));
            let began = Instant::now();
            for id in ids.iter().take(200_000) {
                let record = peer.load(id).await.unwrap().unwrap();
                peer.save(&record).await.unwrap();
            }
            theirs.push(nanos_each(began.elapsed(), count.min(200_000)));
        }
        let (ours, judged, theirs) = (median(ours), median(judged), median(theirs));
        println!("sessions                                   {count}");
        println!("tenure: judge + touch                      {ours:>10.0} ns   target <= 350");
        println!("tenure: judge alone                        {judged:>10.0} ns");
        println!("tower-sessions MemoryStore: load + save    {theirs:>10.0} ns   {:.1} x ours, target >= 6", theirs / ours);
        match express() {
            Some(nanos) => println!("express-session + Redis: get + touch       {nanos:>10.0} ns   {:.0} x ours", nanos / ours),
            None => println!("express-session + Redis: NOT MEASURED (needs redis-server, node, and npm install in benches/peers)"),
        }
    });
}

async fn fill_peer(peer: &MemoryStore, count: u64, numbers: &mut Numbers) -> Vec<Id> {
    let mut ids = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let id = Id(i128::from(numbers.below(u64::MAX)) << 64 | i128::from(numbers.below(u64::MAX)));
        let expiry_date = time::OffsetDateTime::now_utc() + time::Duration::days(1);
        let data = HashMap::from([("subject".to_owned(), "user@example.com".into())]);
        let mut record = Record { id, data, expiry_date };
        peer.create(&mut record).await.unwrap();
        ids.push(record.id);
    }
    ids
}

/// Nanoseconds for each get and touch, as the script beside this crate measures them.
fn express() -> Option<f64> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/express_session.mjs");
    let output = Command::new("node").arg(script).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
