//! All slots. They are made in chunks and never move, so a number leads to a slot without any lock.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use super::memory::lock;
use super::slot::Slot;

/// Slots in a chunk of the beginning: 640 KiB, which a small installation can spare.
const SMALL: u32 = 1 << 12;
/// Slots in a later chunk, and how many there are in all small ones: 20 MiB, so that the system can use huge pages.
const LARGE: u32 = 1 << 17;
/// The most large chunks there can be: 268 million sessions.
const LARGE_CHUNKS: usize = 1 << 11;
const SMALL_CHUNKS: usize = (LARGE / SMALL) as usize;
/// The most sessions there can be.
const MOST: u32 = LARGE * LARGE_CHUNKS as u32;

/// The slots of all sessions.
pub(super) struct Table {
    /// First the small ones.
    chunks: Box<[OnceLock<Box<Chunk>>]>,
    /// The first that was never used.
    unused: AtomicU32,
    freed: Mutex<Vec<u32>>,
}

struct Chunk {
    slots: Box<[Slot]>,
    /// A bit for each slot whose activity waits to be written behind.
    dirty: Box<[AtomicU64]>,
}

/// The chunk of a slot, and the place in it.
fn place_of(number: u32) -> (usize, usize) {
    if number < LARGE {
        ((number / SMALL) as usize, (number % SMALL) as usize)
    } else {
        (SMALL_CHUNKS + (number / LARGE - 1) as usize, (number % LARGE) as usize)
    }
}

/// How many slots a chunk has.
fn size_of(chunk: usize) -> u32 {
    if chunk < SMALL_CHUNKS { SMALL } else { LARGE }
}

impl Table {
    pub(super) fn new() -> Self {
        Self {
            chunks: (0..SMALL_CHUNKS + LARGE_CHUNKS - 1).map(|_| OnceLock::new()).collect(),
            unused: AtomicU32::new(0),
            freed: Mutex::default(),
        }
    }

    /// The slot of this number, if it was ever used.
    pub(super) fn get(&self, number: u32) -> Option<&Slot> {
        let (chunk, place) = place_of(number);
        self.chunks.get(chunk)?.get()?.slots.get(place)
    }

    /// A free slot; `None` if there are too many sessions.
    pub(super) fn take(&self) -> Option<u32> {
        if let Some(number) = lock(&self.freed).pop() {
            return Some(number);
        }
        let next = |number: u32| (number < MOST).then_some(number + 1);
        let number = self.unused.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        let (chunk, _) = place_of(number);
        self.chunks.get(chunk)?.get_or_init(|| {
            Box::new(Chunk {
                slots: (0..size_of(chunk)).map(|_| Slot::default()).collect(),
                dirty: (0..size_of(chunk) / 64).map(|_| AtomicU64::new(0)).collect(),
            })
        });
        Some(number)
    }

    /// Gives a slot back that has been cleared.
    pub(super) fn give_back(&self, number: u32) {
        lock(&self.freed).push(number);
    }

    /// Notes that activity waits to be written behind.
    pub(super) fn mark(&self, number: u32) {
        let (chunk, place) = place_of(number);
        let Some(chunk) = self.chunks.get(chunk).and_then(OnceLock::get) else { return };
        let (word, bit) = (&chunk.dirty[place / 64], 1 << (place % 64));
        // Looking first spares the cores a fight over the line when a busy session is touched often.
        if word.load(Ordering::Relaxed) & bit == 0 {
            word.fetch_or(bit, Ordering::AcqRel);
        }
    }

    /// Hands marked slots to `keep`, from this one on, and takes their marks away unless that says to keep them.
    /// Once it has taken about `most` it stops, and tells where to go on.
    pub(super) fn take_marked(
        &self,
        from: u32,
        most: usize,
        mut keep: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        let mut taken = 0;
        for first in (from..self.numbers().end).step_by(64) {
            if taken >= most {
                return Some(first);
            }
            let (chunk, place) = place_of(first);
            let Some(chunk) = self.chunks.get(chunk).and_then(OnceLock::get) else { continue };
            let word = &chunk.dirty[place / 64];
            if word.load(Ordering::Relaxed) == 0 {
                continue;
            }
            let mut marked = word.swap(0, Ordering::AcqRel);
            while marked != 0 {
                let number = first + marked.trailing_zeros();
                marked &= marked - 1;
                if keep(number) {
                    self.mark(number);
                } else {
                    taken += 1;
                }
            }
        }
        None
    }

    /// The numbers of all slots that were ever used.
    pub(super) fn numbers(&self) -> std::ops::Range<u32> {
        0..self.unused.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_given_out_once_and_used_again() {
        let table = Table::new();
        let many = LARGE + 1;
        assert!((0..many).all(|number| table.take() == Some(number)));
        assert!((0..many).all(|number| table.get(number).is_some()));
        assert!(table.get(2 * LARGE).is_none() && table.get(u32::MAX).is_none());
        table.give_back(7);
        assert_eq!(table.take(), Some(7));
    }

    #[test]
    fn a_mark_is_taken_once_unless_it_is_kept() {
        let table = Table::new();
        for _ in 0..=LARGE {
            table.take().unwrap();
        }
        for number in [0, 63, 64, 199, LARGE] {
            table.mark(number);
        }
        let taken = |from, most, keep: u32| {
            let mut taken = Vec::new();
            let next = table.take_marked(from, most, |number| {
                taken.push(number);
                number == keep
            });
            (taken, next)
        };
        assert_eq!(taken(0, 1, 63), (vec![0, 63], Some(64)));
        assert_eq!(taken(64, 9, 199), (vec![64, 199, LARGE], None));
        assert_eq!(taken(0, 9, u32::MAX), (vec![63, 199], None));
        assert!(taken(0, 9, u32::MAX).0.is_empty());
    }
}
