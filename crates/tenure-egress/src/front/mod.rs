//! What applications speak to: HTTP/1.1 (`CONNECT` and absolute form) and SOCKS5 (`CONNECT` and `UDP ASSOCIATE`), both
//! on one port, with TLS in front where asked.
//!
//! The front knows only a [`Way`]. It authenticates, asks the way for a stream, and answers with what came of it:
//!
//! * [`mod@relay`]: bytes in both directions, without memory while nothing moves.
//! * [`http`]: requests for a proxy (RFC 9110, RFC 9112), with `Proxy-Status` (RFC 9209) where something failed.
//! * [`socks5`]: RFC 1928 and RFC 1929.

mod connection;
pub mod http;
mod newcomers;
mod options;
pub mod relay;
mod serve;
pub mod socks5;

pub use options::{Limits, Options, Who};
pub use serve::{FrontError, serve};

#[cfg(doc)]
use crate::Way;
