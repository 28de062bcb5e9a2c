//! The application behind the gateway, reached over HTTP/1.1.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, EXPECT, HOST, HeaderValue, UPGRADE};
use http::uri::PathAndQuery;
use http::{Method, Request, Response, StatusCode, Uri, Version};
use http_body::Body as _;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::body::Progress;
use super::connection::{Connection, Pool};
use super::{Refusal, ReqBody, UpstreamBody};

/// A connection that has waited for less than this is not expected to be closed by the application just now, so that its
/// request isn't copied for a second attempt.
const FRESH: Duration = Duration::from_millis(250);

/// How long to wait for the application, and for how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamLimits {
    /// To be connected. 5 seconds by default.
    pub connect_timeout: Duration,
    /// From the end of the request, or from its last progress, to the head of the response. Time spent waiting for the client
    /// doesn't count. 60 seconds by default.
    pub response_timeout: Duration,
    /// The largest request body in bytes; any by default.
    pub max_body: Option<u64>,
    /// How long an unused connection is kept. 20 seconds by default.
    pub keep_idle: Duration,
    /// How many unused connections are kept by this `Upstream`, that is for each worker. 256 by default.
    pub max_idle: usize,
}

impl Default for UpstreamLimits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(60),
            max_body: None,
            keep_idle: Duration::from_secs(20),
            max_idle: 256,
        }
    }
}

/// Why there is no response of the application. The texts are fit for people and name no addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// No connection: nothing was sent.
    #[error("the application could not be reached")]
    Unreachable,
    /// No connection in time: nothing was sent.
    #[error("the application did not accept a connection in time")]
    ConnectTimedOut,
    /// Connected and sent, but no response in time. The application may have acted on the request.
    #[error("the application did not answer in time")]
    TimedOut,
    /// The request body is larger than `max_body`.
    #[error("the request is larger than the gateway accepts")]
    BodyTooLarge,
    /// The connection broke before a response came. The application may have acted on the request.
    #[error("the application closed the connection without an answer")]
    Reset,
    /// What came was not HTTP.
    #[error("the application gave an answer that could not be understood")]
    InvalidResponse,
    /// The client stopped sending its request.
    #[error("the request was not sent to its end")]
    ClientAborted,
    /// The request is ambiguous: nothing was sent.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl UpstreamError {
    /// The status of the answer to the client.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Unreachable | Self::Reset | Self::InvalidResponse => StatusCode::BAD_GATEWAY,
            Self::ConnectTimedOut | Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ClientAborted => StatusCode::BAD_REQUEST,
            Self::Refused(refusal) => refusal.status(),
        }
    }

    /// Whether the application can't have seen anything of the request.
    #[must_use]
    pub const fn nothing_was_sent(self) -> bool {
        matches!(self, Self::Unreachable | Self::ConnectTimedOut | Self::Refused(_))
    }
}

