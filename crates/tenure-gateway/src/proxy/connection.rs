//! Connections to the application, and the pool that keeps them between requests.
//!
//! A connection is driven by whoever waits for its answer, in the same task: no message crosses between tasks, and a client
//! that goes away takes its request with it. Only where the application answers before the upload is complete does the
//! connection get a task of its own, because then both directions have to move independently; and before an upgrade.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::ReqBody;
use super::headers::clean_trailers;

type Io = TokioIo<TcpStream>;
type Driver = http1::Connection<Io, ReqBody>;
pub(crate) type Sent = Result<Response<Incoming>, TrySendError<Request<ReqBody>>>;

/// One connection. Without a driver it is driven by a task of its own, or it is finished.
pub(crate) struct Connection {
    sender: http1::SendRequest<ReqBody>,
    driver: Option<Driver>,
}

impl Connection {
    pub(crate) async fn handshake(stream: TcpStream) -> hyper::Result<Box<Self>> {
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
        Ok(Box::new(Self { sender, driver: Some(driver) }))
    }

    /// Hands the request to the connection. The returned future only listens: the connection has to be driven meanwhile.
    pub(crate) fn send(&mut self, request: Request<ReqBody>) -> impl Future<Output = Sent> + use<> {
        self.sender.try_send_request(request)
    }

    /// Drives the connection and then asks `listener`, which only the driver can have woken.
    pub(crate) fn poll_with<T>(
        &mut self,
        context: &mut Context<'_>,
        listener: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        match &mut self.driver {
            Some(driver) => {
                if Pin::new(driver).poll(context).is_ready() {
                    self.driver = None;
                }
                listener(&mut Context::from_waker(Waker::noop()))
            }
            None => listener(context),
        }
    }

    /// Gives the connection a task of its own, in which it can also become something else than HTTP.
    pub(crate) fn detach(&mut self) {
        if let Some(driver) = self.driver.take() {
            tokio::spawn(async move {
                // Whoever uses the connection learns of its failure through its own channel.
                let _ = driver.with_upgrades().await;
            });
        }
    }

    /// Whether another request can be sent now.
    fn is_ready(&mut self) -> bool {
        let mut idle = Context::from_waker(Waker::noop());
        if let Some(driver) = &mut self.driver
            && Pin::new(driver).poll(&mut idle).is_ready()
        {
            return false;
        }
        self.sender.is_ready() && !self.sender.is_closed()
    }
}

/// Connections that wait for their next request, the most recently used last.
#[derive(Debug)]
pub(crate) struct Pool {
    idle: Mutex<Idle>,
    capacity: usize,
    keep_for: Duration,
}

#[derive(Debug, Default)]
struct Idle {
    connections: VecDeque<(Parked, Instant)>,
    is_swept: bool,
}

struct Parked(Box<Connection>);

impl std::fmt::Debug for Parked {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Connection")
    }
}

impl Pool {
    pub(crate) fn new(capacity: usize, keep_for: Duration) -> Arc<Self> {
        Arc::new(Self { idle: Mutex::default(), capacity, keep_for })
    }

    /// The connection that was used last and still lives, with the time for which it has waited.
    pub(crate) fn take(&self) -> Option<(Box<Connection>, Duration)> {
        loop {
            let (Parked(mut connection), since) = self.lock().connections.pop_back()?;
            let waited = since.elapsed();
            if waited <= self.keep_for && connection.is_ready() {
                return Some((connection, waited));
            }
        }
    }

    /// Keeps a connection whose last answer has been read to its end.
    fn put(self: &Arc<Self>, mut connection: Box<Connection>) {
        if connection.is_ready() {
            self.park(connection);
        } else if connection.driver.is_none()
            && !connection.sender.is_closed()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            // Its own task is still finishing the upload.
            let pool = Arc::downgrade(self);
            runtime.spawn(async move {
                if connection.sender.ready().await.is_ok()
                    && let Some(pool) = pool.upgrade()
                {
                    pool.park(connection);
                }
            });
        }
    }

    fn park(self: &Arc<Self>, connection: Box<Connection>) {
        let mut idle = self.lock();
        idle.connections.push_back((Parked(connection), Instant::now()));
        let surplus =
            if idle.connections.len() > self.capacity { idle.connections.pop_front() } else { None };
        let starts_sweeping = !std::mem::replace(&mut idle.is_swept, true);
        drop(idle);
        drop(surplus);
        if starts_sweeping && let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(sweep(Arc::downgrade(self), self.keep_for));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes connections that nobody has used for long, until none is left.
async fn sweep(pool: Weak<Pool>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut idle = pool.lock();
        let stale = idle.connections.iter().take_while(|(_, since)| since.elapsed() > pool.keep_for).count();
        let closed: Vec<_> = idle.connections.drain(..stale).collect();
        idle.is_swept = !idle.connections.is_empty();
        let is_over = !idle.is_swept;
        drop(idle);
        drop(closed);
        if is_over {
            return;
        }
    }
}

/// The body of the application's response. Read to its end, it gives its connection back; dropped before, it closes it.
pub struct UpstreamBody {
    incoming: Incoming,
    connection: Option<Box<Connection>>,
    pool: Arc<Pool>,
    is_complete: bool,
}

impl UpstreamBody {
    pub(crate) const fn new(incoming: Incoming, connection: Box<Connection>, pool: Arc<Pool>) -> Self {
        Self { incoming, connection: Some(connection), pool, is_complete: false }
    }
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { incoming, connection, is_complete, .. } = &mut *self;
        let mut polled = match connection {
            Some(connection) => {
                // What was read together with the head is there already.
                let mut quiet = Context::from_waker(Waker::noop());
                match Pin::new(&mut *incoming).poll_frame(&mut quiet) {
                    Poll::Ready(frame) => Poll::Ready(frame),
                    Poll::Pending => {
                        connection.poll_with(context, |context| Pin::new(incoming).poll_frame(context))
                    }
                }
            }
            None => Pin::new(incoming).poll_frame(context),
        };
        match &mut polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_mut() {
                    clean_trailers(trailers);
                }
            }
            Poll::Ready(None) => *is_complete = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl Drop for UpstreamBody {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && (self.is_complete || self.incoming.is_end_stream())
        {
            self.pool.put(connection);
        }
    }
}

impl std::fmt::Debug for UpstreamBody {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("UpstreamBody").field("incoming", &self.incoming).finish_non_exhaustive()
    }
}
