//! Problem reports: what a person sends from the page that explains a lock, an ending or a missing session.
//!
//! * [`id`]: the number that the person and the operator know it by.
//! * [`report`]: what is in one.
//! * [`store`]: all of them: few, small, sealed on the disk, and gone after some time.

pub mod id;
pub mod report;
pub mod store;
#[cfg(test)]
mod store_tests;

pub use id::{ParseReportIdError, ReportId};
pub use report::{Draft, Report};
pub use store::{NotTaken, Reports};
