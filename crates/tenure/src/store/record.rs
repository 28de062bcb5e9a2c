//! The record of a session: the session itself, and what only people read about it.

use crate::core::{EndReason, LockReason, Session, SessionId, State, Timestamp};

/// Everything that is stored about a session, besides its tokens and its data bag.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Record {
    /// The session.
    #[serde(skip)]
    pub session: Session,
    /// What people read.
    pub details: Details,
    /// When it next needs attention although nobody asks for it.
    pub due_at: Timestamp,
}

/// What only people read about a session.
#[derive(Clone, PartialEq, Eq, Default, Debug, serde::Serialize)]
pub struct Details {
    /// The host that the session was made for.
    pub host: String,
    /// Where the person signed in.
    pub device: Device,
    /// How it ended, once it has.
    pub ending: Option<Ending>,
    /// What happened to it, oldest first: at most [`Details::LONGEST`] entries.
    pub timeline: Vec<Entry>,
}

/// A browser on a device, as far as it tells.
#[derive(Clone, PartialEq, Eq, Default, Debug, serde::Serialize)]
pub struct Device {
    /// The `User-Agent`, cut to 256 bytes.
    pub user_agent: String,
    /// The address of the client, as text; empty if it is not known.
    pub address: String,
}

/// How a session ended.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Ending {
    /// Why.
    pub reason: EndReason,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: Actor,
}

/// Who did something to a session.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum Actor {
    /// Nobody: time passed.
    Tenure,
    /// The person, in the session's own browser.
    Person,
    /// The person, in another session.
    Elsewhere {
        /// That session, once it exists.
        session: Option<SessionId>,
        /// Its device.
        device: Device,
    },
    /// An administrator.
    Administrator,
}

/// An entry of a session's timeline.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub what: Happening,
    /// Who did it.
    pub by: Actor,
}

/// What can happen to a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(tag = "event", content = "reason", rename_all = "snake_case")]
pub enum Happening {
    /// Somebody signed in.
    SignedIn,
    /// The warning was answered with "stay signed in".
    Extended,
    /// It was locked.
    Locked(LockReason),
    /// The same person unlocked it.
    Unlocked,
    /// The person authenticated again without a lock.
    SteppedUp,
    /// Its token was replaced.
    Rotated,
    /// It ended.
    Ended(EndReason),
    /// The person sent something that met a lock, and it was kept.
    RequestKept,
    /// The person sent what was kept.
    RequestSent,
    /// The person discarded what was kept.
    RequestDiscarded,
    /// The person reported a problem.
    ProblemReported,
}

/// Its name as in the serialised form, with the code of its reason: `locked (idle)`.
impl std::fmt::Display for Happening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SignedIn => f.write_str("signed_in"),
            Self::Extended => f.write_str("extended"),
            Self::Locked(reason) => write!(f, "locked ({reason})"),
            Self::Unlocked => f.write_str("unlocked"),
            Self::SteppedUp => f.write_str("stepped_up"),
            Self::Rotated => f.write_str("rotated"),
            Self::Ended(reason) => write!(f, "ended ({reason})"),
            Self::RequestKept => f.write_str("request_kept"),
            Self::RequestSent => f.write_str("request_sent"),
            Self::RequestDiscarded => f.write_str("request_discarded"),
            Self::ProblemReported => f.write_str("problem_reported"),
        }
    }
}

impl Details {
    /// How many entries a timeline keeps: the first one and the latest.
    pub const LONGEST: usize = 32;

    /// Adds an entry. Beyond [`Details::LONGEST`] the oldest but the first is dropped.
    pub fn note(&mut self, at: Timestamp, what: Happening, by: Actor) {
        if self.timeline.len() >= Self::LONGEST {
            self.timeline.remove(1);
        }
        self.timeline.push(Entry { at, what, by });
    }
}

impl Record {
    /// Ends it: sets the state, notes the ending, and lets it be forgotten at `forget_at`.
    pub fn end(&mut self, ending: Ending, forget_at: Timestamp) {
        self.session.state = State::Ended { reason: ending.reason, at: ending.at };
        self.details.note(ending.at, Happening::Ended(ending.reason), ending.by.clone());
        self.details.ending = Some(ending);
        self.due_at = forget_at;
    }
}
