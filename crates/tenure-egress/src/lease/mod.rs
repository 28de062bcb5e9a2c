//! Leases: which account leaves by which address.
//!
//! A lease is exclusive, durable before it is first used, and changed by an operator only. It names the address that
//! sites see, whatever carries the traffic there.
//!
//! * [`record`]: one change, as it is kept.
//! * [`book`]: all leases, in memory; changes are checked here, without I/O.
//! * [`medium`]: bytes that survive a crash, and those of tests that don't.
//! * [`journal`]: the records on a medium.
//! * [`service`]: [`Leases`], the only place that changes them.

pub mod book;
pub mod journal;
pub mod medium;
pub mod record;
mod service;

pub use book::{Candidate, Conflict, Lease};
pub use journal::JournalError;
pub use service::{LeaseError, Leases};
