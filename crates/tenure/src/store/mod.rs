//! Where sessions live: the contract of a store.
//!
//! A store is few methods whose edge cases are written beside them. Whoever writes one runs the
//! public [conformance suite](conformance) on it, races included.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod embedded;
pub mod memory;
pub mod record;

use std::future::Future;

pub use embedded::{EmbeddedOptions, EmbeddedStore};
pub use memory::MemoryStore;
pub use record::{Actor, Details, Device, Ending, Entry, Happening, Record};

use crate::core::{
    Assurance, Audience, LockReason, Session, SessionId, Subject, Timestamp, TokenHash, Version,
};

/// A place where sessions live.
///
/// # What every store promises
///
/// 1. **Nothing ended comes back.** Once [`update`](Store::update) has ended a session, no call
///    changes it any more, and no call re-creates it: not a slow update, not a touch.
/// 2. **What is acknowledged is durable.** When [`insert`](Store::insert), [`update`](Store::update)
///    or a change of the data bag answers `Ok`, it survives a crash. [`touch`](Store::touch) and
///    [`retire`](Store::retire) may be written behind, but recovery gives back at least the time
///    that may be missing, so that nobody's idle time gets shorter by a crash.
/// 3. **What takes away takes effect at once.** A lock or an ending is in force for every reader
///    before it is durable, and stays in force if making it durable fails. What gives (an unlock,
///    a rotation, a sign-in) is in force only once it is durable.
/// 4. **Not knowing is not an ending.** A store that cannot answer says [`Unavailable`].
/// 5. **One damaged record is one session.** It reads as ended with `corrupted`; everything else works.
pub trait Store: Send + Sync + 'static {
    /// Adds a session, unless its subject has as many live ones for the same audience as
    /// `admission` allows. Counting and adding are one step: two at once never both pass a limit of
    /// one. Gives back the records that were ended to make room, as they are now.
    ///
    /// # Errors
    /// [`InsertError::Full`] with the sessions in the way, and then nobody was displaced;
    /// [`InsertError::Unavailable`] when it could not be made durable, and then nothing was added and
    /// nobody was displaced for good. An id or a token that is already known, be it of an ended
    /// session, is refused as unavailable too: nothing is ever overwritten.
    fn insert(
        &self,
        record: Record,
        token: TokenHash,
        admission: Admission,
    ) -> impl Future<Output = Result<Vec<Record>, InsertError>> + Send;

    /// The session of a token: its current one, or one that it replaced. Ended sessions are found
    /// for as long as their tombstones are kept.
    ///
    /// # Errors
    /// [`Unavailable`]: the store cannot answer, which says nothing about the session.
    fn find(&self, token: &TokenHash) -> impl Future<Output = Result<Option<Found>, Unavailable>> + Send;

    /// Everything about one session.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn load(&self, id: SessionId) -> impl Future<Output = Result<Option<Record>, Unavailable>> + Send;

    /// Notes activity. It moves [`Session::last_activity_at`] and the moment at which the session is
    /// due forward, never back, and changes nothing else: in particular not the version, so it
    /// conflicts with nothing and can never overwrite anything.
    ///
    /// # Errors
    /// [`TouchError::Gone`] if the session is not active (any more) or unknown.
    fn touch(&self, session: &Found, touch: Touch) -> impl Future<Output = Result<(), TouchError>> + Send;

    /// Notes that the current token of the session has been seen, so that the one it replaced is now
    /// out of use. The first moment counts. Does nothing if there is no replaced token, or if the
    /// session has another version by now: the token that was seen may have been replaced meanwhile,
    /// and the newest one has not been seen yet.
    ///
    /// # Errors
    /// [`TouchError::Gone`] if the session is unknown or ended.
    fn retire(&self, session: &Found, at: Timestamp) -> impl Future<Output = Result<(), TouchError>> + Send;

    /// Replaces the record of a session if it still has the version that `change` was made from,
    /// and gives it the next one. The store sets the version; what the record says of it is ignored.
    /// A record that says `Ended` makes a tombstone: it is final, drops the data bag, and is kept
    /// until it is [forgotten](Store::forget). Activity noted meanwhile is kept, unless the change
    /// carries a later one; and so is the due moment noted with it if the session stays active.
    ///
    /// # Errors
    /// [`UpdateError::Gone`] if the session has ended or is unknown, which says that the ending is
    /// durable, as `Ok` would have said; [`UpdateError::Conflict`] if it
    /// has another version, or another update of it is being made durable, or
    /// [`Change::if_quiet_since`] does not hold: load it again and decide anew;
    /// [`UpdateError::Unavailable`].
    fn update(
        &self,
        expected: Version,
        change: Change,
    ) -> impl Future<Output = Result<Version, UpdateError>> + Send;

    /// Every session of a subject that has not been forgotten, whatever its state, in the order of
    /// signing in.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn list(&self, subject: &Subject) -> impl Future<Output = Result<Vec<Record>, Unavailable>> + Send;

    /// Up to `limit` sessions of anybody, ended ones included, in the order of their ids, beginning
    /// after `after`: for administration. Sessions made meanwhile may or may not appear.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn page(
        &self,
        after: Option<SessionId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Session>, Unavailable>> + Send;

    /// Up to `limit` sessions whose [`Record::due_at`] has come, longest due first as far as that is
    /// cheap. Each is handed out once for a due moment; it comes again if the caller neither updates
    /// nor forgets it within a minute, or when it is due anew.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn due(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<SessionId>, Unavailable>> + Send;

    /// Removes the tombstone of an ended session. Sessions that have not ended, and unknown ones,
    /// are left as they are.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn forget(&self, id: SessionId) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// How many sessions there are. May lag behind by moments.
    fn counts(&self) -> Counts;

    /// The keys of a session's data bag and their versions, in order.
    ///
    /// # Errors
    /// [`DataError::Gone`] if the session has ended or is unknown; [`DataError::Unavailable`].
    fn data_keys(
        &self,
        id: SessionId,
    ) -> impl Future<Output = Result<Vec<(String, DataVersion)>, DataError>> + Send;

    /// A value of the data bag.
    ///
    /// # Errors
    /// [`DataError::Gone`], [`DataError::Unavailable`].
    fn data(
        &self,
        id: SessionId,
        key: &str,
    ) -> impl Future<Output = Result<Option<DataValue>, DataError>> + Send;

    /// Writes (`Some`) or removes (`None`) a value of the data bag if `precondition` holds, in one
    /// step with checking it. Two keys never conflict. Gives the new version; versions of a key only
    /// grow for the life of the session, also over a removal. Removing what is not there is no error.
    ///
    /// # Errors
    /// [`DataError::Gone`], [`DataError::Conflict`] with what is there, [`DataError::Unavailable`].
    fn write_data(
        &self,
        id: SessionId,
        key: &str,
        value: Option<Vec<u8>>,
        precondition: Precondition,
    ) -> impl Future<Output = Result<DataVersion, DataError>> + Send;
}

