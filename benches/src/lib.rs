//! Helpers shared by the benchmarks: a filled store, medians, a table of results.
//!
//! Each program prints its figures and their ratios to peers measured in the same run, round by round. The machine
//! is whatever it is: only the ratios travel.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

pub mod engines;
pub mod web;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use tenure::clock::ManualClock;
use tenure::core::{Assurance, Audience, Policy, Preset, Subject, Timestamp};
use tenure::keys::{KeyRing, SharedKeys};
use tenure::service::{Sessions, SignIn};
use tenure::store::{Device, EmbeddedOptions, EmbeddedStore};
use tokio::runtime::Runtime;

/// The host of all sessions.
pub const HOST: &str = "wiki.example.com";
/// How many sign-ins are under way at once while a store is filled.
const FILLING: usize = 2048;

/// A runtime with a thread for each core.
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

/// A clock that is moved by hand.
pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_millis(1_700_000_000_000)))
}

/// Thirty minutes idle, any number of sessions.
pub fn policy() -> Policy {
    Policy::builder(Preset::General).max_sessions(None).build().unwrap()
}

/// The host as sessions know it.
pub fn audience() -> Audience {
    Audience::of_host(HOST)
}

/// Opens a store in a folder, with the keys that are beside it.
pub fn open(folder: &Path, clock: &Arc<ManualClock>) -> Sessions<EmbeddedStore> {
    let keys = SharedKeys::new(KeyRing::load_or_create(&folder.join("keys"), Timestamp::EPOCH).unwrap());
    let options = EmbeddedOptions::new(folder.join("sessions"), keys.clone(), clock.clone());
    let (store, _) = EmbeddedStore::open(options).unwrap();
    Sessions::new(store, keys, clock.clone(), policy())
}

/// Somebody on a usual device.
pub fn somebody(number: u64) -> SignIn {
    let device = Device {
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0".into(),
        address: "192.0.2.77".into(),
    };
    let subject = Subject::new(&format!("user{number}@example.com")).unwrap();
    SignIn::new(subject, Assurance::Aal1, HOST).device(device)
}

/// Signs people in, many at once, and gives back the texts of their tokens.
pub async fn fill(sessions: &Sessions<EmbeddedStore>, count: u64) -> Vec<String> {
    let policy = policy();
    let sign_in = |number| {
        let policy = &policy;
        async move { sessions.sign_in(somebody(number), policy).await.unwrap().token.expose() }
    };
    stream::iter((0..count).map(sign_in)).buffer_unordered(FILLING).collect().await
}

/// The number after `--name` on the command line, or this one.
pub fn argument(name: &str, otherwise: u64) -> u64 {
    let mut arguments = std::env::args().skip_while(|argument| argument != &format!("--{name}")).skip(1);
    arguments.next().map_or(otherwise, |number| number.replace('_', "").parse().unwrap())
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The value below which this part of the values lies.
pub fn percentile(values: &mut [u64], part: f64) -> u64 {
    values.sort_unstable();
    values[((values.len() - 1) as f64 * part) as usize]
}

/// Nanoseconds for each of `count`.
pub fn nanos_each(took: Duration, count: u64) -> f64 {
    took.as_nanos() as f64 / count as f64
}

/// The memory of this process, in bytes.
pub fn resident() -> u64 {
    let pages: u64 =
        std::fs::read_to_string("/proc/self/statm").unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// A generator of numbers that is good enough to shuffle (splitmix64).
pub struct Numbers(pub u64);

impl Numbers {
    /// The next number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
