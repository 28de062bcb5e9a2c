//! The server: listeners and workers, background work, life and death of the process.
//!
//! Each worker is one thread with a runtime, a listener and connections to the applications of its own, so
//! that no request waits for a lock that another core holds. The kernel spreads new connections over the
//! listeners (`SO_REUSEPORT`).

mod background;
mod kept_work;
mod listen;
mod start;
mod tls;
mod worker;

pub use background::Cancel;
pub use listen::ListenError;
pub use start::{Foundation, ServeError, Server};
