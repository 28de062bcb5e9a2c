//! What is kept in memory: every session that has not been forgotten, found by token, by id and by subject.
//!
//! Requests are judged from the [table](super::table) without any lock. Whoever decides something holds the lock of
//! the session's subject (its stripe), and hands the write to the journal before letting go of it: so all that is
//! decided about the sessions of one person has one order, in memory and on disk.
//!
//! Locks are taken in this order, and never two of one kind: stripe, shard of an index, wheel, slot. The list of
//! free slots and the map of long names are taken alone.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::{Counts, Record};
use super::format::Replaced;
use super::index::Index;
use super::slot::{Flag, Image, Use, words_of_id, words_of_token};
use super::table::Table;
use super::wheel::{Next, Wheel};
use crate::core::{Session, SessionId, State, Subject, Timestamp, TokenHash};

const STRIPES: usize = 256;

/// A due session that was handed out is not handed out again for this long.
const HANDED_OUT_FOR: Duration = Duration::from_secs(60);

/// Everything in memory.
pub(super) struct Memory {
    pub(super) table: Table,
    tokens: Index,
    ids: Index,
    /// The first slot of each subject; the others are linked to it.
    subjects: Index,
    stripes: Box<[Mutex<Stripe>]>,
    hashing: RandomState,
    /// Names that do not fit into their slots.
    long_names: Mutex<HashMap<u32, Subject>>,
    wheel: Mutex<Wheel>,
    active: AtomicI64,
    locked: AtomicI64,
    ended: AtomicI64,
}

/// What few sessions have, by slot; and the right to decide about the sessions of some subjects.
#[derive(Default)]
pub(super) struct Stripe {
    /// Records in force that are newer than what the engine has.
    pub(super) in_flight: HashMap<u32, Arc<Record>>,
    pub(super) replaced: HashMap<u32, Replaced>,
}

/// The right to decide about the sessions of a subject.
pub(super) type Deciding<'a> = MutexGuard<'a, Stripe>;

