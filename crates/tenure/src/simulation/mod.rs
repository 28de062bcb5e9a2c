//! Whole random histories of sessions against a naive model: parallel sign-ins, slow requests that
//! finish late, jumps of the clock, crashes. What must hold at every moment:
//!
//! 1. nothing that has ended ever passes again, and its reason never changes;
//! 2. nothing that was acknowledged is lost in a crash, and nobody's time is cut short of what was
//!    promised;
//! 3. nothing passes while the session is locked or over a limit;
//! 4. nobody has more live sessions than allowed, not for a moment.
//!
//! They are run on a store in memory, and on the embedded store with its real engine, which is opened
//! anew from its folder after each crash. A history follows from its seed alone. `TENURE_HISTORIES`
//! says how many to try, and `TENURE_SEED=n` replays one and prints what happened in it.

mod history;
mod medium;
mod model;
mod rng;
mod schedule;
mod second_ending;

use history::History;
pub(crate) use medium::Crashes;
use medium::JournaledMemory;
pub(crate) use rng::Rng;
pub(crate) use schedule::gate;

use std::sync::atomic::{AtomicU64, Ordering};

const HISTORIES: u64 = 2000;
const FIRST_SEED: u64 = 1;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")))
}

/// Runs one in `share` of the histories on a kind of store and stops at the first that breaks a promise.
pub(crate) fn simulate<S: Crashes>(share: u64) {
    if let Some(seed) = number("TENURE_SEED") {
        let (outcome, history) = tell::<S>(seed);
        println!("{}", history.told());
        outcome.unwrap_or_else(|broken| panic!("history {seed}: {broken}"));
        return;
    }
    let last = number("TENURE_HISTORIES").unwrap_or(HISTORIES).div_ceil(share);
    let (next, passes) = (AtomicU64::new(FIRST_SEED), AtomicU64::new(0));
    let tell_some = || {
        while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed <= last) {
            let (outcome, history) = tell::<S>(seed);
            if let Err(broken) = outcome {
                next.store(u64::MAX / 2, Ordering::Relaxed);
                panic!("{broken}\n\n{}\nReplay it with TENURE_SEED={seed}", history.told());
            }
            passes.fetch_add(history.demanded_passes(), Ordering::Relaxed);
        }
    };
    // The one waits for the disk while the other does not.
    std::thread::scope(|scope| {
        scope.spawn(tell_some);
        tell_some();
    });
    assert!(
        passes.into_inner() > 0,
        "no history demands that a request passes: the simulation checks nothing"
    );
}

/// One history, to its end or until it breaks a promise.
fn tell<S: Crashes>(seed: u64) -> (Result<(), String>, History<S>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut history = runtime.block_on(History::<S>::begin(seed));
    let outcome = runtime.block_on(history.run());
    (outcome, history)
}

#[test]
fn no_history_breaks_a_promise() {
    simulate::<JournaledMemory>(1);
}
