//! **Tenure**: sessions that end only when they should, explain why, and lose nothing.
//!
//! The library has three floors, and calls go one way only:
//!
//! * [`core`]: what a session is and when it stops. Pure rules, without I/O, clock or randomness.
//! * [`service`]: [`Sessions`](service::Sessions), the only place that loads, judges and saves.
//! * [`store`]: where sessions live. Stores plug in from the side, and the public
//!   [conformance suite](store::conformance) says what each must do.
//!
//! [`keys`] holds the key ring that checks tokens and seals what is stored.

pub mod clock;
pub mod core;
pub mod keys;
pub mod service;
pub mod store;

#[cfg(test)]
mod simulation;
