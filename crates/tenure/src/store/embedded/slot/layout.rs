//! Which word of a slot holds what.

use crate::core::{SessionId, TokenHash};

/// Words of a slot besides its sequence.
pub(super) const WORDS: usize = 19;

pub(super) const META: usize = 0;
pub(super) const ID: usize = 1;
pub(super) const TOKEN: usize = 3;
pub(super) const AUDIENCE: usize = 6;
pub(super) const STATE_AT: usize = 7;
pub(super) const SIGNED_IN: usize = 8;
pub(super) const AUTHENTICATED: usize = 9;
pub(super) const LAST_ACTIVITY: usize = 10;
pub(super) const ROTATED: usize = 11;
pub(super) const VERSION: usize = 12;
pub(super) const DUE: usize = 13;
pub(super) const SUBJECT: usize = 14;
pub(super) const LINKS: usize = 18;

/// What a slot is used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Use {
    Free,
    /// A session that is being made durable: it counts, but nobody finds it.
    Reserved,
    /// A session.
    Taken,
}

/// A bit of the word that describes a slot.
#[derive(Clone, Copy)]
pub(crate) struct Flag(pub(super) u64);

impl Flag {
    pub(super) const REMEMBERED: Self = Self(1 << 13);
    /// There is a token that was replaced.
    pub(crate) const REPLACED: Self = Self(1 << 14);
    /// The token that replaced it has not been seen yet.
    pub(crate) const UNSEEN: Self = Self(1 << 15);
    /// Something that gives is being made durable: nobody but an ending may change the session.
    pub(crate) const PENDING: Self = Self(1 << 16);
    /// It is about to make room for another one.
    pub(crate) const LEAVING: Self = Self(1 << 17);
    /// It was handed out as due. When it may be handed out again is in the upper half, in seconds.
    pub(super) const HANDED_OUT: Self = Self(1 << 18);
    /// The name of its subject does not fit in here.
    pub(super) const LONG_NAME: Self = Self(1 << 19);
    /// What putting a session in does not touch.
    pub(super) const KEPT: u64 = Self::REPLACED.0 | Self::UNSEEN.0 | Self::PENDING.0 | Self::LEAVING.0;
}

pub(super) const FREE: u64 = 0;
pub(super) const RESERVED: u64 = 1;
pub(super) const ACTIVE: u64 = 2;
pub(super) const LOCKED: u64 = 3;
pub(super) const ENDED: u64 = 4;

pub(crate) fn words_of_id(id: SessionId) -> [u64; 2] {
    let bytes = id.as_bytes();
    [word_at(bytes, 0), word_at(bytes, 8)]
}

pub(crate) fn words_of_token(token: &TokenHash) -> [u64; 3] {
    [word_at(&token.0, 0), word_at(&token.0, 8), word_at(&token.0, 16)]
}

fn word_at(bytes: &[u8], place: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[place..place + 8]);
    u64::from_le_bytes(word)
}
