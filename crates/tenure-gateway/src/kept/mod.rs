//! Requests that met a lock and wait for their person: nothing that was sent is lost, and nothing is sent twice.
//!
//! * [`id`]: the public name of a kept request.
//! * [`head`]: what is known of it besides its body.
//! * [`sealing`], [`mod@file`]: how it lies on disk: sealed in chunks, so that any size needs the memory of one.
//! * [`quota`]: how much may be kept for a person, and in all.
//! * [`store`]: all that is kept: taken in, found, claimed once, removed.
//! * [`intake`], [`claim`]: a body on its way in, and on its way out.
//! * [`summary`]: what a person is shown of a body.
//!
//! A kept request belongs to a subject, a host and a session. It is gone when it has been sent or discarded, when the
//! session ends, and when its time has passed. Nothing here knows of pages or verdicts.

pub mod claim;
pub mod file;
pub mod head;
pub mod id;
pub mod intake;
pub mod quota;
pub mod sealing;
pub mod store;
pub mod summary;

pub use claim::Claim;
pub use head::Head;
pub use id::KeptId;
pub use intake::{Intake, NotKept};
pub use quota::Limits;
pub use store::{Entry, Kept, State, Totals};
