//! The rules of sessions: no I/O, no clock, no randomness.
//!
//! Start with [`session`] (what is known about a session), [`policy`] (what limits it) and
//! [`judge`](judge::judge) (what follows from both at a given moment).

pub mod id;
pub mod judge;
pub mod policy;
pub mod preset;
pub mod reason;
pub mod session;
pub mod subject;
pub mod time;
pub mod token;

pub use id::{ParseIdError, SessionId};
pub use judge::{Activity, Deadlines, Request, Signals, Verdict, judge};
pub use policy::{OnExcess, OnLimit, Policy, PolicyBuilder, RememberMe};
pub use preset::{Finding, Preset, Requirement};
pub use reason::{EndReason, LockReason, MissingReason, Reason};
pub use session::{Assurance, Audience, Session, State, Version};
pub use subject::{Subject, SubjectError};
pub use time::Timestamp;
pub use token::{Token, TokenError, TokenHash};
