//! The proxy over real sockets: a client, the gateway's relay, and an application.
// Helpers of tests fail as tests do; the exception for tests covers only functions that are marked as such.
#![allow(clippy::unwrap_used)]

mod failures;
mod pages;
mod relaying;
mod streaming;
mod support;
mod upgrades;
