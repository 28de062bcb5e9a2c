//! A value for each worker, so that what is noted at each request is fetched by no other core.

use std::sync::atomic::{AtomicUsize, Ordering};

/// More workers than this share values.
const PLACES: usize = 32;

/// One value for each thread that asks for it.
#[derive(Debug)]
pub(crate) struct PerThread<T>([Apart<T>; PLACES]);

/// Two cache lines for itself, for processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Apart<T>(T);

impl<T: Default> Default for PerThread<T> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Apart::default()))
    }
}

impl<T> PerThread<T> {
    /// The value of this thread.
    pub(crate) fn here(&self) -> &T {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static PLACE: usize = COUNT.fetch_add(1, Ordering::Relaxed) % PLACES;
        }
        &self.0[PLACE.with(|place| *place)].0
    }

    /// The values of all threads.
    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|apart| &apart.0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    #[test]
    fn what_threads_count_adds_up() {
        let counts: PerThread<AtomicU64> = PerThread::default();
        std::thread::scope(|scope| {
            for _ in 0..2 * PLACES {
                scope.spawn(|| counts.here().fetch_add(1, Ordering::Relaxed));
            }
        });
        assert_eq!(counts.all().map(|count| count.load(Ordering::Relaxed)).sum::<u64>(), 2 * PLACES as u64);
    }
}
