//! An HTTP/1.1 proxy: `CONNECT` (RFC 9110 §9.3.6) and requests in absolute form (RFC 9112 §3.2.2).
//!
//! * `session`: one connection and whose it is.
//! * `forward`: a request in absolute form, and what of it goes on.
//! * `pool`: connections to sites, each of one account.
//! * `answers`: what the proxy itself has to say.

mod answers;
mod forward;
mod pool;
pub(super) mod session;

pub use answers::{credentials, proxy_status};
pub(super) use pool::Pool;
