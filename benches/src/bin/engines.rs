//! Engines that could be under the embedded store, in one run: durable writes with 64 writers at once, and how long
//! opening and reading everything takes after the process was killed. Why the store stands on fjall.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use tenure_benches::engines::{AppendLog, Engine, Fjall, Redb, group_commit};
use tenure_benches::{argument, median, runtime};

const AT_ONCE: u64 = 64;
const ROUNDS: usize = 3;

fn main() {
    let count = argument("records", 200_000);
    match std::env::args().nth(1).as_deref() {
        Some("fill") => {
            fill(&std::env::args().nth(2).unwrap(), Path::new(&std::env::args().nth(3).unwrap()), count);
        }
        _ => compare(count),
    }
}

fn compare(count: u64) {
    println!("{count} records                   durable a second, 64 at once    open and read after kill -9");
    let log = measure::<AppendLog>(count);
    for (name, (rate, recovery)) in
        [(AppendLog::NAME, log), (Fjall::NAME, measure::<Fjall>(count)), (Redb::NAME, measure::<Redb>(count))]
    {
        println!("{name:<12} {rate:>32.0}   {:>5.2} x   {recovery:>20.2} s", rate / log.0);
    }
}

/// Records made durable in a second, and the seconds of a recovery: medians.
fn measure<E: Engine>(count: u64) -> (f64, f64) {
    let (mut rates, mut recoveries) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["fill", E::NAME]).arg(folder.path()).args(["--records", &count.to_string()]);
        let output = child.output().unwrap();
        rates.push(String::from_utf8(output.stdout).unwrap().trim().parse().unwrap());
        let began = Instant::now();
        assert!(E::open(folder.path()).read() as u64 >= count / AT_ONCE * AT_ONCE);
        recoveries.push(began.elapsed().as_secs_f64());
    }
    (median(rates), median(recoveries))
}

/// Writes records, tells at what rate, and dies by `kill -9`.
fn fill(engine: &str, folder: &Path, count: u64) {
    match engine {
        Fjall::NAME => fill_and_die::<Fjall>(folder, count),
        Redb::NAME => fill_and_die::<Redb>(folder, count),
        _ => fill_and_die::<AppendLog>(folder, count),
    }
}

fn fill_and_die<E: Engine>(folder: &Path, count: u64) {
    runtime().block_on(group_commit::<E>(folder, count, AT_ONCE, |rate| {
        println!("{rate}");
        Command::new("kill").args(["-9", &std::process::id().to_string()]).status().unwrap();
    }));
}