/// What a store knows of the session of a token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The session.
    pub session: Session,
    /// Whether the token is the session's own or one that was replaced.
    pub token: TokenStanding,
    /// Where the store keeps it: a hint that only the store reads.
    pub place: u64,
}

/// How a token stands to its session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenStanding {
    /// It is the token of the session.
    Current {
        /// It replaced another one, and has not been seen until now: see [`Store::retire`].
        first_seen: bool,
    },
    /// It has been replaced by a newer one.
    Replaced {
        /// What it may still do for requests under way.
        privilege: OldPrivilege,
        /// When the newer one was first seen. `None`: the browser may not have received it.
        retired_at: Option<Timestamp>,
    },
}

/// What a replaced token may still do during the overlap: what it could do before, and no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OldPrivilege {
    /// It was locked for this reason, since then: it reaches nothing.
    Locked {
        /// The reason of the lock that was lifted.
        reason: LockReason,
        /// When that lock began.
        since: Timestamp,
    },
    /// It was active with this assurance and this time of authentication.
    Active {
        /// The assurance that it had.
        assurance: Assurance,
        /// The authentication that it stood for.
        authenticated_at: Timestamp,
    },
}

/// A new state of a session, for [`Store::update`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The whole record as it should be.
    pub record: Record,
    /// A new token, if the session gets one. Only the one before it is remembered as replaced.
    pub rotation: Option<Rotation>,
    /// The change holds only if no activity later than this has been noted, which is checked in one
    /// step with the version. A session is locked for idleness on this condition, so that it cannot
    /// be locked under somebody whose activity was acknowledged a moment before.
    pub if_quiet_since: Option<Timestamp>,
}

