//! Problems as RFC 9457 describes them.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Map, Value};
use tenure::core::Reason;

/// A problem: what went wrong, for programs and for people.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    members: Map<String, Value>,
    retry_after: Option<u64>,
    challenge: Option<String>,
}

impl Problem {
    /// A problem without a type of its own: the status says it all (RFC 9457, section 4.2.1).
    pub fn of_status(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::new(status, "about:blank".into(), status.canonical_reason().unwrap_or("Error"), detail)
    }

    /// A session does not let the request through.
    pub fn of_reason(reason: Reason, title: &str, detail: impl Into<String>) -> Self {
        let urn = format!("urn:tenure:reason:{}", reason.code());
        let mut problem = Self::new(StatusCode::UNAUTHORIZED, urn, title, detail)
            .with("reason", reason.code())
            .with("session_state", reason.session_state());
        // RFC 9110, section 15.5.2: a 401 names a challenge. This one has no parameters.
        problem.challenge = Some("Tenure".into());
        problem
    }

    fn new(status: StatusCode, kind: String, title: &str, detail: impl Into<String>) -> Self {
        let mut members = Map::new();
        members.insert("type".into(), kind.into());
        members.insert("title".into(), title.into());
        members.insert("status".into(), status.as_u16().into());
        members.insert("detail".into(), detail.into().into());
        Self { status, members, retry_after: None, challenge: None }
    }

    /// Adds a member (RFC 9457, section 3.2).
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.into(), value.into());
        self
    }

    /// Asks to come again after this many seconds.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The challenge for `WWW-Authenticate`.
    #[must_use]
    pub fn challenge(mut self, challenge: impl Into<String>) -> Self {
        self.challenge = Some(challenge.into());
        self
    }

    /// The status of the answer.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The answer, never to be cached.
    pub fn into_response<B: From<String>>(self) -> Response<B> {
        let mut response = Response::new(B::from(Value::Object(self.members).to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(challenge) = self.challenge.and_then(|challenge| challenge.parse().ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure::core::LockReason;

    #[test]
    fn a_reason_is_told_to_programs() {
        let problem =
            Problem::of_reason(Reason::Locked(LockReason::Idle), "Locked", "Nothing was done for a while.")
                .with("unlock_url", "/.tenure/unlock");
        let response: Response<String> = problem.into_response();
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        let body: Value = serde_json::from_str(response.body()).unwrap();
        assert_eq!(body["type"], "urn:tenure:reason:idle");
        assert_eq!(body["status"], 401);
        assert_eq!(body["session_state"], "locked");
        assert_eq!(body["unlock_url"], "/.tenure/unlock");
    }
}
