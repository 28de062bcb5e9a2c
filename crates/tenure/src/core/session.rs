//! What is known about a session at any moment.

use super::{EndReason, LockReason, SessionId, Subject, Timestamp};

/// A session, as small as judging needs it. What only people read (device, address, history) is
/// kept beside it, in the store's [`Details`](crate::store::Details).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// Its public name.
    pub id: SessionId,
    /// Whom it belongs to. It never changes.
    pub subject: Subject,
    /// The host it was made for: a token of one host opens no other.
    pub audience: Audience,
    /// Where it is in its life.
    pub state: State,
    /// How strongly the person proved who they are.
    pub assurance: Assurance,
    /// Whether the person asked to stay signed in ("remember me").
    pub remembered: bool,
    /// When it began.
    pub signed_in_at: Timestamp,
    /// When the person last proved who they are; the absolute timeout counts from here.
    pub authenticated_at: Timestamp,
    /// When the person last did something; the idle timeout counts from here.
    pub last_activity_at: Timestamp,
    /// When its token was last replaced.
    pub rotated_at: Timestamp,
    /// Grows with every change except touches; conditional writes name the version they read.
    pub version: Version,
}

impl Session {
    /// Whether it has not ended: it may be locked, but it can still come back.
    pub const fn is_live(&self) -> bool {
        !matches!(self.state, State::Ended { .. })
    }
}

/// Where a session is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Requests pass.
    Active,
    /// Nothing passes; the same person can unlock it.
    Locked {
        /// Why.
        reason: LockReason,
        /// Since the limit was reached, which may be before anybody noticed.
        since: Timestamp,
    },
    /// Final.
    Ended {
        /// Why.
        reason: EndReason,
        /// When.
        at: Timestamp,
    },
}

impl State {
    /// `active`, `locked` or `ended`, as clients are told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Locked { .. } => "locked",
            Self::Ended { .. } => "ended",
        }
    }
}

/// How strongly the person proved who they are (NIST SP 800-63B-4, section 2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Assurance {
    /// One factor, such as a password.
    Aal1 = 1,
    /// Two factors.
    Aal2 = 2,
    /// Two factors, one of them a hardware key that resists phishing.
    Aal3 = 3,
}

impl Assurance {
    /// The name that travels in `Tenure-Assurance`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aal1 => "aal1",
            Self::Aal2 => "aal2",
            Self::Aal3 => "aal3",
        }
    }

    /// The level with this number, as records keep it.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Aal1),
            2 => Some(Self::Aal2),
            3 => Some(Self::Aal3),
            _ => None,
        }
    }
}

/// The host that a session was made for, as 64 bits of the BLAKE3 hash of its lower-case name.
///
/// It keeps sessions of different hosts apart; the name itself is in the details.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Audience(pub u64);

impl Audience {
    /// The audience of this host (without its port).
    pub fn of_host(host: &str) -> Self {
        let hash = blake3::hash(host.to_ascii_lowercase().as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&hash.as_bytes()[..8]);
        Self(u64::from_le_bytes(first))
    }
}

/// The version of a session's record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version(pub u64);

impl Version {
    /// The version of a session that has just been made.
    pub const FIRST: Self = Self(1);

    /// The version after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