/// The replacement of a session's token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rotation {
    /// The new token.
    pub token: TokenHash,
    /// What the old one may still do.
    pub old_privilege: OldPrivilege,
}

/// Activity, for [`Store::touch`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Touch {
    /// When it was.
    pub at: Timestamp,
    /// When the session is now due.
    pub due_at: Timestamp,
}

/// How many live sessions a subject may have for one audience.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Admission {
    /// Any number.
    Unlimited,
    /// At most this many, the new one included; one more is refused.
    AtMost(u32),
    /// At most this many; those used least recently make room and end like this.
    EndOldest {
        /// The limit, the new one included.
        limit: u32,
        /// How the displaced ones end.
        ending: Ending,
        /// How long their tombstones are kept: when they are due to be forgotten.
        forget_at: Timestamp,
    },
    /// As `AtMost`, but this session of the same subject and audience makes room if it is live. It
    /// ends even where there is room by now: the person asked for it.
    Replace {
        /// The limit, the new one included.
        limit: u32,
        /// The one to end.
        session: SessionId,
        /// How it ends.
        ending: Ending,
        /// When its tombstone is due to be forgotten.
        forget_at: Timestamp,
    },
}

/// How many sessions a store has.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, serde::Serialize)]
pub struct Counts {
    /// Active ones, including those that nobody has noticed to be over a limit.
    pub active: u64,
    /// Locked ones.
    pub locked: u64,
    /// Tombstones.
    pub ended: u64,
}

/// The version of a value in a data bag; its `ETag`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize)]
pub struct DataVersion(pub u64);

/// A value of a data bag.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataValue {
    /// Its version.
    pub version: DataVersion,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What must hold for a value of a data bag to be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Precondition {
    /// Nothing: the last write wins.
    Always,
    /// There is no value.
    Absent,
    /// There is a value.
    Present,
    /// There is a value of this version.
    Version(DataVersion),
}

impl Precondition {
    /// Whether it holds where this version is there, or nothing.
    pub fn holds_for(self, current: Option<DataVersion>) -> bool {
        match self {
            Self::Always => true,
            Self::Absent => current.is_none(),
            Self::Present => current.is_some(),
            Self::Version(expected) => current == Some(expected),
        }
    }
}

/// The store cannot answer now. It says nothing about any session.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the store does not answer: {reason}")]
pub struct Unavailable {
    /// For the log: what is wrong, without any secret.
    pub reason: String,
}

impl Unavailable {
    /// With this reason.
    pub fn because(reason: impl std::fmt::Display) -> Self {
        Self { reason: reason.to_string() }
    }
}

/// Why a session was not added.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// The subject has as many sessions as allowed; these are in the way.
    #[error("the subject has as many sessions as allowed")]
    Full(Vec<Record>),
    /// The store cannot answer now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a session was not touched.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TouchError {
    /// It is not there or not active any more.
    #[error("the session is not active any more")]
    Gone,
    /// The store cannot answer now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a session was not changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum UpdateError {
    /// It has ended or is unknown.
    #[error("the session has ended")]
    Gone,
    /// Somebody else changed it meanwhile.
    #[error("the session was changed meanwhile")]
    Conflict,
    /// The store cannot answer now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a data bag could not be read or written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DataError {
    /// The session has ended or is unknown.
    #[error("the session has ended")]
    Gone,
    /// The precondition does not hold; this version is there.
    #[error("the value was changed meanwhile")]
    Conflict(Option<DataVersion>),
    /// The store cannot answer now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Admission {
    /// Whether `session` counts against a limit of `subject` at `audience`.
    pub fn counts(session: &Session, subject: &Subject, audience: Audience) -> bool {
        session.is_live() && session.audience == audience && session.subject == *subject
    }
}
