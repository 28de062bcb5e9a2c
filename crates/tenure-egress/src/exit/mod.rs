//! The egress's way out: by the leased address, or not at all.
//!
//! * [`local`]: sockets that are bound to an address of this host.
//! * [`upstream`]: proxies of others, as their client.
//! * [`dial`]: a connection by one member of the pool, and by no other.
//! * [`probe`]: whether a member works, and what sites see of it.
//! * [`stream`]: a connection on its way, and what is counted of it.
//! * [`datagrams`]: the same for datagrams.
//! * [`meters`]: what is counted, for each account.
//! * `way`: [`Exit`] as a [`Way`](crate::Way).

pub mod datagrams;
pub mod dial;
pub mod local;
pub mod meters;
pub mod probe;
pub mod stream;
pub mod upstream;
mod way;

pub use dial::{Dialer, Missed};
pub use probe::Echo;
pub use way::{Exit, Manner};
