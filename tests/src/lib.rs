//! What the black-box tests share: a `tenure` of their own in a temporary folder, a browser without a
//! screen, an application that tells what reached it, and front proxies.
//!
//! Nothing here uses the crates of the project: the tests know only what a user knows. Everything that is
//! started listens on free ports of loopback and is killed when it is dropped.

pub mod browser;
pub mod forms;
pub mod front;
pub mod http;
pub mod mistaken;
pub mod poll;
pub mod ports;
pub mod process;
pub mod schema;
pub mod tenure;
pub mod upstream;

pub use browser::Browser;
pub use http::{Connection, Request, Response};
pub use poll::until;
pub use tenure::{Setup, Tenure};
pub use upstream::Upstream;
