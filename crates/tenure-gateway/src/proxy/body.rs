//! The bodies that pass through, without a box where none is needed.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use tokio::sync::oneshot;

use super::UpstreamBody;
use super::headers::clean_trailers;
use super::inject::InjectedBody;
use super::stream::EndingBody;

/// What goes wrong in a body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How long a client that asked to be told is kept waiting for the application's `100 Continue` (RFC 9110 section 10.1.1).
const CONTINUE_PATIENCE: Duration = Duration::from_secs(1);

/// The body of a request on its way to the application.
#[derive(Debug)]
pub struct ReqBody {
    kind: ReqKind,
    remaining: Option<u64>,
    progress: Option<Reporter>,
    gate: Option<Box<Gate>>,
}

#[derive(Debug)]
enum ReqKind {
    Empty,
    Full(Bytes),
    Incoming(Incoming),
    Boxed(BoxBody<Bytes, BoxError>),
}

impl ReqBody {
    /// No body.
    #[must_use]
    pub const fn empty() -> Self {
        Self::of(ReqKind::Empty)
    }

    /// A body that is in memory.
    #[must_use]
    pub const fn full(bytes: Bytes) -> Self {
        Self::of(ReqKind::Full(bytes))
    }

    /// Any other body, such as one that is read from storage.
    #[must_use]
    pub const fn boxed(body: BoxBody<Bytes, BoxError>) -> Self {
        Self::of(ReqKind::Boxed(body))
    }

    const fn of(kind: ReqKind) -> Self {
        Self { kind, remaining: None, progress: None, gate: None }
    }

    /// Fails the upload as soon as it is longer than this.
    pub(crate) fn limit(&mut self, max: u64) {
        self.remaining = Some(max);
    }

    /// Reports from now on how the upload is getting on.
    pub(crate) fn watch(&mut self) -> Arc<Progress> {
        let progress = Arc::new(Progress::default());
        self.progress = Some(Reporter(Arc::clone(&progress)));
        progress
    }

    /// Holds the body back until the other side of the channel speaks or patience ends.
    pub(crate) fn hold_until(&mut self, signal: oneshot::Receiver<()>) {
        self.gate = Some(Box::new(Gate {
            signal: Some(signal),
            patience: Box::pin(tokio::time::sleep(CONTINUE_PATIENCE)),
        }));
    }
}

impl From<Incoming> for ReqBody {
    fn from(body: Incoming) -> Self {
        Self::of(if body.is_end_stream() { ReqKind::Empty } else { ReqKind::Incoming(body) })
    }
}

impl Body for ReqBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Some(gate) = &mut this.gate {
            ready!(gate.poll_open(context));
            this.gate = None;
        }
        let polled = match &mut this.kind {
            ReqKind::Empty => Poll::Ready(None),
            ReqKind::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            ReqKind::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            ReqKind::Incoming(body) => Pin::new(body).poll_frame(context).map_err(BoxError::from),
            ReqKind::Boxed(body) => Pin::new(body).poll_frame(context),
        };
        if let Some(Reporter(progress)) = &this.progress {
            progress.note(&polled);
        }
        let mut frame = ready!(polled);
        if let Some(Ok(frame)) = &mut frame
            && let Some(trailers) = frame.trailers_mut()
        {
            clean_trailers(trailers);
        }
        if let (Some(remaining), Some(Ok(frame))) = (&mut this.remaining, &frame)
            && let Some(data) = frame.data_ref()
        {
            match remaining.checked_sub(data.len() as u64) {
                Some(left) => *remaining = left,
                None => {
                    if let Some(Reporter(progress)) = &this.progress {
                        progress.too_large.store(true, Ordering::Release);
                    }
                    return Poll::Ready(Some(Err(Box::new(TooLarge))));
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            ReqKind::Empty => true,
            ReqKind::Full(bytes) => bytes.is_empty(),
            ReqKind::Incoming(body) => body.is_end_stream(),
            ReqKind::Boxed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            ReqKind::Empty => SizeHint::with_exact(0),
            ReqKind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            ReqKind::Incoming(body) => body.size_hint(),
            ReqKind::Boxed(body) => body.size_hint(),
        }
    }
}

