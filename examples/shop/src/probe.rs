//! Addresses that say what reached the application, for tests and for the curious.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, Request};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// `/api/slow` waits no longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[derive(Serialize)]
pub(crate) struct Received {
    method: String,
    path: String,
    query: Option<String>,
    /// Names in lower case; values in the order in which they came.
    headers: BTreeMap<String, Vec<String>>,
}

pub(crate) async fn whoami(method: Method, uri: Uri, headers: HeaderMap) -> Json<Received> {
    let mut received: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in &headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        received.entry(name.as_str().to_owned()).or_default().push(value);
    }
    Json(Received {
        method: method.to_string(),
        path: uri.path().to_owned(),
        query: uri.query().map(str::to_owned),
        headers: received,
    })
}

/// Sends the body back as it comes in. A page that someone else wrote gets no rights here: it is sandboxed.
pub(crate) async fn echo(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = Response::new(Body::new(body));
    let kind = parts.headers.get(CONTENT_TYPE).cloned();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    response
}

#[derive(Deserialize)]
pub(crate) struct Wait {
    #[serde(default)]
    ms: u64,
}

pub(crate) async fn slow(Query(wait): Query<Wait>) -> impl IntoResponse {
    let wait = Duration::from_millis(wait.ms).min(LONGEST_WAIT);
    tokio::time::sleep(wait).await;
    Json(BTreeMap::from([("waited_ms", wait.as_millis() as u64)]))
}
