//! Reading what a slot held.

use super::layout::*;
use crate::core::{
    Assurance, Audience, EndReason, LockReason, Session, SessionId, State, Subject, Timestamp, TokenHash,
    Version,
};

/// What a slot held at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Image(pub(super) [u64; WORDS]);

impl Image {
    pub(crate) fn used(&self) -> Use {
        match self.0[META] & 7 {
            FREE => Use::Free,
            RESERVED => Use::Reserved,
            _ => Use::Taken,
        }
    }

    pub(crate) fn is(&self, flag: Flag) -> bool {
        self.0[META] & flag.0 != 0
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self.0[META] & 7, RESERVED | ACTIVE | LOCKED)
    }

    pub(crate) fn is_active(&self) -> bool {
        self.0[META] & 7 == ACTIVE
    }

    pub(crate) fn id(&self) -> SessionId {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0[ID].to_le_bytes());
        bytes[8..].copy_from_slice(&self.0[ID + 1].to_le_bytes());
        SessionId::from_bytes(bytes)
    }

    pub(crate) fn has_id(&self, id: SessionId) -> bool {
        self.0[META] & 7 != FREE && self.0[ID..ID + 2] == words_of_id(id)
    }

    pub(crate) fn has_token(&self, token: &TokenHash) -> bool {
        self.0[TOKEN..TOKEN + 3] == words_of_token(token)
    }

    pub(crate) fn token(&self) -> TokenHash {
        let mut token = [0; 24];
        for (bytes, word) in token.chunks_exact_mut(8).zip(&self.0[TOKEN..]) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        TokenHash(token)
    }

    pub(crate) fn audience(&self) -> Audience {
        Audience(self.0[AUDIENCE])
    }

    pub(crate) fn version(&self) -> Version {
        Version(self.0[VERSION])
    }

    pub(crate) fn last_activity_at(&self) -> Timestamp {
        Timestamp::from_millis(self.0[LAST_ACTIVITY])
    }

    pub(crate) fn due_at(&self) -> Timestamp {
        Timestamp::from_millis(self.0[DUE])
    }

    /// When it is to be looked at: when it is due, unless it was handed out and may not be again before that.
    pub(crate) fn look_at(&self) -> Timestamp {
        if !self.is(Flag::HANDED_OUT) {
            return self.due_at();
        }
        self.due_at().max(Timestamp::from_millis((self.0[META] >> 32) * 1000))
    }

    pub(crate) fn before(&self) -> Option<u32> {
        u32::try_from(self.0[LINKS] >> 32).ok()?.checked_sub(1)
    }

    pub(crate) fn after(&self) -> Option<u32> {
        (self.0[LINKS] as u32).checked_sub(1)
    }

    /// The subject, unless its name is too long for a slot.
    pub(crate) fn subject(&self) -> Option<Subject> {
        if self.is(Flag::LONG_NAME) {
            return None;
        }
        let mut name = [0; Subject::INLINE];
        for (bytes, word) in name.chunks_mut(8).zip(&self.0[SUBJECT..]) {
            bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
        }
        Some(Subject::from_inline((self.0[META] >> 24) as u8, name))
    }

    pub(crate) fn state(&self) -> State {
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
    pub(crate) fn session(&self, subject: Subject) -> Session {
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
