//! A session in memory: a row of words that everybody reads without waiting for each other.
//!
//! The first word is a sequence lock: odd while somebody writes, and different after they have. A reader that saw
//! the same even number before and after has seen one state of the session. Nothing else is ever locked while a
//! slot is.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use crate::core::{
    Assurance, Audience, EndReason, LockReason, Session, SessionId, State, Subject, Timestamp, TokenHash,
    Version,
};

/// Words of a slot besides its sequence.
const WORDS: usize = 19;

const META: usize = 0;
const ID: usize = 1;
const TOKEN: usize = 3;
const AUDIENCE: usize = 6;
const STATE_AT: usize = 7;
const SIGNED_IN: usize = 8;
const AUTHENTICATED: usize = 9;
const LAST_ACTIVITY: usize = 10;
const ROTATED: usize = 11;
const VERSION: usize = 12;
const DUE: usize = 13;
const SUBJECT: usize = 14;
const LINKS: usize = 18;

/// A place for a session.
#[derive(Default)]
pub(super) struct Slot {
    sequence: AtomicU64,
    words: [AtomicU64; WORDS],
}

/// What a slot held at one moment.
#[derive(Clone, Copy)]
pub(super) struct Image([u64; WORDS]);

/// What a slot is used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Use {
    Free,
    /// A session that is being made durable: it counts, but nobody finds it.
    Reserved,
    /// A session.
    Taken,
}

/// A bit of the word that describes a slot.
#[derive(Clone, Copy)]
pub(super) struct Flag(u64);

impl Flag {
    const REMEMBERED: Self = Self(1 << 13);
    /// There is a token that was replaced.
    pub(super) const REPLACED: Self = Self(1 << 14);
    /// The token that replaced it has not been seen yet.
    pub(super) const UNSEEN: Self = Self(1 << 15);
    /// Something that gives is being made durable: nobody but an ending may change the session.
    pub(super) const PENDING: Self = Self(1 << 16);
    /// It is about to make room for another one.
    pub(super) const LEAVING: Self = Self(1 << 17);
    /// It was handed out as due. When it may be handed out again is in the upper half, in seconds.
    const HANDED_OUT: Self = Self(1 << 18);
    /// The name of its subject does not fit in here.
    const LONG_NAME: Self = Self(1 << 19);
    /// What [`Locked::put`] does not touch.
    const KEPT: u64 = Self::REPLACED.0 | Self::UNSEEN.0 | Self::PENDING.0 | Self::LEAVING.0;
}

const FREE: u64 = 0;
const RESERVED: u64 = 1;
const ACTIVE: u64 = 2;
const LOCKED: u64 = 3;
const ENDED: u64 = 4;

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

