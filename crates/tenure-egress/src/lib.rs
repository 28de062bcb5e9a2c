//! Static egress: one fixed address from sign-in to the end of the task, whatever the network does.
//!
//! Two programs share this crate. The **egress** runs on a host with a pool of addresses, leases one dedicated address to
//! each account, durably, and never lets an account leave by another. The **tether** runs on the person's machine, offers
//! a local proxy, and carries its streams to the egress so that they survive a change of network.
//!
//! Both speak to applications through the same front (HTTP and SOCKS5), which knows only a [`Way`]: the egress's way out
//! is a leased address, the tether's is the tunnel to the egress.

pub mod access;
pub mod accounts;
mod clock;
pub mod egress;
pub mod exit;
mod family;
pub mod front;
pub mod lease;
pub mod pool;
pub mod settings;
mod target;
mod way;

pub use family::Family;
pub use target::{Host, HostError, Target};
pub use way::{AccountName, Datagrams, Refusal, Secret, Stream, Way};
