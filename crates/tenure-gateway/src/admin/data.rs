//! Data bags, for applications: the same as `session/data/{key}`, for any session.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use serde_json::{Value, json};
use tenure::service::BagError;
use tenure::store::Store;

use super::Admin;
use super::problems::{Failure, problem, unavailable};
use super::sessions::resolve;
use crate::edge::bag;

type Shared<S> = State<Arc<Admin<S>>>;

/// `GET /v1/sessions/{id}/data`: the keys and their versions.
pub(super) async fn keys<S: Store>(
    State(admin): Shared<S>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    let id = resolve(&admin, &id).await?;
    let keys = admin.gateway.sessions.data_keys(id).await.map_err(failure)?;
    let keys: Vec<_> =
        keys.into_iter().map(|(key, version)| json!({ "key": key, "version": version })).collect();
    Ok(Json(json!({ "keys": keys })))
}

/// `GET /v1/sessions/{id}/data/{key}`: the value, with its version as `ETag`.
pub(super) async fn show<S: Store>(
    State(admin): Shared<S>,
    Path((id, key)): Path<(String, String)>,
) -> Result<Response<Body>, Failure> {
    let id = resolve(&admin, &id).await?;
    let value = admin.gateway.sessions.data(id, &key).await.map_err(failure)?;
    let value = value.ok_or_else(|| problem(StatusCode::NOT_FOUND, "There is no value of this name."))?;
    let mut response = Response::new(Body::from(value.bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::ETAG, bag::etag(value.version));
    Ok(response)
}

/// `PUT /v1/sessions/{id}/data/{key}`: writes JSON, if `If-Match` or `If-None-Match` allow it.
pub(super) async fn write<S: Store>(
    State(admin): Shared<S>,
    Path((id, key)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, Failure> {
    if serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_err() {
        return Err(problem(StatusCode::BAD_REQUEST, "The value is not JSON."));
    }
    change(&admin, &id, &key, Some(body.to_vec()), &headers).await
}

/// `DELETE /v1/sessions/{id}/data/{key}`: removes it, if `If-Match` allows it.
pub(super) async fn remove<S: Store>(
    State(admin): Shared<S>,
    Path((id, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response<Body>, Failure> {
    change(&admin, &id, &key, None, &headers).await
}

async fn change<S: Store>(
    admin: &Admin<S>,
    id: &str,
    key: &str,
    value: Option<Vec<u8>>,
    headers: &HeaderMap,
) -> Result<Response<Body>, Failure> {
    let id = resolve(admin, id).await?;
    let precondition = bag::precondition(headers)
        .ok_or_else(|| problem(StatusCode::BAD_REQUEST, "If-Match and If-None-Match are not understood."))?;
    let written = bag::write(&admin.gateway.sessions, id, key, value, precondition).await.map_err(failure)?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if let Some(version) = written {
        response.headers_mut().insert(header::ETAG, bag::etag(version));
    }
    Ok(response)
}

fn failure(error: BagError) -> Failure {
    match error {
        BagError::Unavailable(error) => unavailable(error),
        error => bag::problem(&error).map(Body::from),
    }
}