impl Memory {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            table: Table::new(),
            tokens: Index::new(),
            ids: Index::new(),
            subjects: Index::new(),
            stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
            hashing: RandomState::new(),
            long_names: Mutex::default(),
            wheel: Mutex::new(Wheel::new(now.as_millis())),
            active: AtomicI64::new(0),
            locked: AtomicI64::new(0),
            ended: AtomicI64::new(0),
        }
    }

    fn hash_of(&self, subject: &Subject) -> u64 {
        self.hashing.hash_one(subject)
    }

    /// Waits for the right to decide about the sessions of a subject.
    pub(super) fn decide(&self, subject: &Subject) -> Deciding<'_> {
        lock(&self.stripes[(self.hash_of(subject) >> 16) as usize % STRIPES])
    }

    pub(super) fn image(&self, slot: u32) -> Option<Image> {
        self.table.get(slot).map(super::slot::Slot::read)
    }

    /// The session in a slot, if it still is the one that `image` shows.
    pub(super) fn session(&self, slot: u32, image: &Image) -> Option<Session> {
        let subject = match image.subject() {
            Some(subject) => subject,
            None => {
                let subject = lock(&self.long_names).get(&slot).cloned()?;
                // The name might belong to a session that came after.
                self.image(slot).filter(|now| now.has_id(image.id()))?;
                subject
            }
        };
        Some(image.session(subject))
    }

    /// The slot whose own token this is, with what it holds.
    pub(super) fn by_token(&self, token: &TokenHash) -> Option<(u32, Image)> {
        self.tokens.find(hash_of_token(token), |slot| {
            let image = self.image(slot)?;
            (image.used() == Use::Taken && image.has_token(token)).then_some((slot, image))
        })
    }

    /// The slot whose token this was before the present one, with what it holds.
    pub(super) fn by_replaced_token(&self, token: &TokenHash) -> Option<(u32, Image, Replaced)> {
        self.tokens.find(hash_of_token(token), |slot| {
            let image = self.image(slot).filter(|image| image.is(Flag::REPLACED))?;
            let subject = self.session(slot, &image)?.subject;
            let stripe = self.decide(&subject);
            let replaced = stripe.replaced.get(&slot).filter(|replaced| replaced.token == *token)?;
            let image = self.image(slot).filter(|image| image.used() == Use::Taken)?;
            Some((slot, image, *replaced))
        })
    }

    /// The slot of a session, be it reserved, with what it holds.
    pub(super) fn by_id(&self, id: SessionId) -> Option<(u32, Image)> {
        self.ids.find(hash_of_id(id), |slot| {
            let image = self.image(slot)?;
            image.has_id(id).then_some((slot, image))
        })
    }

    /// The slot of a session that may be found.
    pub(super) fn visible(&self, id: SessionId) -> Option<(u32, Image)> {
        self.by_id(id).filter(|(_, image)| image.used() == Use::Taken)
    }

    /// The right to decide about a session, with what it holds now.
    pub(super) fn decide_about(&self, id: SessionId) -> Option<(Deciding<'_>, u32, Image)> {
        let (slot, image) = self.visible(id)?;
        let subject = self.session(slot, &image)?.subject;
        let stripe = self.decide(&subject);
        let image = self.image(slot).filter(|now| now.has_id(id) && now.used() == Use::Taken)?;
        Some((stripe, slot, image))
    }

    /// All slots of a subject. To be called with the right to decide about it.
    pub(super) fn of_subject(&self, subject: &Subject) -> Vec<(u32, Image)> {
        let mut found = Vec::new();
        let mut next = self.first_of(self.hash_of(subject), subject);
        while let Some(slot) = next {
            let Some(image) = self.image(slot) else { break };
            next = image.after();
            found.push((slot, image));
        }
        found
    }

    fn first_of(&self, hash: u64, subject: &Subject) -> Option<u32> {
        self.subjects.find(hash, |slot| {
            let image = self.image(slot)?;
            let session = (image.used() != Use::Free).then(|| self.session(slot, &image))??;
            (session.subject == *subject).then_some(slot)
        })
    }

    /// Puts a new session into a slot, where nobody finds it before it is [admitted](Self::admit). To be called
    /// with the right to decide about its subject. `None`: the id or the token is known already, or the table is
    /// full.
    pub(super) fn reserve(&self, session: &Session, due_at: Timestamp, token: TokenHash) -> Option<u32> {
        let number = self.table.take()?;
        let slot = self.table.get(number)?;
        {
            let slot = slot.lock();
            slot.put(session, due_at, true);
            slot.set_token(token);
        }
        if session.subject.inline().is_none() {
            lock(&self.long_names).insert(number, session.subject.clone());
        }
        let same_id = |other| self.image(other).is_some_and(|image| image.has_id(session.id));
        if self.ids.insert(hash_of_id(session.id), number, same_id).is_err() {
            self.empty(number, &session.subject);
            return None;
        }
        if !self.link_token(&token, number) {
            self.ids.remove(hash_of_id(session.id), number);
            self.empty(number, &session.subject);
            return None;
        }
        let hash = self.hash_of(&session.subject);
        match self.first_of(hash, &session.subject) {
            Some(first) => {
                let second = self.image(first).and_then(|image| image.after());
                self.relink(first, None, Some(number));
                self.relink(number, Some(first), second);
                if let Some(second) = second {
                    let third = self.image(second).and_then(|image| image.after());
                    self.relink(second, Some(number), third);
                }
            }
            // Nobody else adds the first slot of this subject: that needs the same right.
            None => drop(self.subjects.insert(hash, number, |_| false)),
        }
        Some(number)
    }

    /// Fetches what [`reserve`](Self::reserve) will look at.
    pub(super) fn fetch(&self, session: &Session, token: &TokenHash) {
        self.tokens.fetch(hash_of_token(token));
        self.ids.fetch(hash_of_id(session.id));
        self.subjects.fetch(self.hash_of(&session.subject));
    }

    fn relink(&self, slot: u32, before: Option<u32>, after: Option<u32>) {
        if let Some(slot) = self.table.get(slot) {
            slot.lock().set_links(before, after);
        }
    }

    /// Lets a reserved session be found.
    pub(super) fn admit(&self, slot: u32, state: State, due_at: Timestamp) {
        if let Some(slot) = self.table.get(slot) {
            slot.lock().admit(state);
        }
        self.count(None, Some(state));
        self.arm(slot, due_at);
    }

    /// Removes a session. To be called with the right to decide about its subject.
    pub(super) fn remove(&self, stripe: &mut Stripe, slot: u32, image: &Image, subject: &Subject) {
        if image.used() == Use::Taken {
            self.count(Some(image.state()), None);
        }
        lock(&self.wheel).disarm(slot);
        stripe.in_flight.remove(&slot);
        if let Some(replaced) = stripe.replaced.remove(&slot) {
            self.tokens.remove(hash_of_token(&replaced.token), slot);
        }
        self.tokens.remove(hash_of_token(&image.token()), slot);
        self.ids.remove(hash_of_id(image.id()), slot);
        // The links may be newer than the image.
        let (before, after) = self.image(slot).map_or((None, None), |now| (now.before(), now.after()));
        match (before, after) {
            (None, None) => self.subjects.remove(self.hash_of(subject), slot),
            (None, Some(after)) => self.subjects.replace(self.hash_of(subject), slot, after),
            (Some(before), _) => {
                let further = self.image(before).and_then(|image| image.before());
                self.relink(before, further, after);
            }
        }
        if let Some(after) = after {
            let further = self.image(after).and_then(|image| image.after());
            self.relink(after, before, further);
        }
        self.empty(slot, subject);
    }

    fn empty(&self, number: u32, subject: &Subject) {
        if let Some(slot) = self.table.get(number) {
            slot.lock().clear();
        }
        if subject.inline().is_none() {
            lock(&self.long_names).remove(&number);
        }
        self.table.give_back(number);
    }

    /// Lets a slot be found by a token, unless another session has it.
    pub(super) fn link_token(&self, token: &TokenHash, slot: u32) -> bool {
        let same = |other| self.image(other).is_some_and(|image| image.has_token(token) && other != slot);
        self.tokens.insert(hash_of_token(token), slot, same).is_ok()
    }

    pub(super) fn unlink_token(&self, token: &TokenHash, slot: u32) {
        self.tokens.remove(hash_of_token(token), slot);
    }

    /// Whether a token leads to a session.
    pub(super) fn knows_token(&self, token: &TokenHash) -> bool {
        let same = |slot: u32| self.image(slot).filter(|image| image.has_token(token)).map(|_| ());
        self.tokens.find(hash_of_token(token), same).is_some()
    }

    /// Looks at a session when this moment comes.
    pub(super) fn arm(&self, slot: u32, at: Timestamp) {
        lock(&self.wheel).arm(slot, at.as_millis());
    }

    /// Up to `limit` sessions whose due moment has come.
    pub(super) fn due(&self, now: Timestamp, limit: usize) -> Vec<SessionId> {
        let again_at = now + HANDED_OUT_FOR;
        let mut ids = Vec::new();
        let look = |number| {
            let Some(slot) = self.table.get(number) else { return Next::Nothing };
            let slot = slot.lock();
            let image = slot.image();
            match image.used() {
                Use::Taken if image.look_at() <= now => {
                    slot.hand_out(again_at);
                    ids.push(image.id());
                    Next::HandOut(again_at.as_millis())
                }
                Use::Taken => Next::At(image.look_at().as_millis()),
                // Whoever admits it arms it.
                Use::Free | Use::Reserved => Next::Nothing,
            }
        };
        lock(&self.wheel).advance(now.as_millis(), limit, limit.saturating_mul(4).saturating_add(4096), look);
        ids
    }

    /// Counts a session that came, changed its state, or went.
    pub(super) fn count(&self, before: Option<State>, after: Option<State>) {
        for (state, change) in [(before, -1), (after, 1)] {
            let counter = match state {
                None => continue,
                Some(State::Active) => &self.active,
                Some(State::Locked { .. }) => &self.locked,
                Some(State::Ended { .. }) => &self.ended,
            };
            counter.fetch_add(change, Ordering::Relaxed);
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let of = |counter: &AtomicI64| u64::try_from(counter.load(Ordering::Relaxed)).unwrap_or(0);
        Counts { active: of(&self.active), locked: of(&self.locked), ended: of(&self.ended) }
    }
}

/// Token hashes are random: a part of one is a hash.
fn hash_of_token(token: &TokenHash) -> u64 {
    mixed(words_of_token(token)[0])
}

fn hash_of_id(id: SessionId) -> u64 {
    let [first, second] = words_of_id(id);
    mixed(first ^ second.rotate_left(32))
}

/// Spreads what is not quite random over all bits.
fn mixed(word: u64) -> u64 {
    let word = (word ^ word >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (word ^ word >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ word >> 32
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
