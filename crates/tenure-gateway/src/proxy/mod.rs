//! The way of a request to the application and of the answer back.
//!
//! Nothing here knows of sessions or configuration: whoever calls has judged the request, and passes in typed parameters
//! what is to be added, what is to be kept back, and a future that says when an open stream has to end.

mod admit;
mod body;
mod close;
mod connection;
mod cookies;
mod headers;
pub mod inject;
mod relay;
mod stream;
mod upgrade;
mod upstream;
mod websocket;

pub use admit::{Refusal, admit};
pub use body::{BoxError, ReqBody, RespBody};
pub use close::{CloseReason, Until};
pub use connection::UpstreamBody;
pub use cookies::OwnCookies;
pub use headers::is_reserved;
pub use relay::{Forward, forward};
pub use stream::EndingBody;
pub use upstream::{InvalidUpstream, Upstream, UpstreamError, UpstreamLimits};
