//! Files that are compiled in, and the public keys of assertions.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderValue, Response, StatusCode};
use tenure::store::Store;

use super::Call;
use crate::assets::Asset;
use crate::edge::identity;
use crate::edge::reply::{self, Reply};

/// A stylesheet, an image or the client. Under an address with its hash it is kept for ever.
pub(super) fn show<S: Store>(call: &Call<'_, S>, asset: &'static Asset) -> Reply {
    let etag = asset.etag();
    let known = call.visit.headers.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let unchanged = known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == etag));
    let mut reply = if unchanged {
        reply::empty(StatusCode::NOT_MODIFIED)
    } else {
        Response::new(Bytes::from_static(asset.body.as_bytes()))
    };
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    if let Ok(etag) = etag.parse() {
        headers.insert(ETAG, etag);
    }
    let by_hash = call.visit.query("v").as_deref() == Some(asset.hash.as_str());
    let caching = if by_hash { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    reply
}

/// `jwks.json`: the public keys of assertions.
pub(super) fn key_set<S: Store>(call: &Call<'_, S>) -> Reply {
    let mut reply = reply::json(StatusCode::OK, &identity::key_set(&call.gateway.keys.load()));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    reply
}
