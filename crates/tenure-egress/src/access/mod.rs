//! Where accounts may go: judged on the address that is then connected to, and on no other.
//!
//! * [`ranges`]: what an address really is, and the ranges that are no sites.
//! * [`rules`]: [`Rules`], what the operator allows beyond that.
//! * [`names`]: [`Names`], looking names up, once.

pub mod names;
pub mod ranges;
pub mod rules;

pub use names::Names;
pub use rules::Rules;
