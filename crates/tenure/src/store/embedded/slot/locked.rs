//! Changing a slot.

use std::sync::atomic::Ordering;

use super::layout::*;
use super::{Image, Slot};
use crate::core::{Session, SessionId, State, Timestamp, TokenHash};

/// A slot that is being changed.
pub(crate) struct Locked<'a> {
    pub(super) slot: &'a Slot,
    pub(super) sequence: u64,
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.slot.sequence.store(self.sequence + 2, Ordering::Release);
    }
}

impl Locked<'_> {
    fn get(&self, place: usize) -> u64 {
        self.slot.words[place].load(Ordering::Relaxed)
    }

    fn set(&self, place: usize, word: u64) {
        self.slot.words[place].store(word, Ordering::Relaxed);
    }

    fn raise(&self, place: usize, word: u64) {
        if word > self.get(place) {
            self.set(place, word);
        }
    }

    /// Whether it holds this session, and that is active.
    pub(crate) fn is_active(&self, id: SessionId) -> bool {
        let [first, second] = words_of_id(id);
        self.get(META) & 7 == ACTIVE && self.get(ID) == first && self.get(ID + 1) == second
    }

    /// Moves activity and due moment forward. Tells the due moment if it had been handed out.
    pub(crate) fn touch(&self, at: Timestamp, due_at: Timestamp) -> Option<Timestamp> {
        self.raise(LAST_ACTIVITY, at.as_millis());
        self.raise(DUE, due_at.as_millis());
        let meta = self.get(META);
        if meta & Flag::HANDED_OUT.0 == 0 {
            return None;
        }
        self.set(META, meta & !Flag::HANDED_OUT.0 & u64::from(u32::MAX));
        Some(Timestamp::from_millis(self.get(DUE)))
    }

    /// What it holds.
    pub(crate) fn image(&self) -> Image {
        let mut words = [0; WORDS];
        for (copy, word) in words.iter_mut().zip(&self.slot.words) {
            *copy = word.load(Ordering::Relaxed);
        }
        Image(words)
    }

    /// Notes that it was handed out as due, and is not to be before this moment.
    pub(crate) fn hand_out(&self, again_at: Timestamp) {
        let seconds = again_at.as_millis().div_ceil(1000).min(u64::from(u32::MAX));
        let meta = self.get(META) & u64::from(u32::MAX);
        self.set(META, meta | Flag::HANDED_OUT.0 | seconds << 32);
    }

    pub(crate) fn flag(&self, flag: Flag, on: bool) {
        let meta = self.get(META);
        self.set(META, if on { meta | flag.0 } else { meta & !flag.0 });
    }

    pub(crate) fn set_token(&self, token: TokenHash) {
        for (place, word) in (TOKEN..).zip(words_of_token(&token)) {
            self.set(place, word);
        }
    }

    /// Puts a session in, without its token. `reserved`: nobody finds it yet.
    pub(crate) fn put(&self, session: &Session, due_at: Timestamp, reserved: bool) {
        let (kind, reason, at) = match session.state {
            State::Active => (ACTIVE, 0, Timestamp::EPOCH),
            State::Locked { reason, since } => (LOCKED, reason.number(), since),
            State::Ended { reason, at } => (ENDED, reason.number(), at),
        };
        let mut meta = self.get(META) & Flag::KEPT;
        meta |= if reserved { RESERVED } else { kind } | u64::from(reason) << 3;
        meta |= (session.assurance as u64) << 11;
        if session.remembered {
            meta |= Flag::REMEMBERED.0;
        }
        match session.subject.inline() {
            Some((length, name)) => {
                meta |= u64::from(length) << 24;
                for (place, bytes) in (SUBJECT..).zip(name.chunks(8)) {
                    let mut word = [0; 8];
                    word[..bytes.len()].copy_from_slice(bytes);
                    self.set(place, u64::from_le_bytes(word));
                }
            }
            None => meta |= Flag::LONG_NAME.0,
        }
        self.set(META, meta);
        let [first, second] = words_of_id(session.id);
        self.set(ID, first);
        self.set(ID + 1, second);
        self.set(AUDIENCE, session.audience.0);
        for (place, moment) in [
            (STATE_AT, at),
            (SIGNED_IN, session.signed_in_at),
            (AUTHENTICATED, session.authenticated_at),
            (LAST_ACTIVITY, session.last_activity_at),
            (ROTATED, session.rotated_at),
            (DUE, due_at),
        ] {
            self.set(place, moment.as_millis());
        }
        self.set(VERSION, session.version.0);
    }

    /// Lets a reserved session be found: it is active, as new ones are, or what it was put in as.
    pub(crate) fn admit(&self, state: State) {
        let kind = match state {
            State::Active => ACTIVE,
            State::Locked { .. } => LOCKED,
            State::Ended { .. } => ENDED,
        };
        self.set(META, self.get(META) & !7 | kind);
    }

    /// Empties it.
    pub(crate) fn clear(&self) {
        self.set(META, FREE);
        self.set(LINKS, 0);
    }

    /// The neighbours in the list of its subject: before and after.
    pub(crate) fn set_links(&self, before: Option<u32>, after: Option<u32>) {
        let word = |neighbour: Option<u32>| neighbour.map_or(0, |slot| u64::from(slot) + 1);
        self.set(LINKS, word(before) << 32 | word(after));
    }
}
