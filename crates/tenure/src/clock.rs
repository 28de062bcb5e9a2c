//! The clock that sessions are judged against.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::core::Timestamp;

/// Tells the time. Everything that reads it can be given another one in tests.
pub trait Clock: Send + Sync + 'static {
    /// The present moment. It never goes backwards.
    fn now(&self) -> Timestamp;
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// Follows the wall clock without ever leaping with it.
///
/// Time passes at the rate of the monotonic clock. Where the wall clock has been set (by hand, by
/// NTP, by a suspended virtual machine), the difference is made up slowly, at most one part in
/// [`SteadyClock::SLEW`], so that no step ends everybody's session or gives everybody hours more.
#[derive(Debug)]
pub struct SteadyClock {
    started: Instant,
    state: Mutex<Slewing>,
    /// Milliseconds to add to the monotonic time; kept up to date by [`SteadyClock::follow`].
    offset_millis: AtomicU64,
    last_millis: AtomicU64,
}

#[derive(Debug)]
struct Slewing {
    followed_at: Duration,
}

impl SteadyClock {
    /// Of this many milliseconds that pass, at most one goes into catching up with the wall clock.
    pub const SLEW: u32 = 100;

    /// Starts at the time of the wall clock, or at `not_before` if that is later: a service that
    /// restarts on a machine whose clock was set back goes on where its records end.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
    pub fn start(not_before: Timestamp) -> Self {
        let wall = Timestamp::from_millis(since_epoch(SystemTime::now()));
        let begin = wall.max(not_before).as_millis();
        Self {
            started: Instant::now(),
            state: Mutex::new(Slewing { followed_at: Duration::ZERO }),
            offset_millis: AtomicU64::new(begin),
            last_millis: AtomicU64::new(begin),
        }
    }

    /// Goes on from this moment if it has not come yet: for records that turn out to be newer than the wall clock.
    pub fn go_on_from(&self, moment: Timestamp) {
        let elapsed = millis(self.started.elapsed());
        self.offset_millis.fetch_max(moment.as_millis().saturating_sub(elapsed), Ordering::Relaxed);
    }

    /// Moves a little towards the wall clock, and tells how far away it is (positive: the wall
    /// clock is ahead), in milliseconds. To be called every second or so; more often does no harm.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
    pub fn follow(&self) -> i64 {
        self.follow_wall(since_epoch(SystemTime::now()), self.started.elapsed())
    }

    fn follow_wall(&self, wall_millis: u64, elapsed: Duration) -> i64 {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let passed = elapsed.saturating_sub(state.followed_at);
        state.followed_at = elapsed.max(state.followed_at);
        let offset = self.offset_millis.load(Ordering::Relaxed);
        let difference = wall_millis.cast_signed() - (offset + millis(elapsed)).cast_signed();
        let most = millis(passed / Self::SLEW).cast_signed();
        let step = difference.clamp(-most, most);
        self.offset_millis.store(offset.saturating_add_signed(step), Ordering::Relaxed);
        difference - step
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        let now = self.offset_millis.load(Ordering::Relaxed) + millis(self.started.elapsed());
        // Slewing backwards is slower than time passes, yet two readers may race with it.
        Timestamp::from_millis(self.last_millis.fetch_max(now, Ordering::Relaxed).max(now))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn since_epoch(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, millis)
}

/// A clock that stands still until it is moved: for tests and simulations.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock that shows this moment.
    pub const fn at(now: Timestamp) -> Self {
        Self(AtomicU64::new(now.as_millis()))
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(millis(by), Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started_at(begin: u64) -> SteadyClock {
        let clock = SteadyClock::start(Timestamp::EPOCH);
        clock.offset_millis.store(begin, Ordering::Relaxed);
        clock.last_millis.store(begin, Ordering::Relaxed);
        clock
    }

    #[test]
    fn a_wall_clock_set_forward_is_followed_slowly() {
        let clock = started_at(1_000_000);
        let day = 86_400_000;
        let left = clock.follow_wall(1_000_000 + day + 10_000, Duration::from_secs(10));
        assert_eq!(clock.offset_millis.load(Ordering::Relaxed), 1_000_100);
        assert_eq!(left, 86_400_000 - 100);
    }

    #[test]
    fn a_wall_clock_set_back_never_makes_time_run_backwards() {
        let clock = started_at(1_000_000_000);
        let before = clock.now();
        for second in 1..100 {
            clock.follow_wall(0, Duration::from_secs(second));
        }
        assert!(clock.now() >= before);
        assert_eq!(clock.offset_millis.load(Ordering::Relaxed), 1_000_000_000 - 99 * 10);
    }

    #[test]
    fn a_clock_starts_no_earlier_than_the_newest_record() {
        let future = Timestamp::from_millis(32_503_680_000_000);
        assert!(SteadyClock::start(future).now() >= future);
        let clock = SteadyClock::start(Timestamp::EPOCH);
        clock.go_on_from(future);
        assert!(clock.now() >= future);
        clock.go_on_from(Timestamp::EPOCH);
        assert!(clock.now() >= future);
    }
}
