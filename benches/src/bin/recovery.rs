//! Row 6: from `kill -9` to the first judged request. Peer: opening the bare engine and reading all of it.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use fjall::{Database, KeyspaceCreateOptions};
use tenure::core::Request;
use tenure_benches::{argument, audience, clock, fill, open, policy, runtime};

fn main() {
    let count = argument("sessions", 1_000_000);
    if std::env::args().nth(1).as_deref() == Some("fill") {
        return fill_and_die(Path::new(&std::env::args().nth(2).unwrap()), count);
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output =
        command.arg("fill").arg(folder.path()).args(["--sessions", &count.to_string()]).output().unwrap();
    let token = String::from_utf8(output.stdout).unwrap().trim().to_owned();

    let runtime = runtime();
    let began = Instant::now();
    let sessions = open(folder.path(), &clock());
    let policy = policy();
    let judged = runtime.block_on(sessions.judge(&token, audience(), &Request::active(&policy)));
    assert!(judged.unwrap().passes());
    let ours = began.elapsed();
    drop(sessions);

    let began = Instant::now();
    let database = Database::builder(folder.path().join("sessions")).open().unwrap();
    let records = database.keyspace("sessions", KeyspaceCreateOptions::default).unwrap();
    let read = records.iter().filter(|_| true).count();
    let engine = began.elapsed();
    println!("sessions                                   {count}");
    println!(
        "tenure: first request judged after         {:>10.2} s   target <= {:.0}",
        ours.as_secs_f64(),
        count as f64 / 500_000.0
    );
    println!("fjall: opened and {read} records read   {:>10.2} s (second opening)", engine.as_secs_f64());
}

fn fill_and_die(folder: &Path, count: u64) {
    let sessions = open(folder, &clock());
    let runtime = runtime();
    let tokens = runtime.block_on(fill(&sessions, count));
    println!("{}", tokens[tokens.len() / 2]);
    let id = std::process::id().to_string();
    Command::new("kill").args(["-9", &id]).status().unwrap();
}