/// How an upload is getting on, seen from the side that waits for the answer.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    done: AtomicBool,
    waiting_for_client: AtomicBool,
    client_failed: AtomicBool,
    too_large: AtomicBool,
    frames: AtomicU32,
}

impl Progress {
    fn note<E>(&self, polled: &Poll<Option<Result<Frame<Bytes>, E>>>) {
        self.waiting_for_client.store(polled.is_pending(), Ordering::Release);
        match polled {
            Poll::Ready(Some(Ok(_))) => {
                self.frames.fetch_add(1, Ordering::AcqRel);
            }
            Poll::Ready(Some(Err(_))) => self.client_failed.store(true, Ordering::Release),
            Poll::Ready(None) | Poll::Pending => {}
        }
    }

    /// Whether nothing more will be read from the client.
    pub(crate) fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    /// Whether it is the client that everybody waits for.
    pub(crate) fn is_waiting_for_client(&self) -> bool {
        !self.is_done() && self.waiting_for_client.load(Ordering::Acquire)
    }

    pub(crate) fn has_client_failed(&self) -> bool {
        self.client_failed.load(Ordering::Acquire)
    }

    pub(crate) fn is_too_large(&self) -> bool {
        self.too_large.load(Ordering::Acquire)
    }

    /// A number that changes whenever something has moved.
    pub(crate) fn mark(&self) -> u32 {
        self.frames.load(Ordering::Acquire).wrapping_mul(2).wrapping_add(u32::from(self.is_done()))
    }
}

/// Marks the upload as done when the body is dropped, which is when nobody reads it any more.
#[derive(Debug)]
struct Reporter(Arc<Progress>);

impl Drop for Reporter {
    fn drop(&mut self) {
        self.0.done.store(true, Ordering::Release);
    }
}

#[derive(Debug)]
struct Gate {
    signal: Option<oneshot::Receiver<()>>,
    patience: Pin<Box<tokio::time::Sleep>>,
}

impl Gate {
    fn poll_open(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(signal) = &mut self.signal
            && let Poll::Ready(said) = Pin::new(signal).poll(context)
        {
            self.signal = None;
            // Nothing said means that the final response came first: the client then has no reason to send its body, and if
            // it does so nevertheless there is no hurry.
            if said.is_ok() {
                return Poll::Ready(());
            }
        }
        self.patience.as_mut().poll(context)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the body is larger than allowed")]
struct TooLarge;

/// The body of a response on its way to the client.
#[derive(Debug)]
pub enum RespBody {
    /// No body.
    Empty,
    /// A body that is in memory, such as a page of the gateway.
    Full(Bytes),
    /// A body of the application, passed on as it comes.
    Upstream(UpstreamBody),
    /// An HTML page of the application with the client script added.
    Injected(Box<InjectedBody>),
    /// An event stream of the application that ends when its session does.
    Ending(Box<EndingBody>),
    /// Any other body.
    Boxed(BoxBody<Bytes, BoxError>),
}

impl Body for RespBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Upstream(body) => Pin::new(body).poll_frame(context).map_err(BoxError::from),
            Self::Injected(body) => Pin::new(&mut **body).poll_frame(context),
            Self::Ending(body) => Pin::new(&mut **body).poll_frame(context),
            Self::Boxed(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Full(bytes) => bytes.is_empty(),
            Self::Upstream(body) => body.is_end_stream(),
            Self::Injected(_) | Self::Ending(_) => false,
            Self::Boxed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Upstream(body) => body.size_hint(),
            Self::Injected(_) | Self::Ending(_) => SizeHint::default(),
            Self::Boxed(body) => body.size_hint(),
        }
    }
}

impl From<Bytes> for RespBody {
    fn from(bytes: Bytes) -> Self {
        Self::Full(bytes)
    }
}
