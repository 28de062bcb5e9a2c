//! `session/data/{key}`: the session's data bag, for the page (RFC 9110, section 13, for conditions).

use http::header::{CONTENT_TYPE, ETAG};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use tenure::service::BagError;
use tenure::service::bag::LARGEST_VALUE;
use tenure::store::Store;

use super::{Answer, Call, Stop, not_allowed};
use crate::edge::{bag, refusal, reply};

pub(super) async fn answer<S: Store>(mut call: Call<'_, S>, key: String) -> Answer {
    let method = call.visit.method.clone();
    if method != Method::GET && method != Method::HEAD {
        call.refuse_other_sites()?;
    }
    let standing = call.standing().await?;
    let Some(session) = standing.active() else {
        return Ok(refusal::problem(call.settings, call.visit, &standing));
    };
    let sessions = &call.gateway.sessions;
    let headers = &call.visit.headers;
    match method {
        Method::GET | Method::HEAD => match sessions.data(session.id, &key).await.map_err(stop)? {
            Some(value) => {
                let mut reply = Response::new(bytes::Bytes::from(value.bytes));
                reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                reply.headers_mut().insert(ETAG, bag::etag(value.version));
                Ok(reply)
            }
            None => Ok(bag::status(StatusCode::NOT_FOUND, "There is no value of this name.")),
        },
        Method::PUT => {
            let body = call.body.take().unwrap_or_else(super::EndpointBody::empty);
            let Ok(body) = Limited::new(body, LARGEST_VALUE).collect().await else {
                return Ok(bag::status(StatusCode::PAYLOAD_TOO_LARGE, "A value has at most 64 KiB."));
            };
            let bytes = body.to_bytes();
            if serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_err() {
                return Ok(bag::status(StatusCode::BAD_REQUEST, "The value is not JSON."));
            }
            write(&call, session.id, &key, Some(bytes.to_vec()), headers).await
        }
        Method::DELETE => write(&call, session.id, &key, None, headers).await,
        _ => Ok(not_allowed("GET, HEAD, PUT, DELETE")),
    }
}

async fn write<S: Store>(
    call: &Call<'_, S>,
    id: tenure::core::SessionId,
    key: &str,
    value: Option<Vec<u8>>,
    headers: &HeaderMap,
) -> Answer {
    let Some(precondition) = bag::precondition(headers) else {
        return Ok(bag::status(StatusCode::BAD_REQUEST, "If-Match and If-None-Match are not understood."));
    };
    let written = bag::write(&call.gateway.sessions, id, key, value, precondition).await.map_err(stop)?;
    let mut reply = reply::empty(StatusCode::NO_CONTENT);
    if let Some(version) = written {
        reply.headers_mut().insert(ETAG, bag::etag(version));
    }
    Ok(reply)
}

fn stop(error: BagError) -> Stop {
    match error {
        BagError::Unavailable(unavailable) => unavailable.into(),
        error => bag::problem(&error).into(),
    }
}
