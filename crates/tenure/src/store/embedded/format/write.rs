//! Writing the fields of a record.

use crate::core::{Session, State, Timestamp};
use crate::store::{Actor, Details, Device, Happening, OldPrivilege};

/// Writes at the end of a buffer.
pub(super) struct Writer<'a>(pub(super) &'a mut Vec<u8>);

impl Writer<'_> {
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn number(&mut self, number: u64) {
        self.raw(&number.to_le_bytes());
    }

    pub(super) fn moment(&mut self, moment: Timestamp) {
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

    pub(super) fn session(&mut self, session: &Session) {
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

    pub(super) fn privilege(&mut self, privilege: OldPrivilege) {
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
            Happening::RequestKept => (7, 0),
            Happening::RequestSent => (8, 0),
            Happening::RequestDiscarded => (9, 0),
            Happening::ProblemReported => (10, 0),
        };
        self.byte(kind);
        self.byte(reason);
    }

    pub(super) fn details(&mut self, details: &Details) {
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
