//! From a hash to the slots that may have it: open addressing over words of 64 bits.
//!
//! Readers take no lock. What they find is a hint that the slot itself confirms, so it does no harm if a word
//! changes under them. A shard that is full is copied into a larger one; readers go on in the old one meanwhile.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;

use super::memory::lock;

const SHARDS: usize = 256;
const EMPTY: u64 = 0;
const REMOVED: u64 = 1;
/// Slots are counted from here, so that no entry is `EMPTY` or `REMOVED`.
const FIRST: u64 = 2;

/// An index. The hashes must be spread well over all their bits.
pub(super) struct Index {
    shards: Box<[Shard]>,
}

struct Shard {
    /// Upper half: a part of the hash, by which entries are ordered. Lower half: the slot.
    words: ArcSwap<Vec<AtomicU64>>,
    filling: Mutex<Filling>,
}

#[derive(Default)]
struct Filling {
    entries: usize,
    removed: usize,
}

impl Index {
    pub(super) fn new() -> Self {
        let shard = |_| Shard { words: ArcSwap::from_pointee(Vec::new()), filling: Mutex::default() };
        Self { shards: (0..SHARDS).map(shard).collect() }
    }

    fn shard(&self, hash: u64) -> &Shard {
        &self.shards[hash as usize % SHARDS]
    }

    /// Shows `check` the slots that may have this hash, until it gives something.
    pub(super) fn find<R>(&self, hash: u64, check: impl FnMut(u32) -> Option<R>) -> Option<R> {
        search(&self.shard(hash).words.load(), hash, check).map(|(_, found)| found)
    }

    /// Fetches what will be looked at for this hash. Where many hashes follow, their memory is waited for together.
    pub(super) fn fetch(&self, hash: u64) {
        let words = self.shard(hash).words.load();
        if let Some(word) = words.get(home(fragment(hash), words.len())) {
            std::hint::black_box(word.load(Ordering::Relaxed));
        }
    }

    /// Adds a slot, unless `same` says of one with this hash that it is the same: then gives that.
    pub(super) fn insert(&self, hash: u64, slot: u32, same: impl Fn(u32) -> bool) -> Result<(), u32> {
        let shard = self.shard(hash);
        let mut filling = lock(&shard.filling);
        let mut words = shard.words.load_full();
        if let Some((_, other)) = search(&words, hash, |other| same(other).then_some(other)) {
            return Err(other);
        }
        if (filling.entries + filling.removed + 1) * 4 > words.len() * 3 {
            words = std::sync::Arc::new(rebuilt(&words, filling.entries));
            shard.words.store(std::sync::Arc::clone(&words));
            filling.removed = 0;
        }
        let (place, before) = free_place(&words, fragment(hash));
        words[place].store(entry(hash, slot), Ordering::Release);
        filling.entries += 1;
        if before == REMOVED {
            filling.removed -= 1;
        }
        Ok(())
    }

    /// Puts another slot in the place of one.
    pub(super) fn replace(&self, hash: u64, slot: u32, by: u32) {
        let shard = self.shard(hash);
        let _filling = lock(&shard.filling);
        let words = shard.words.load();
        if let Some((place, ())) = search(&words, hash, |other| (other == slot).then_some(())) {
            words[place].store(entry(hash, by), Ordering::Release);
        }
    }

    /// Removes a slot.
    pub(super) fn remove(&self, hash: u64, slot: u32) {
        let shard = self.shard(hash);
        let mut filling = lock(&shard.filling);
        let words = shard.words.load();
        if let Some((place, ())) = search(&words, hash, |other| (other == slot).then_some(())) {
            words[place].store(REMOVED, Ordering::Release);
            filling.entries -= 1;
            filling.removed += 1;
        }
    }
}

fn fragment(hash: u64) -> u64 {
    hash >> 32
}

fn entry(hash: u64, slot: u32) -> u64 {
    fragment(hash) << 32 | (u64::from(slot) + FIRST)
}

