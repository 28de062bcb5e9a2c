//! All slots. They are made in chunks and never move, so a number leads to a slot without any lock.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use super::memory::lock;
use super::slot::Slot;

/// Slots in a chunk (a power of two): 2.5 MiB, which a small installation can spare.
const CHUNK: usize = 1 << 14;
/// The most chunks there can be: 268 million sessions.
const CHUNKS: usize = 1 << 14;

/// The slots of all sessions.
pub(super) struct Table {
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

impl Table {
    pub(super) fn new() -> Self {
        Self {
            chunks: (0..CHUNKS).map(|_| OnceLock::new()).collect(),
            unused: AtomicU32::new(0),
            freed: Mutex::default(),
        }
    }

    fn chunk(&self, number: u32) -> Option<&Chunk> {
        self.chunks.get(number as usize / CHUNK)?.get().map(|chunk| &**chunk)
    }

    /// The slot of this number, if it was ever used.
    pub(super) fn get(&self, number: u32) -> Option<&Slot> {
        self.chunk(number)?.slots.get(number as usize % CHUNK)
    }

    /// A free slot; `None` if there are too many sessions.
    pub(super) fn take(&self) -> Option<u32> {
        if let Some(number) = lock(&self.freed).pop() {
            return Some(number);
        }
        let unused = |number: u32| ((number as usize) < CHUNK * CHUNKS).then_some(number + 1);
        let number = self.unused.fetch_update(Ordering::Relaxed, Ordering::Relaxed, unused).ok()?;
        self.chunks[number as usize / CHUNK].get_or_init(|| {
            Box::new(Chunk {
                slots: (0..CHUNK).map(|_| Slot::default()).collect(),
                dirty: (0..CHUNK / 64).map(|_| AtomicU64::new(0)).collect(),
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
        let Some(chunk) = self.chunk(number) else { return };
        let place = number as usize % CHUNK;
        let (word, bit) = (&chunk.dirty[place / 64], 1 << (place % 64));
        // Looking first spares the cores a fight over the line when a busy session is touched often.
        if word.load(Ordering::Relaxed) & bit == 0 {
            word.fetch_or(bit, Ordering::AcqRel);
        }
    }

    /// Hands every marked slot to `keep` and takes its mark away, unless that says to keep it.
    pub(super) fn take_marked(&self, mut keep: impl FnMut(u32) -> bool) {
        let used = self.unused.load(Ordering::Relaxed) as usize;
        for (chunk, first) in self.chunks.iter().zip((0..used).step_by(CHUNK)) {
            let Some(chunk) = chunk.get() else { continue };
            for (word, first) in chunk.dirty.iter().zip((first..).step_by(64)) {
                if word.load(Ordering::Relaxed) == 0 {
                    continue;
                }
                let mut marked = word.swap(0, Ordering::AcqRel);
                while marked != 0 {
                    let number = (first + marked.trailing_zeros() as usize) as u32;
                    marked &= marked - 1;
                    if keep(number) {
                        self.mark(number);
                    }
                }
            }
        }
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
        let numbers: Vec<_> = (0..CHUNK as u32 + 1).map(|_| table.take().unwrap()).collect();
        assert!(numbers.iter().copied().eq(0..CHUNK as u32 + 1));
        assert!(table.get(CHUNK as u32).is_some() && table.get(2 * CHUNK as u32).is_none());
        table.give_back(7);
        assert_eq!(table.take(), Some(7));
    }

    #[test]
    fn a_mark_is_taken_once_unless_it_is_kept() {
        let table = Table::new();
        for _ in 0..200 {
            table.take().unwrap();
        }
        for number in [0, 63, 64, 199] {
            table.mark(number);
        }
        let taken = |keep: u32| {
            let mut taken = Vec::new();
            table.take_marked(|number| {
                taken.push(number);
                number == keep
            });
            taken
        };
        assert_eq!(taken(64), [0, 63, 64, 199]);
        assert_eq!(taken(u32::MAX), [64]);
        assert!(taken(u32::MAX).is_empty());
    }
}
