//! When sessions are due: a hierarchical timing wheel.
//!
//! Eleven levels of 64 buckets, in milliseconds at the lowest: a moment is put where it first differs from the
//! present one. Every slot is in at most one bucket; buckets are doubly linked lists through one table, so that
//! moving a slot costs the same however many there are.
//!
//! Activity does not touch the wheel. It only moves the due moment of the session, and when the old moment comes
//! the session is put where it now belongs. One call does a bounded amount of work, so that a million sessions that
//! are due in the same second make nobody wait.

const LEVELS: usize = 11;
const BUCKETS: usize = 64;
/// The list of those whose moment has come.
const READY: u32 = (LEVELS * BUCKETS) as u32;
const NOWHERE: u32 = u32::MAX;

/// A timing wheel for slots.
pub(super) struct Wheel {
    /// Up to this moment buckets have been emptied.
    present: u64,
    heads: Vec<u32>,
    /// For each level, which buckets are not empty.
    filled: [u64; LEVELS],
    /// By slot.
    places: Vec<Place>,
}

#[derive(Clone, Copy)]
struct Place {
    before: u32,
    after: u32,
    bucket: u32,
}

const UNPLACED: Place = Place { before: NOWHERE, after: NOWHERE, bucket: NOWHERE };

/// What is to be done with a slot whose moment has come.
pub(super) enum Next {
    /// Hand it out, and look at it again at this moment.
    HandOut(u64),
    /// Look at it again at this moment.
    At(u64),
    /// Nothing: it is free.
    Nothing,
}

impl Wheel {
    /// A wheel that begins at this moment, in milliseconds.
    pub(super) fn new(present: u64) -> Self {
        let heads = vec![NOWHERE; READY as usize + 1];
        Self { present, heads, filled: [0; LEVELS], places: Vec::new() }
    }

    /// Looks at a slot at this moment, and no more at the one before.
    pub(super) fn arm(&mut self, slot: u32, at: u64) {
        self.disarm(slot);
        if self.places.len() <= slot as usize {
            self.places.resize(slot as usize + 1, UNPLACED);
        }
        let bucket = self.bucket_of(at);
        if bucket != READY {
            self.filled[bucket as usize / BUCKETS] |= 1 << (bucket as usize % BUCKETS);
        }
        let after = std::mem::replace(&mut self.heads[bucket as usize], slot);
        self.places[slot as usize] = Place { before: NOWHERE, after, bucket };
        if let Some(next) = self.places.get_mut(after as usize) {
            next.before = slot;
        }
    }

    /// Looks at a slot no more.
    pub(super) fn disarm(&mut self, slot: u32) {
        let Some(place) = self.places.get_mut(slot as usize) else { return };
        let Place { before, after, bucket } = std::mem::replace(place, UNPLACED);
        if bucket == NOWHERE {
            return;
        }
        if let Some(next) = self.places.get_mut(after as usize) {
            next.before = before;
        }
        match self.places.get_mut(before as usize) {
            Some(previous) => previous.after = after,
            None => self.heads[bucket as usize] = after,
        }
        if self.heads[bucket as usize] == NOWHERE && bucket != READY {
            self.filled[bucket as usize / BUCKETS] &= !(1 << (bucket as usize % BUCKETS));
        }
    }

    /// Lets time pass until `now`, and gives up to `limit` slots that are due. `look` says what is to be done with
    /// one whose moment has come. At most `work` slots are looked at; what is left is for the next call.
    pub(super) fn advance(
        &mut self,
        now: u64,
        limit: usize,
        work: usize,
        mut look: impl FnMut(u32) -> Next,
    ) -> Vec<u32> {
        let mut due = Vec::new();
        for _ in 0..work {
            if due.len() == limit {
                break;
            }
            let Some(slot) = self.next_until(now) else { break };
            match look(slot) {
                Next::HandOut(again_at) => {
                    due.push(slot);
                    self.arm(slot, again_at);
                }
                Next::At(at) => self.arm(slot, at),
                Next::Nothing => self.disarm(slot),
            }
        }
        due
    }

    /// A slot in the first bucket that begins no later than `now`. Time stands there until the bucket is empty.
    fn next_until(&mut self, now: u64) -> Option<u32> {
        let ready = self.heads[READY as usize];
        if ready != NOWHERE {
            return Some(ready);
        }
        if let Some((level, bucket)) = self.first_filled()
            && let begins = self.beginning(level, bucket)
            && begins <= now
        {
            self.present = self.present.max(begins);
            return Some(self.heads[level * BUCKETS + bucket]);
        }
        self.present = self.present.max(now);
        None
    }

