//! The administration listener: sessions, data bags, events, keys, metrics, health.
//!
//! It listens on loopback unless told otherwise. Everything below `/v1/` asks for the bearer token of the
//! token file (RFC 6750); health and metrics tell nothing about anyone and ask for nothing.

mod auth;
mod data;
mod events;
mod keys;
mod openapi;
mod probe;
mod problems;
mod reports;
mod routes;
mod sessions;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use tenure::store::Store;

use self::routes::Endpoint;
use crate::edge::Gateway;

pub use auth::{AdminToken, TokenFileError};

/// What the endpoints of the administration listener work with.
pub struct Admin<S: Store> {
    /// The gateway.
    pub gateway: Arc<Gateway<S>>,
    /// What callers have to know.
    pub token: AdminToken,
    /// Where the key ring is kept.
    pub key_file: PathBuf,
    /// Held while keys are rotated.
    pub rotation: tokio::sync::Mutex<()>,
    /// How far the wall clock is ahead, in milliseconds.
    pub clock_offset: Arc<AtomicI64>,
}

/// The endpoints of the administration listener.
pub fn router<S: Store>(admin: Arc<Admin<S>>) -> Router {
    let joined = |endpoints: Vec<Endpoint<S>>| {
        endpoints
            .into_iter()
            .fold(Router::new(), |router, endpoint| router.route(endpoint.path, endpoint.handler))
    };
    let asks_first = middleware::from_fn_with_state(Arc::clone(&admin), auth::demand::<S>);
    joined(routes::protected::<S>())
        .route_layer(asks_first)
        .merge(joined(routes::open::<S>()))
        .fallback(problems::not_found)
        .with_state(admin)
}

/// Ready once sessions can be judged and kept.
async fn ready<S: Store>(State(admin): State<Arc<Admin<S>>>) -> Response {
    if admin.gateway.is_healthy() {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n").into_response()
    }
}

async fn metrics<S: Store>(State(admin): State<Arc<Admin<S>>>) -> Response {
    let text = admin.gateway.metrics.render(
        admin.gateway.sessions.store().counts(),
        admin.gateway.kept.totals(),
        admin.clock_offset.load(Ordering::Relaxed),
    );
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
        .into_response()
}
