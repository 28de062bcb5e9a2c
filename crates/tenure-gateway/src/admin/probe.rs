//! Probes, for `tenure doctor`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tenure::store::Store;

use super::Admin;
use super::problems::{Failure, problem};
use crate::edge::probe::LIFETIME;

/// `POST /v1/probe`: a name that requests to the gateway may carry, to be answered with what arrived of them.
pub(super) async fn open<S: Store>(State(admin): State<Arc<Admin<S>>>) -> Result<Json<Value>, Failure> {
    let name = admin.gateway.probes.open().map_err(|error| {
        problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("The operating system gives no random bits: {error}."),
        )
    })?;
    Ok(Json(json!({ "probe": name, "seconds": LIFETIME.as_secs(), "process": std::process::id() })))
}
