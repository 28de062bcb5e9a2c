//! Reading the fields of a record.

use super::{DecodeError, Essence, FORMAT, Replaced, Stored};
use crate::core::{
    Assurance, Audience, EndReason, LockReason, Session, SessionId, State, Subject, Timestamp, TokenHash,
    Version,
};
use crate::store::{Actor, Details, Device, Ending, Entry, Happening, OldPrivilege, Record};

/// What is left to be read. Each step gives nothing if it finds something else than what it looks for.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn of_record(bytes: &'a [u8]) -> Result<Self, DecodeError> {
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

    pub(super) fn byte(&mut self) -> Option<u8> {
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
            7 => Some(Happening::RequestKept),
            8 => Some(Happening::RequestSent),
            9 => Some(Happening::RequestDiscarded),
            10 => Some(Happening::ProblemReported),
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

    pub(super) fn essence(&mut self) -> Option<Essence> {
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

    pub(super) fn stored(&mut self) -> Option<Stored> {
        let Essence { session, due_at, token, replaced } = self.essence()?;
        let details = self.details()?;
        Some(Stored { record: Record { session, details, due_at }, token, replaced })
    }
}
