//! How records are written: explicit fields, one after the other, behind the number of the format.
//!
//! Numbers are little-endian; texts and lists are preceded by their length. A newer format gets another number,
//! and a reader that does not know it says so instead of guessing. No bytes make the decoder panic.

use super::super::{Actor, Details, Device, Ending, Entry, Happening, OldPrivilege, Record};
use crate::core::{
    Assurance, Audience, EndReason, LockReason, Session, SessionId, State, Subject, Timestamp, TokenHash,
    Version,
};

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

struct Writer<'a>(&'a mut Vec<u8>);

impl Writer<'_> {
    fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn number(&mut self, number: u64) {
        self.raw(&number.to_le_bytes());
    }

    fn moment(&mut self, moment: Timestamp) {
        self.number(moment.as_millis());
    }

    fn text(&mut self, text: &str) {
        // Texts are bounded far below this by whoever makes them.
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        self.raw(&length.to_le_bytes());
        self.raw(&text.as_bytes()[..usize::from(length)]);
    }

    fn state(&mut self, state: State) {
        let (kind, reason, at) = match state {
            State::Active => (0, 0, Timestamp::EPOCH),
            State::Locked { reason, since } => (1, reason.number(), since),
            State::Ended { reason, at } => (2, reason.number(), at),
        };
        self.byte(kind);
        self.byte(reason);
        self.moment(at);
    }

    fn session(&mut self, session: &Session) {
        self.raw(session.id.as_bytes());
        self.text(session.subject.as_str());
        self.number(session.audience.0);
        self.state(session.state);
        self.byte(session.assurance as u8);
        self.byte(u8::from(session.remembered));
        for moment in
            [session.signed_in_at, session.authenticated_at, session.last_activity_at, session.rotated_at]
        {
            self.moment(moment);
        }
        self.number(session.version.0);
    }

    fn privilege(&mut self, privilege: OldPrivilege) {
        match privilege {
            OldPrivilege::Locked { reason, since } => {
                self.byte(0);
                self.byte(reason.number());
                self.moment(since);
            }
            OldPrivilege::Active { assurance, authenticated_at } => {
                self.byte(1);
                self.byte(assurance as u8);
                self.moment(authenticated_at);
            }
        }
    }

    fn device(&mut self, device: &Device) {
        self.text(&device.user_agent);
        self.text(&device.address);
    }

    fn actor(&mut self, actor: &Actor) {
        match actor {
            Actor::Tenure => self.byte(0),
            Actor::Person => self.byte(1),
            Actor::Administrator => self.byte(2),
            Actor::Elsewhere { session, device } => {
                self.byte(3);
                match session {
                    Some(id) => {
                        self.byte(1);
                        self.raw(id.as_bytes());
                    }
                    None => self.byte(0),
                }
                self.device(device);
            }
        }
    }

    fn happening(&mut self, happening: Happening) {
        let (kind, reason) = match happening {
            Happening::SignedIn => (0, 0),
            Happening::Extended => (1, 0),
            Happening::Locked(reason) => (2, reason.number()),
            Happening::Unlocked => (3, 0),
            Happening::SteppedUp => (4, 0),
            Happening::Rotated => (5, 0),
            Happening::Ended(reason) => (6, reason.number()),
        };
        self.byte(kind);
        self.byte(reason);
    }

    fn details(&mut self, details: &Details) {
        self.text(&details.host);
        self.device(&details.device);
        match &details.ending {
            None => self.byte(0),
            Some(ending) => {
                self.byte(1);
                self.byte(ending.reason.number());
                self.moment(ending.at);
                self.actor(&ending.by);
            }
        }
        let count = details.timeline.len().min(Details::LONGEST);
        self.byte(count as u8);
        for entry in &details.timeline[..count] {
            self.moment(entry.at);
            self.happening(entry.what);
            self.actor(&entry.by);
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn of_record(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Self(bytes);
        match reader.byte().ok_or(DecodeError::Damaged)? {
            FORMAT => Ok(reader),
            other => Err(DecodeError::UnknownFormat(other)),
        }
    }

    fn raw<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn byte(&mut self) -> Option<u8> {
        self.raw::<1>().map(|[byte]| byte)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<u64> {
        self.raw().map(u64::from_le_bytes)
    }

    fn moment(&mut self) -> Option<Timestamp> {
        self.number().map(Timestamp::from_millis)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::from(u16::from_le_bytes(self.raw()?));
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn id(&mut self) -> Option<SessionId> {
        self.raw().map(SessionId::from_bytes)
    }

    fn state(&mut self) -> Option<State> {
        let (kind, reason, at) = (self.byte()?, self.byte()?, self.moment()?);
        match kind {
            0 => Some(State::Active),
            1 => Some(State::Locked { reason: LockReason::from_number(reason)?, since: at }),
            2 => Some(State::Ended { reason: EndReason::from_number(reason)?, at }),
            _ => None,
        }
    }

    fn session(&mut self) -> Option<Session> {
        Some(Session {
            id: self.id()?,
            subject: Subject::new(self.text()?).ok()?,
            audience: Audience(self.number()?),
            state: self.state()?,
            assurance: Assurance::from_number(self.byte()?)?,
            remembered: self.flag()?,
            signed_in_at: self.moment()?,
            authenticated_at: self.moment()?,
            last_activity_at: self.moment()?,
            rotated_at: self.moment()?,
            version: Version(self.number()?),
        })
    }

    fn privilege(&mut self) -> Option<OldPrivilege> {
        let (kind, number, at) = (self.byte()?, self.byte()?, self.moment()?);
        match kind {
            0 => Some(OldPrivilege::Locked { reason: LockReason::from_number(number)?, since: at }),
            1 => Some(OldPrivilege::Active {
                assurance: Assurance::from_number(number)?,
                authenticated_at: at,
            }),
            _ => None,
        }
    }

    fn device(&mut self) -> Option<Device> {
        Some(Device { user_agent: self.text()?.to_owned(), address: self.text()?.to_owned() })
    }

    fn actor(&mut self) -> Option<Actor> {
        match self.byte()? {
            0 => Some(Actor::Tenure),
            1 => Some(Actor::Person),
            2 => Some(Actor::Administrator),
            3 => {
                let session = if self.flag()? { Some(self.id()?) } else { None };
                Some(Actor::Elsewhere { session, device: self.device()? })
            }
            _ => None,
        }
    }

    fn happening(&mut self) -> Option<Happening> {
        let (kind, reason) = (self.byte()?, self.byte()?);
        match kind {
            0 => Some(Happening::SignedIn),
            1 => Some(Happening::Extended),
            2 => LockReason::from_number(reason).map(Happening::Locked),
            3 => Some(Happening::Unlocked),
            4 => Some(Happening::SteppedUp),
            5 => Some(Happening::Rotated),
            6 => EndReason::from_number(reason).map(Happening::Ended),
            _ => None,
        }
    }

    fn ending(&mut self) -> Option<Ending> {
        Some(Ending { reason: EndReason::from_number(self.byte()?)?, at: self.moment()?, by: self.actor()? })
    }

    fn details(&mut self) -> Option<Details> {
        let (host, device) = (self.text()?.to_owned(), self.device()?);
        let ending = if self.flag()? { Some(self.ending()?) } else { None };
        let count = usize::from(self.byte()?);
        if count > Details::LONGEST {
            return None;
        }
        let entry = |reader: &mut Self| {
            Some(Entry { at: reader.moment()?, what: reader.happening()?, by: reader.actor()? })
        };
        let timeline = (0..count).map(|_| entry(self)).collect::<Option<Vec<_>>>()?;
        Some(Details { host, device, ending, timeline })
    }

    fn essence(&mut self) -> Option<Essence> {
        let session = self.session()?;
        let due_at = self.moment()?;
        let token = TokenHash(self.raw()?);
        let replaced = if self.flag()? {
            let (token, privilege, at) = (TokenHash(self.raw()?), self.privilege()?, self.moment()?);
            Some(Replaced { token, privilege, retired_at: at.is_finite().then_some(at) })
        } else {
            None
        };
        Some(Essence { session, due_at, token, replaced })
    }

    fn stored(&mut self) -> Option<Stored> {
        let Essence { session, due_at, token, replaced } = self.essence()?;
        let details = self.details()?;
        Some(Stored { record: Record { session, details, due_at }, token, replaced })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
