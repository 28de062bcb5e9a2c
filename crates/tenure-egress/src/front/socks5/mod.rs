//! SOCKS5 (RFC 1928) with user name and password (RFC 1929).
//!
//! * [`codec`]: the messages, read from and written as bytes; nothing else.
//! * `session`: one connection, from the negotiation to its end.
//! * `udp`: `UDP ASSOCIATE`.

pub mod codec;
pub(super) mod session;
mod udp;

/// The version that every message of RFC 1928 begins with.
pub(super) const VERSION: u8 = 5;
