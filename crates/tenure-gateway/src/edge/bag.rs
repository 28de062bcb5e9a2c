//! Data bags over HTTP: conditions and problems, for pages and for applications alike (RFC 9110, section 13).

use http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use tenure::core::SessionId;
use tenure::service::{BagError, Sessions};
use tenure::store::{DataVersion, Precondition, Store};

use super::reply::Reply;
use crate::web::problem::Problem;

/// The condition of a write; `None` if it is not understood.
pub(crate) fn precondition(headers: &HeaderMap) -> Option<Precondition> {
    match (headers.get(IF_MATCH), headers.get(IF_NONE_MATCH)) {
        (None, None) => Some(Precondition::Always),
        (Some(tag), None) if tag == "*" => Some(Precondition::Present),
        (Some(tag), None) => {
            let version = tag.to_str().ok()?.strip_prefix('"')?.strip_suffix('"')?.parse().ok()?;
            Some(Precondition::Version(DataVersion(version)))
        }
        (None, Some(tag)) if tag == "*" => Some(Precondition::Absent),
        _ => None,
    }
}

/// Writes (`Some`) or removes (`None`) a value, and gives its version if it has one.
pub(crate) async fn write<S: Store>(
    sessions: &Sessions<S>,
    id: SessionId,
    key: &str,
    value: Option<Vec<u8>>,
    precondition: Precondition,
) -> Result<Option<DataVersion>, BagError> {
    match value {
        Some(value) => sessions.put_data(id, key, value, precondition).await.map(Some),
        None => sessions.delete_data(id, key, precondition).await.map(|()| None),
    }
}

/// A version as an entity tag.
pub(crate) fn etag(version: DataVersion) -> HeaderValue {
    HeaderValue::from_maybe_shared(bytes::Bytes::from(format!("\"{}\"", version.0)))
        .unwrap_or(HeaderValue::from_static("\"\""))
}

/// What went wrong with a data bag, for programs.
pub(crate) fn problem(error: &BagError) -> Reply {
    match error {
        BagError::Conflict(current) => {
            let mut reply = status(StatusCode::PRECONDITION_FAILED, "The value was changed meanwhile.");
            if let Some(version) = current {
                reply.headers_mut().insert(ETAG, etag(*version));
            }
            reply
        }
        BagError::Gone => status(StatusCode::NOT_FOUND, "The session has ended or is not known."),
        BagError::Unavailable(_) => status(StatusCode::SERVICE_UNAVAILABLE, "The store does not answer."),
        error => status(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

/// A problem with a status.
pub(crate) fn status(status: StatusCode, detail: &str) -> Reply {
    Problem::of_status(status, detail).into_response::<String>().map(Into::into)
}
