//! The egress as accounts and operators meet it, on addresses 127.0.0.N.

#![allow(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod access;
mod closed;
mod leases;
mod namespaces;
mod operations;
mod udp;
mod upstream;
mod world;
