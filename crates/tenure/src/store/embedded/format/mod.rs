//! How records are written: explicit fields, one after the other, behind the number of the format.
//!
//! Numbers are little-endian; texts and lists are preceded by their length. A newer format gets another number,
//! and a reader that does not know it says so instead of guessing. No bytes make the decoder panic.

mod read;
mod write;

use super::super::{OldPrivilege, Record};
use crate::core::{Session, Timestamp, TokenHash};

use read::Reader;
use write::Writer;

/// The format that is written.
const FORMAT: u8 = 1;

/// A record with the tokens of its session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    /// The record.
    pub record: Record,
    /// The token of the session.
    pub token: TokenHash,
    /// The token before it.
    pub replaced: Option<Replaced>,
}

/// What of a stored record is kept in memory: all but the details.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Essence {
    /// The session.
    pub(super) session: Session,
    /// When it next needs attention.
    pub(super) due_at: Timestamp,
    /// The token of the session.
    pub(super) token: TokenHash,
    /// The token before it.
    pub(super) replaced: Option<Replaced>,
}

/// A token that was replaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Replaced {
    /// The token.
    pub token: TokenHash,
    /// What it may still do.
    pub privilege: OldPrivilege,
    /// When its successor was first seen.
    pub retired_at: Option<Timestamp>,
}

/// Why bytes are not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// They are of a format that this version does not know.
    #[error("the record has format {0}, which this version does not know")]
    UnknownFormat(u8),
    /// They are damaged.
    #[error("the record is damaged")]
    Damaged,
}

/// Writes a record.
pub fn encode(stored: &Stored) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    encode_to(stored, &mut bytes);
    bytes
}

/// Writes a record at the end of a buffer.
pub(super) fn encode_to(stored: &Stored, bytes: &mut Vec<u8>) {
    let mut out = Writer(bytes);
    out.byte(FORMAT);
    out.session(&stored.record.session);
    out.moment(stored.record.due_at);
    out.raw(&stored.token.0);
    match &stored.replaced {
        None => out.byte(0),
        Some(replaced) => {
            out.byte(1);
            out.raw(&replaced.token.0);
            out.privilege(replaced.privilege);
            out.moment(replaced.retired_at.unwrap_or(Timestamp::NEVER));
        }
    }
    out.details(&stored.record.details);
}

/// Reads a record.
///
/// # Errors
/// The format is not known, or the bytes are no record.
pub fn decode(bytes: &[u8]) -> Result<Stored, DecodeError> {
    let mut reader = Reader::of_record(bytes)?;
    let stored = reader.stored().ok_or(DecodeError::Damaged)?;
    if reader.0.is_empty() { Ok(stored) } else { Err(DecodeError::Damaged) }
}

/// Reads a record as far as it is kept in memory.
///
/// # Errors
/// As [`decode`].
pub(super) fn decode_essence(bytes: &[u8]) -> Result<Essence, DecodeError> {
    Reader::of_record(bytes)?.essence().ok_or(DecodeError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{Assurance, Audience, EndReason, LockReason, SessionId, State, Subject, Version};
    use crate::store::{Actor, Details, Device, Ending, Happening};

    fn stored() -> Stored {
        let device = Device { user_agent: "Firefox".into(), address: "192.0.2.1".into() };
        let at = Timestamp::from_millis(1_800_000_000_000);
        let mut record = Record {
            session: Session {
                id: SessionId::from_bytes([7; 16]),
                subject: Subject::new(&"zoë".repeat(40)).unwrap(),
                audience: Audience(9),
                state: State::Locked { reason: LockReason::Idle, since: at },
                assurance: Assurance::Aal2,
                remembered: true,
                signed_in_at: at,
                authenticated_at: at,
                last_activity_at: at,
                rotated_at: at,
                version: Version(3),
            },
            details: Details { host: "a.example".into(), device: device.clone(), ..Details::default() },
            due_at: at,
        };
        record.details.note(at, Happening::SignedIn, Actor::Person);
        let by = Actor::Elsewhere { session: Some(record.session.id), device };
        record.end(Ending { reason: EndReason::Displaced, at, by }, at);
        let privilege = OldPrivilege::Active { assurance: Assurance::Aal1, authenticated_at: at };
        let replaced = Some(Replaced { token: TokenHash([2; 24]), privilege, retired_at: None });
        Stored { record, token: TokenHash([1; 24]), replaced }
    }

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        assert_eq!(decode(&encode(&stored())), Ok(stored()));
    }

    #[test]
    fn a_newer_format_is_told_apart_from_damage() {
        let mut bytes = encode(&stored());
        bytes[0] = 2;
        assert_eq!(decode(&bytes), Err(DecodeError::UnknownFormat(2)));
    }

    #[test]
    fn no_cut_and_no_changed_byte_is_a_panic() {
        let bytes = encode(&stored());
        for place in 0..bytes.len() {
            assert!(decode(&bytes[..place]).is_err());
            for change in [1, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[place] ^= change;
                let _ = decode(&changed);
            }
        }
        let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
        assert_eq!(decode(&longer), Err(DecodeError::Damaged));
    }
}
