//! Where a request comes from: the connection, and what listed proxies say about it.

mod forwarded;
mod network;
mod origin;
mod trusted;

pub use forwarded::{Forwarded, Hop, Malformed, Node};
pub use network::network;
pub use origin::{Origin, Peer, Scheme, resolve};
pub use trusted::{InvalidNetwork, TrustedProxies};
