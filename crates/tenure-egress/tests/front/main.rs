//! The front as applications meet it, over a way that goes straight to 127.0.0.1.

#![allow(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod http;
mod socks;
mod world;