/// A slot that is being changed.
pub(super) struct Locked<'a> {
    slot: &'a Slot,
    sequence: u64,
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
    pub(super) fn is_active(&self, id: SessionId) -> bool {
        let [first, second] = words_of_id(id);
        self.get(META) & 7 == ACTIVE && self.get(ID) == first && self.get(ID + 1) == second
    }

    /// Moves activity and due moment forward. Tells the due moment if it had been handed out.
    pub(super) fn touch(&self, at: Timestamp, due_at: Timestamp) -> Option<Timestamp> {
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
    pub(super) fn image(&self) -> Image {
        let mut words = [0; WORDS];
        for (copy, word) in words.iter_mut().zip(&self.slot.words) {
            *copy = word.load(Ordering::Relaxed);
        }
        Image(words)
    }

    /// Notes that it was handed out as due, and is not to be before this moment.
    pub(super) fn hand_out(&self, again_at: Timestamp) {
        let seconds = again_at.as_millis().div_ceil(1000).min(u64::from(u32::MAX));
        let meta = self.get(META) & u64::from(u32::MAX);
        self.set(META, meta | Flag::HANDED_OUT.0 | seconds << 32);
    }

    pub(super) fn flag(&self, flag: Flag, on: bool) {
        let meta = self.get(META);
        self.set(META, if on { meta | flag.0 } else { meta & !flag.0 });
    }

    pub(super) fn set_token(&self, token: TokenHash) {
        for (place, word) in (TOKEN..).zip(words_of_token(&token)) {
            self.set(place, word);
        }
    }

    /// Puts a session in, without its token. `reserved`: nobody finds it yet.
    pub(super) fn put(&self, session: &Session, due_at: Timestamp, reserved: bool) {
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
    pub(super) fn admit(&self, state: State) {
        let kind = match state {
            State::Active => ACTIVE,
            State::Locked { .. } => LOCKED,
            State::Ended { .. } => ENDED,
        };
        self.set(META, self.get(META) & !7 | kind);
    }

    /// Empties it.
    pub(super) fn clear(&self) {
        self.set(META, FREE);
        self.set(LINKS, 0);
    }

    /// The neighbours in the list of its subject: before and after.
    pub(super) fn set_links(&self, before: Option<u32>, after: Option<u32>) {
        let word = |neighbour: Option<u32>| neighbour.map_or(0, |slot| u64::from(slot) + 1);
        self.set(LINKS, word(before) << 32 | word(after));
    }
}

impl Image {
    pub(super) fn used(&self) -> Use {
        match self.0[META] & 7 {
            FREE => Use::Free,
            RESERVED => Use::Reserved,
            _ => Use::Taken,
        }
    }

    pub(super) fn is(&self, flag: Flag) -> bool {
        self.0[META] & flag.0 != 0
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.0[META] & 7, RESERVED | ACTIVE | LOCKED)
    }

    pub(super) fn is_active(&self) -> bool {
        self.0[META] & 7 == ACTIVE
    }

    pub(super) fn id(&self) -> SessionId {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0[ID].to_le_bytes());
        bytes[8..].copy_from_slice(&self.0[ID + 1].to_le_bytes());
        SessionId::from_bytes(bytes)
    }

    pub(super) fn has_id(&self, id: SessionId) -> bool {
        self.0[META] & 7 != FREE && self.0[ID..ID + 2] == words_of_id(id)
    }

    pub(super) fn has_token(&self, token: &TokenHash) -> bool {
        self.0[TOKEN..TOKEN + 3] == words_of_token(token)
    }

    pub(super) fn token(&self) -> TokenHash {
        let mut token = [0; 24];
        for (bytes, word) in token.chunks_exact_mut(8).zip(&self.0[TOKEN..]) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        TokenHash(token)
    }

    pub(super) fn audience(&self) -> Audience {
        Audience(self.0[AUDIENCE])
    }

    pub(super) fn version(&self) -> Version {
        Version(self.0[VERSION])
    }

    pub(super) fn last_activity_at(&self) -> Timestamp {
        Timestamp::from_millis(self.0[LAST_ACTIVITY])
    }

    pub(super) fn due_at(&self) -> Timestamp {
        Timestamp::from_millis(self.0[DUE])
    }

    /// When it is to be looked at: when it is due, unless it was handed out and may not be again before that.
    pub(super) fn look_at(&self) -> Timestamp {
        if !self.is(Flag::HANDED_OUT) {
            return self.due_at();
        }
        self.due_at().max(Timestamp::from_millis((self.0[META] >> 32) * 1000))
    }

    pub(super) fn before(&self) -> Option<u32> {
        u32::try_from(self.0[LINKS] >> 32).ok()?.checked_sub(1)
    }

    pub(super) fn after(&self) -> Option<u32> {
        (self.0[LINKS] as u32).checked_sub(1)
    }

    /// The subject, unless its name is too long for a slot.
    pub(super) fn subject(&self) -> Option<Subject> {
        if self.is(Flag::LONG_NAME) {
            return None;
        }
        let mut name = [0; Subject::INLINE];
        for (bytes, word) in name.chunks_mut(8).zip(&self.0[SUBJECT..]) {
            bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
        }
        Some(Subject::from_inline((self.0[META] >> 24) as u8, name))
    }

    pub(super) fn state(&self) -> State {
        let (number, at) = ((self.0[META] >> 3) as u8, Timestamp::from_millis(self.0[STATE_AT]));
        // The numbers were put in from reasons of these kinds.
        match self.0[META] & 7 {
            LOCKED => State::Locked {
                reason: LockReason::from_number(number).unwrap_or(LockReason::StepUp),
                since: at,
            },
            ENDED => {
                State::Ended { reason: EndReason::from_number(number).unwrap_or(EndReason::Corrupted), at }
            }
            _ => State::Active,
        }
    }

    /// The session, with its subject.
    pub(super) fn session(&self, subject: Subject) -> Session {
        let moment = |place: usize| Timestamp::from_millis(self.0[place]);
        let assurance = Assurance::from_number((self.0[META] >> 11 & 3) as u8);
        Session {
            id: self.id(),
            subject,
            audience: self.audience(),
            state: self.state(),
            assurance: assurance.unwrap_or(Assurance::Aal1),
            remembered: self.is(Flag::REMEMBERED),
            signed_in_at: moment(SIGNED_IN),
            authenticated_at: moment(AUTHENTICATED),
            last_activity_at: moment(LAST_ACTIVITY),
            rotated_at: moment(ROTATED),
            version: self.version(),
        }
    }
}

pub(super) fn words_of_id(id: SessionId) -> [u64; 2] {
    let bytes = id.as_bytes();
    [word_at(bytes, 0), word_at(bytes, 8)]
}

pub(super) fn words_of_token(token: &TokenHash) -> [u64; 3] {
    [word_at(&token.0, 0), word_at(&token.0, 8), word_at(&token.0, 16)]
}

fn word_at(bytes: &[u8], place: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[place..place + 8]);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

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