    /// Buckets of the present are emptied first, the coarsest of them before others; then the lowest level has
    /// what comes next.
    fn first_filled(&self) -> Option<(usize, usize)> {
        let present = |level: usize| (self.present >> (6 * level)) as usize % BUCKETS;
        let under_way = (0..LEVELS).rev().find(|&level| self.filled[level] >> present(level) & 1 == 1);
        if let Some(level) = under_way {
            return Some((level, present(level)));
        }
        (0..LEVELS).find_map(|level| {
            let later = self.filled[level] & u64::MAX.checked_shl(present(level) as u32 + 1).unwrap_or(0);
            (later != 0).then(|| (level, later.trailing_zeros() as usize))
        })
    }

    fn beginning(&self, level: usize, bucket: usize) -> u64 {
        let above = self.present.checked_shr(6 * (level as u32 + 1)).unwrap_or(0);
        let above = above.checked_shl(6 * (level as u32 + 1)).unwrap_or(0);
        above | (bucket as u64) << (6 * level)
    }

    fn bucket_of(&self, at: u64) -> u32 {
        if at <= self.present {
            return READY;
        }
        let level = (63 - (at ^ self.present).leading_zeros()) as usize / 6;
        (level * BUCKETS + (at >> (6 * level)) as usize % BUCKETS) as u32
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Everything that comes up until `now`, looked at as `due` says.
    fn advance(wheel: &mut Wheel, now: u64, due: &BTreeMap<u32, u64>) -> Vec<u32> {
        wheel.advance(now, usize::MAX, 100_000, |slot| match due.get(&slot) {
            Some(&at) if at > now => Next::At(at),
            Some(_) => Next::HandOut(u64::MAX),
            None => Next::Nothing,
        })
    }

    #[test]
    fn a_slot_comes_up_at_its_millisecond_and_not_before() {
        for start in [0, 1_700_000_000_000] {
            for distance in [1, 63, 64, 65, 4_095, 4_096, 1_800_000, 86_400_000, 400 * 86_400_000] {
                let mut wheel = Wheel::new(start);
                let due = BTreeMap::from([(3, start + distance)]);
                wheel.arm(3, start + distance);
                assert_eq!(advance(&mut wheel, start + distance - 1, &due), Vec::<u32>::new(), "{distance}");
                assert_eq!(advance(&mut wheel, start + distance, &due), [3], "{distance}");
                assert_eq!(advance(&mut wheel, start + 2 * distance, &due), Vec::<u32>::new());
            }
        }
    }

    #[test]
    fn a_moment_that_never_comes_is_no_trouble() {
        let mut wheel = Wheel::new(5);
        let due = BTreeMap::from([(0, u64::MAX)]);
        wheel.arm(0, u64::MAX);
        assert_eq!(advance(&mut wheel, u64::MAX - 1, &due), Vec::<u32>::new());
    }

    #[test]
    fn random_histories_agree_with_a_sorted_map() {
        let mut seed = 1_u64;
        let mut random = move |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let mut now = 1_700_000_000_000;
        let mut wheel = Wheel::new(now);
        let mut due = BTreeMap::new();
        for step in 0..30_000 {
            let slot = random(300) as u32;
            match random(6) {
                0 | 1 => {
                    let bits = random(34);
                    let at = now + random(1 << bits);
                    due.insert(slot, at);
                    wheel.arm(slot, at);
                }
                2 => {
                    due.remove(&slot);
                    wheel.disarm(slot);
                }
                // Activity moves the moment without telling the wheel.
                3 | 4 => {
                    let later = random(1 << 20);
                    due.entry(slot).and_modify(|at| *at += later);
                }
                _ => {
                    let bits = random(30);
                    now += random(1 << bits);
                    let mut expected: Vec<_> =
                        due.iter().filter(|(_, at)| **at <= now).map(|(slot, _)| *slot).collect();
                    let mut found = advance(&mut wheel, now, &due);
                    found.sort_unstable();
                    expected.sort_unstable();
                    assert_eq!(found, expected, "step {step}");
                    due.retain(|_, at| *at > now);
                    for slot in found {
                        wheel.disarm(slot);
                    }
                }
            }
        }
    }

    #[test]
    fn many_at_once_are_given_out_little_by_little_and_each_once() {
        let mut wheel = Wheel::new(0);
        let many = 20_000;
        for slot in 0..many {
            wheel.arm(slot, 1_800_000 + u64::from(slot) % 1_000);
        }
        let (mut seen, mut calls) = (vec![false; many as usize], 0);
        while seen.iter().any(|seen| !seen) {
            let mut looked = 0;
            let due = wheel.advance(1_801_000, 64, 256, |_| {
                looked += 1;
                Next::HandOut(u64::MAX)
            });
            assert!(looked <= 256 && due.len() <= 64);
            for slot in due {
                assert!(!std::mem::replace(&mut seen[slot as usize], true));
            }
            calls += 1;
            assert!(calls < 10_000);
        }
    }
}
