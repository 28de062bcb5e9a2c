//! Why an open stream is ended before its time.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

/// The WebSocket close code for "the session no longer lets you": private use (RFC 6455 section 7.4.2), modelled on 401.
pub(crate) const CLOSE_CODE: u16 = 4401;

/// What the client is told when its stream is ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseReason {
    /// `locked` or `ended`.
    pub state: &'static str,
    /// The stable code of the reason, such as `idle`. WebSocket close frames carry at most 123 bytes of it.
    pub reason: Cow<'static, str>,
}

/// Completes when an open stream has to end. Made only for streams and tunnels, so that boxing it costs plain requests nothing.
pub type Until = Pin<Box<dyn Future<Output = CloseReason> + Send>>;

impl CloseReason {
    /// The last event of an event stream.
    pub(crate) fn event(&self) -> String {
        let (state, reason) = (serde_json::Value::from(self.state), serde_json::Value::from(&*self.reason));
        format!("event: tenure\ndata: {{\"state\":{state},\"reason\":{reason}}}\n\n")
    }

    /// The text of a close frame, cut at a character that fits.
    pub(crate) fn close_text(&self) -> &str {
        let mut end = self.reason.len().min(123);
        while !self.reason.is_char_boundary(end) {
            end -= 1;
        }
        &self.reason[..end]
    }
}
