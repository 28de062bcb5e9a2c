//! Keys: list and rotate.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tenure::store::Store;

use super::Admin;
use super::problems::{Failure, problem};

/// `GET /v1/keys`: ids and ages. Keys themselves never leave the key ring.
pub(super) async fn list<S: Store>(State(admin): State<Arc<Admin<S>>>) -> Json<Value> {
    Json(json!({ "keys": admin.gateway.keys.load().list() }))
}

/// `POST /v1/keys/rotate`: a new key makes tokens and seals values from now on. It is in the file before it is
/// used.
pub(super) async fn rotate<S: Store>(State(admin): State<Arc<Admin<S>>>) -> Result<Json<Value>, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "the keys could not be rotated");
        problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("The keys could not be rotated: {error}. The old key goes on."),
        )
    };
    let _one_at_a_time = admin.rotation.lock().await;
    let mut ring = (**admin.gateway.keys.load()).clone();
    let key = ring.rotate(admin.gateway.now()).map_err(|error| failed(&error))?;
    ring.save(&admin.key_file).map_err(|error| failed(&error))?;
    admin.gateway.keys.replace(ring);
    tracing::info!(key = key.id, "the keys were rotated");
    Ok(Json(json!({ "key": key })))
}
