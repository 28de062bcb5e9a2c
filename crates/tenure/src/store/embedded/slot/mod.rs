//! A session in memory: a row of words that everybody reads without waiting for each other.
//!
//! The first word is a sequence lock: odd while somebody writes, and different after they have. A reader that saw
//! the same even number before and after has seen one state of the session. Nothing else is ever locked while a
//! slot is.

mod image;
mod layout;
mod locked;

use std::sync::atomic::{AtomicU64, Ordering, fence};

use layout::WORDS;

pub(super) use image::Image;
pub(super) use layout::{Flag, Use, words_of_id, words_of_token};
pub(super) use locked::Locked;

/// A place for a session.
#[derive(Default)]
pub(super) struct Slot {
    sequence: AtomicU64,
    words: [AtomicU64; WORDS],
}

impl Slot {
    /// What it holds now.
    pub(super) fn read(&self) -> Image {
        let mut turn = 0;
        loop {
            let before = self.sequence.load(Ordering::Acquire);
            if before & 1 == 0 {
                let mut words = [0; WORDS];
                for (copy, word) in words.iter_mut().zip(&self.words) {
                    *copy = word.load(Ordering::Relaxed);
                }
                fence(Ordering::Acquire);
                if self.sequence.load(Ordering::Relaxed) == before {
                    return Image(words);
                }
            }
            wait(&mut turn);
        }
    }

    /// Lets one change it. Others that want to wait, so this is for a handful of instructions.
    pub(super) fn lock(&self) -> Locked<'_> {
        let mut turn = 0;
        loop {
            let sequence = self.sequence.load(Ordering::Relaxed);
            if sequence & 1 == 0
                && self
                    .sequence
                    .compare_exchange_weak(sequence, sequence + 1, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
            {
                fence(Ordering::Release);
                return Locked { slot: self, sequence };
            }
            wait(&mut turn);
        }
    }
}

/// Whoever holds a slot is done in nanoseconds, unless the system has put them to sleep.
fn wait(turn: &mut u32) {
    *turn += 1;
    if *turn < 64 {
        std::hint::spin_loop();
    } else {
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::core::{
        Assurance, Audience, EndReason, LockReason, Session, SessionId, State, Subject, Timestamp, TokenHash,
        Version,
    };

    fn session(version: u64) -> Session {
        let at = Timestamp::from_millis(version);
        Session {
            id: SessionId::from_bytes([7; 16]),
            subject: Subject::new("thirty bytes and not one more.").unwrap(),
            audience: Audience(version),
            state: State::Locked { reason: LockReason::ConfirmSignIn, since: at },
            assurance: Assurance::Aal3,
            remembered: true,
            signed_in_at: at,
            authenticated_at: at,
            last_activity_at: at,
            rotated_at: at,
            version: Version(version),
        }
    }

    #[test]
    fn a_session_is_read_as_it_was_put_in() {
        let slot = Slot::default();
        for state in [
            State::Active,
            State::Locked { reason: LockReason::Idle, since: Timestamp::NEVER },
            State::Ended { reason: EndReason::StrictPolicy, at: Timestamp::from_millis(5) },
        ] {
            let session = Session { state, ..session(9) };
            slot.lock().put(&session, Timestamp::NEVER, false);
            slot.lock().set_token(TokenHash([3; 24]));
            let image = slot.read();
            assert_eq!(image.session(image.subject().unwrap()), session);
            assert!(image.has_token(&TokenHash([3; 24])) && image.has_id(session.id));
            assert_eq!(image.due_at(), Timestamp::NEVER);
        }
    }

    #[test]
    fn nobody_reads_half_a_change() {
        let slot = Slot::default();
        slot.lock().put(&session(1), Timestamp::from_millis(1), false);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        let image = slot.read();
                        let version = image.version().0;
                        assert_eq!(image.session(image.subject().unwrap()), session(version));
                        assert_eq!(image.due_at().as_millis(), version);
                    }
                });
            }
            for version in 2..50_000 {
                slot.lock().put(&session(version), Timestamp::from_millis(version), false);
            }
            stop.store(true, Ordering::Relaxed);
        });
    }
}