fn home(fragment: u64, capacity: usize) -> usize {
    ((fragment * capacity as u64) >> 32) as usize
}

fn search<R>(words: &[AtomicU64], hash: u64, mut check: impl FnMut(u32) -> Option<R>) -> Option<(usize, R)> {
    let fragment = fragment(hash);
    let mut place = home(fragment, words.len());
    for _ in 0..words.len() {
        let word = words[place].load(Ordering::Acquire);
        if word == EMPTY {
            return None;
        }
        if word >> 32 == fragment
            && word != REMOVED
            && let Some(found) = check((word as u32).wrapping_sub(FIRST as u32))
        {
            return Some((place, found));
        }
        place = if place + 1 == words.len() { 0 } else { place + 1 };
    }
    None
}

/// The first place for an entry, and what is there. There always is one: shards are never full.
fn free_place(words: &[AtomicU64], fragment: u64) -> (usize, u64) {
    let mut place = home(fragment, words.len());
    loop {
        let word = words[place].load(Ordering::Relaxed);
        if word == EMPTY || word == REMOVED {
            return (place, word);
        }
        place = if place + 1 == words.len() { 0 } else { place + 1 };
    }
}

/// The same entries with room for more: from a bit over half full to three quarters.
fn rebuilt(words: &[AtomicU64], entries: usize) -> Vec<AtomicU64> {
    let capacity = (entries + 1) * 9 / 5 + 4;
    let larger: Vec<_> = (0..capacity).map(|_| AtomicU64::new(EMPTY)).collect();
    for word in words.iter().map(|word| word.load(Ordering::Relaxed)) {
        if word != EMPTY && word != REMOVED {
            let (place, _) = free_place(&larger, word >> 32);
            larger[place].store(word, Ordering::Relaxed);
        }
    }
    larger
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::AtomicBool;

    use super::*;

    fn mix(number: u64) -> u64 {
        let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }

    fn slots(index: &Index, hash: u64) -> Vec<u32> {
        let mut slots = Vec::new();
        index.find::<()>(hash, |slot| {
            slots.push(slot);
            None
        });
        slots.sort_unstable();
        slots
    }

    #[test]
    fn it_agrees_with_a_plain_map_over_many_changes() {
        let (index, mut model) = (Index::new(), HashMap::<u64, Vec<u32>>::new());
        for step in 0..60_000_u64 {
            // Few hashes, so that they meet; among them those whose parts are all zeroes or all ones.
            let hash = match mix(step) % 3_000 {
                0 => 0,
                1 => u64::MAX,
                2 => u64::from(u32::MAX),
                other => mix(other),
            };
            let of_hash = model.entry(hash).or_default();
            if !mix(step + 1).is_multiple_of(3) {
                index.insert(hash, step as u32, |_| false).unwrap();
                of_hash.push(step as u32);
            } else if let Some(slot) = of_hash.pop() {
                index.remove(hash, slot);
            }
            assert_eq!(slots(&index, hash), *of_hash, "step {step}");
        }
    }

    #[test]
    fn what_is_the_same_is_not_added_again() {
        let index = Index::new();
        assert_eq!(index.insert(5, 1, |_| true), Ok(()));
        assert_eq!(index.insert(5, 2, |other| other == 1), Err(1));
        index.replace(5, 1, 9);
        assert_eq!(slots(&index, 5), [9]);
    }

    #[test]
    fn readers_find_what_is_there_while_others_are_added_and_removed() {
        let index = Index::new();
        for number in 0..1_000 {
            index.insert(mix(number), number as u32, |_| false).unwrap();
        }
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    for number in 0..1_000 {
                        let wanted = number as u32;
                        let found = index.find(mix(number), |slot| (slot == wanted).then_some(()));
                        assert_eq!(found, Some(()), "{number}");
                    }
                }
            });
            for number in 1_000..200_000 {
                index.insert(mix(number), number as u32, |_| false).unwrap();
                if !number.is_multiple_of(3) {
                    index.remove(mix(number), number as u32);
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
    }
}
