//! Whole random histories of sessions against a naive model: parallel sign-ins, slow requests that
//! finish late, jumps of the clock, crashes. What must hold at every moment:
//!
//! 1. nothing that has ended ever passes again, and its reason never changes;
//! 2. nothing that was acknowledged is lost in a crash, and nobody's time is cut short of what was
//!    promised;
//! 3. nothing passes while the session is locked or over a limit;
//! 4. nobody has more live sessions than allowed, not for a moment.
//!
//! A history follows from its seed alone. `TENURE_HISTORIES` says how many to try, and
//! `TENURE_SEED=n` replays one and prints what happened in it.

#![allow(clippy::unwrap_used, reason = "the helpers of a test panic as it does")]

mod history;
mod medium;
mod model;
mod rng;
mod schedule;
mod second_ending;

use history::History;
use medium::{Crashes, JournaledMemory};

const HISTORIES: u64 = 2000;
const FIRST_SEED: u64 = 1;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")))
}

/// Runs histories on a kind of store and stops at the first that breaks a promise.
fn simulate<S: Crashes>() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Some(seed) = number("TENURE_SEED") {
        let mut history = runtime.block_on(History::<S>::begin(seed));
        let outcome = runtime.block_on(history.run());
        println!("{}", history.told());
        outcome.unwrap_or_else(|broken| panic!("history {seed}: {broken}"));
        return;
    }
    let mut passes = 0;
    for seed in FIRST_SEED..FIRST_SEED + number("TENURE_HISTORIES").unwrap_or(HISTORIES) {
        let mut history = runtime.block_on(History::<S>::begin(seed));
        let outcome = runtime.block_on(history.run());
        if let Err(broken) = outcome {
            panic!("{broken}\n\n{}\nReplay it with TENURE_SEED={seed}", history.told());
        }
        passes += history.demanded_passes();
    }
    assert!(passes > 0, "no history ever demanded that a request passes: the simulation checks nothing");
}

#[test]
fn no_history_breaks_a_promise() {
    simulate::<JournaledMemory>();
}
