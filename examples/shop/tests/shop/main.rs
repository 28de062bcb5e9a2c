//! The application on a real listener, asked as a gateway would ask it.

// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used)]

mod chat;
mod claim;
mod probes;
mod shopping;
mod support;