/// An address that can't be an upstream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{uri:?} is not of the form http://host:port: {problem}")]
pub struct InvalidUpstream {
    /// What was written.
    pub uri: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// The application, with a pool of connections of its own. Meant to be made once for each worker: a clone shares the pool.
#[derive(Debug, Clone)]
pub struct Upstream {
    target: Arc<Target>,
    pool: Arc<Pool>,
}

#[derive(Debug)]
struct Target {
    host: Box<str>,
    port: u16,
    authority: HeaderValue,
    limits: UpstreamLimits,
}

impl Upstream {
    /// Takes `http://host:port`. No connection is made yet.
    ///
    /// # Errors
    /// [`InvalidUpstream`] for another scheme, a path, a user name or a missing host.
    pub fn new(uri: &Uri, limits: UpstreamLimits) -> Result<Self, InvalidUpstream> {
        let invalid = |problem| InvalidUpstream { uri: uri.to_string(), problem };
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                return Err(invalid("applications are reached over plain HTTP on a network that you trust"));
            }
            _ => return Err(invalid("the scheme is missing or unknown")),
        }
        let authority = uri.authority().ok_or_else(|| invalid("the host is missing"))?;
        if authority.as_str().contains('@') {
            return Err(invalid("user names and passwords don't belong here"));
        }
        if uri.path_and_query().is_some_and(|path| path != "/") {
            return Err(invalid("paths are passed on as they are, so the address ends with the port"));
        }
        let value =
            HeaderValue::from_str(authority.as_str()).map_err(|_| invalid("the host is malformed"))?;
        let pool = Pool::new(limits.max_idle, limits.keep_idle);
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').into();
        let port = authority.port_u16().unwrap_or(80);
        Ok(Self { target: Arc::new(Target { host, port, authority: value, limits }), pool })
    }

    /// Sends one request as it is, but for its framing and target, and waits for the head of the response.
    ///
    /// A kept connection that turns out to be closed is replaced once: when nothing had been sent, or when the request has no
    /// body and may be repeated (RFC 9110 section 9.2.2). Dropping the future, or the response, ends the request.
    ///
    /// # Errors
    /// [`UpstreamError`], each with the status for the client.
    pub async fn send(&self, mut request: Request<ReqBody>) -> Result<Response<UpstreamBody>, UpstreamError> {
        self.prepare(&mut request)?;
        let progress = (!request.body().is_end_stream()).then(|| request.body_mut().watch());
        hold_for_continue(&mut request);

        if let Some((connection, waited)) = self.pool.take() {
            let copy =
                (waited >= FRESH && progress.is_none()).then(|| copy_if_repeatable(&request)).flatten();
            match self.exchange(connection, request, progress.as_deref()).await {
                Ok(response) => return Ok(response),
                Err(Failure { unsent: Some(unsent), .. }) => request = *unsent,
                Err(failure) => match copy {
                    Some(copy) if failure.error == UpstreamError::Reset => request = copy,
                    _ => return Err(failure.error),
                },
            }
        }
        let connection = self.connect().await?;
        self.exchange(connection, request, progress.as_deref()).await.map_err(|failure| failure.error)
    }

    fn prepare(&self, request: &mut Request<ReqBody>) -> Result<(), UpstreamError> {
        *request.version_mut() = Version::HTTP_11;
        if request.uri().authority().is_some() {
            let path =
                request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
            *request.uri_mut() = Uri::from(path);
        }
        if !request.headers().contains_key(HOST) {
            request.headers_mut().insert(HOST, self.target.authority.clone());
        }
        if let Some(max) = self.target.limits.max_body {
            let announced = request.body().size_hint().lower().max(announced_length(request));
            if announced > max {
                return Err(UpstreamError::BodyTooLarge);
            }
            request.body_mut().limit(max);
        }
        Ok(())
    }

    async fn connect(&self) -> Result<Box<Connection>, UpstreamError> {
        let target = &*self.target;
        let connecting = TcpStream::connect((&*target.host, target.port));
        let stream = match tokio::time::timeout(target.limits.connect_timeout, connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::debug!(%error, "no connection to the application");
                return Err(UpstreamError::Unreachable);
            }
            Err(_) => return Err(UpstreamError::ConnectTimedOut),
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "small packets may be delayed");
        }
        Connection::handshake(stream).await.map_err(|_| UpstreamError::Unreachable)
    }

    async fn exchange(
        &self,
        mut connection: Box<Connection>,
        request: Request<ReqBody>,
        progress: Option<&Progress>,
    ) -> Result<Response<UpstreamBody>, Failure> {
        let limit = self.target.limits.response_timeout;
        if request.headers().contains_key(UPGRADE) {
            connection.detach();
        }
        let mut response = pin!(connection.send(request));
        let mut deadline = pin!(tokio::time::sleep(limit));
        let mut mark = progress.map(Progress::mark);
        let answer = std::future::poll_fn(|context| {
            if let Poll::Ready(sent) =
                connection.poll_with(context, |context| response.as_mut().poll(context))
            {
                return Poll::Ready(Some(sent));
            }
            while deadline.as_mut().poll(context).is_ready() {
                let now = progress.map(Progress::mark);
                if now == mark && !progress.is_some_and(Progress::is_waiting_for_client) {
                    return Poll::Ready(None);
                }
                mark = now;
                deadline.as_mut().reset(Instant::now() + limit);
            }
            Poll::Pending
        })
        .await;
        match answer {
            Some(Ok(response)) => {
                if progress.is_some_and(|progress| !progress.is_done()) {
                    connection.detach();
                }
                Ok(response.map(|incoming| UpstreamBody::new(incoming, connection, Arc::clone(&self.pool))))
            }
            Some(Err(mut failed)) => {
                let unsent = failed.take_message().map(Box::new);
                Err(Failure { error: classify(&failed.into_error(), progress), unsent })
            }
            None => Err(Failure { error: UpstreamError::TimedOut, unsent: None }),
        }
    }
}

/// A failed exchange, with the request if nothing of it was sent.
struct Failure {
    error: UpstreamError,
    unsent: Option<Box<Request<ReqBody>>>,
}

fn classify(error: &hyper::Error, progress: Option<&Progress>) -> UpstreamError {
    tracing::debug!(%error, "no response of the application");
    if let Some(progress) = progress {
        if progress.is_too_large() {
            return UpstreamError::BodyTooLarge;
        }
        if progress.has_client_failed() {
            return UpstreamError::ClientAborted;
        }
    }
    if error.is_parse() { UpstreamError::InvalidResponse } else { UpstreamError::Reset }
}

fn announced_length(request: &Request<ReqBody>) -> u64 {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    announced.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// A client that announces `Expect: 100-continue` keeps its body until the application asks for it, so that a refusal costs no
/// upload.
fn hold_for_continue(request: &mut Request<ReqBody>) {
    let expects = request
        .headers()
        .get(EXPECT)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    if !expects || request.body().is_end_stream() {
        return;
    }
    let (sender, signal) = oneshot::channel();
    let sender = std::sync::Mutex::new(Some(sender));
    hyper::ext::on_informational(request, move |interim| {
        if interim.status() == StatusCode::CONTINUE
            && let Some(sender) = sender.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
        {
            // The body may be gone already; then nobody needs to be told.
            let _ = sender.send(());
        }
    });
    request.body_mut().hold_until(signal);
}

fn copy_if_repeatable(request: &Request<ReqBody>) -> Option<Request<ReqBody>> {
    let repeatable = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE
    );
    repeatable.then(|| {
        let mut copy = Request::new(ReqBody::empty());
        *copy.method_mut() = request.method().clone();
        *copy.uri_mut() = request.uri().clone();
        *copy.headers_mut() = request.headers().clone();
        copy
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(uri: &str) -> Option<&'static str> {
        Upstream::new(&uri.parse().unwrap(), UpstreamLimits::default()).err().map(|error| error.problem)
    }

    #[test]
    fn only_plain_http_addresses_are_upstreams() {
        assert_eq!(problem("http://127.0.0.1:3000"), None);
        assert_eq!(problem("http://app.internal/"), None);
        assert_eq!(problem("http://[::1]:3000"), None);
        for wrong in
            ["https://127.0.0.1", "ftp://a", "/path", "http://a/path", "http://u:p@a", "localhost:3000"]
        {
            assert!(problem(wrong).is_some(), "{wrong}");
        }
    }
}
