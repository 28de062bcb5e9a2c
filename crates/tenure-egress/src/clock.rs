//! The wall clock, for what outlives the process: since when a lease holds, and how long an address cools off.

use std::time::UNIX_EPOCH;

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "no session is judged by it, and it is read here only")]
pub(crate) fn now() -> u64 {
    std::time::SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
