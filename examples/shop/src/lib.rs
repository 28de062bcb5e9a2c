//! Harbour Supply, the sample application.
//!
//! A small shop for boats: goods, a cart, a checkout, a long damage claim with a file, and a chat whose replies
//! arrive word by word. It is an ordinary web application. All that it knows of Tenure are the identity headers
//! (`Tenure-Subject` and its companions), two links and the address of the sign-out form; it has no sessions,
//! no passwords and no script of its own that watches over them.
//!
//! State is kept in memory, per subject, and is gone with the process.

mod cart;
mod catalogue;
mod chat;
mod checkout;
mod claim;
mod forms;
mod home;
mod page;
mod pages;
mod probe;
mod shop;
mod statics;
mod visitor;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{any, get, post};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::shop::Shop;

/// What can be tuned, mostly so that tests need not wait.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The pause between two words of a chat reply. Default: 40 ms.
    pub word_interval: Duration,
    /// How often a silent chat stream says that it is still there (an SSE comment, a WebSocket ping). Default: 15 s.
    pub heartbeat: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { word_interval: Duration::from_millis(40), heartbeat: Duration::from_secs(15) }
    }
}

/// The application with fresh state and default [`Options`].
pub fn router() -> Router {
    router_with(Options::default())
}

/// The application with fresh state.
pub fn router_with(options: Options) -> Router {
    // Without its sender the signal never comes: streams of this router end with their clients.
    build(options, watch::channel(false).1)
}

/// Serves the application with default [`Options`] until `shutdown` completes.
///
/// # Errors
/// Those of accepting connections on `listener`.
pub async fn serve(
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_with(listener, Options::default(), shutdown).await
}

/// Serves the application until `shutdown` completes. Open chat streams are closed then; other requests finish.
///
/// # Errors
/// Those of accepting connections on `listener`.
pub async fn serve_with(
    listener: TcpListener,
    options: Options,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (close, closing) = watch::channel(false);
    axum::serve(listener, build(options, closing))
        .with_graceful_shutdown(async move {
            shutdown.await;
            close.send_replace(true);
        })
        .await
}

fn build(options: Options, closing: watch::Receiver<bool>) -> Router {
    Router::new()
        .route("/", get(home::show))
        .route("/catalogue", get(catalogue::show))
        .route("/cart", get(cart::show).post(cart::update))
        .route("/cart/add", post(cart::add))
        .route("/checkout", get(checkout::show).post(checkout::place))
        .route("/order/{number}", get(checkout::order))
        .route("/claim", get(|| async { Redirect::to("/claim/1") }))
        .route("/claim/{step}", get(claim::show).post(claim::submit))
        .route("/claim/new", post(claim::start_again))
        .route("/claim/done", get(claim::done))
        .route("/claim/done.json", get(claim::done_json))
        .route("/chat", get(chat::show))
        .route("/chat/messages", post(chat::say))
        .route("/chat/stream", get(chat::stream))
        .route("/chat/ws", get(chat::socket))
        .route("/board", get(pages::board))
        .route("/poll", get(pages::poll))
        .route("/many", get(pages::many))
        .route("/csp", get(pages::strict))
        .route("/trusted-types", get(pages::trusted_types))
        .route("/gzip", get(pages::compressed))
        .route("/whoami", any(probe::whoami))
        .route("/api/echo", any(probe::echo))
        .route("/api/slow", any(probe::slow))
        // Asked for by browsers that show something other than a page.
        .route("/favicon.ico", get(|| async { Redirect::permanent("/static/mark.svg") }))
        .route("/static/{*name}", get(statics::serve))
        .fallback(pages::not_found)
        .with_state(Arc::new(Shop::new(options, closing)))
}
