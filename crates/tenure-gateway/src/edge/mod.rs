//! The edge: every request of a browser or front proxy comes in here, is judged, and is either
//! passed on, answered by one of the gateway's own endpoints, or told why not.

pub(crate) mod bag;
mod cors;
mod endpoints;
mod forms;
pub mod gateway;
mod handle;
pub mod identity;
mod keeping;
pub mod probe;
mod refusal;
mod replay;
mod reply;
mod resume;
mod standing;
mod streams;
mod visit;

pub use gateway::{Gateway, Settings};
pub use handle::{Worker, handle};
pub use visit::{RequestId, Visit};
