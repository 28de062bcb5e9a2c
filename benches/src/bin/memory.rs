//! Row 5: memory for each live session, measured as the growth of the process that holds them after a recovery.
//! Peer: tower-sessions' `MemoryStore`. Each in a process of its own.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use tenure_benches::{Numbers, argument, clock, fill, open, resident, runtime};
use tower_sessions::session::{Id, Record};
use tower_sessions::{MemoryStore, SessionStore as _};

fn main() {
    let count = argument("sessions", 1_000_000);
    match std::env::args().nth(1).as_deref() {
        Some("ours") => ours(Path::new(&std::env::args().nth(2).unwrap()), count),
        Some("fill") => filled(Path::new(&std::env::args().nth(2).unwrap()), count),
        Some("peer") => peer(count),
        _ => compare(count),
    }
}

fn compare(count: u64) {
    let folder = tempfile::tempdir().unwrap();
    let child = |mode: &str| -> f64 {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(mode).arg(folder.path()).args(["--sessions", &count.to_string()]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(0.0)
    };
    child("fill");
    let (ours, peer) = (child("ours"), child("peer"));
    println!("sessions                                   {count}");
    println!("tenure                                     {ours:>10.0} bytes each   target <= 256");
    println!(
        "tower-sessions MemoryStore                 {peer:>10.0} bytes each   {:.1} x ours",
        peer / ours
    );
}

fn filled(folder: &Path, count: u64) {
    let sessions = open(folder, &clock());
    runtime().block_on(fill(&sessions, count));
}

fn ours(folder: &Path, count: u64) {
    let before = resident();
    let sessions = open(folder, &clock());
    let each = (resident() - before) as f64 / count as f64;
    assert_eq!(tenure::store::Store::counts(sessions.store()).active, count);
    println!("{each}");
}

fn peer(count: u64) {
    let before = resident();
    let store = MemoryStore::default();
    let mut numbers = Numbers(3);
    runtime().block_on(async {
        for number in 0..count {
            let id = Id(i128::from(numbers.below(u64::MAX)) << 64 | i128::from(number));
            let expiry_date = time::OffsetDateTime::now_utc() + time::Duration::days(1);
            let data = HashMap::from([("subject".to_owned(), format!("user{number}@example.com").into())]);
            store.create(&mut Record { id, data, expiry_date }).await.unwrap();
        }
    });
    println!("{}", (resident() - before) as f64 / count as f64);
}
