//! The egress as a program: its configuration, its listeners, and what operators do with it.
//!
//! * [`keys`]: everything that can be set.
//! * [`config`]: [`Config`], a valid configuration.
//! * [`server`]: [`Egress`], what runs.
//! * [`control`]: the socket that the commands speak to.
//! * [`operate`]: what operators ask for: listing, moving, releasing.
//! * [`metrics`]: what is counted, for Prometheus.
//! * [`tls`]: certificates in front, authorities behind.
//! * [`echo`]: a site that tells who connects.

pub mod config;
pub mod control;
pub mod echo;
pub mod keys;
pub mod metrics;
pub mod operate;
pub mod server;

pub use config::Config;
pub use server::{Egress, StartError};
pub use tenure_tls as tls;
