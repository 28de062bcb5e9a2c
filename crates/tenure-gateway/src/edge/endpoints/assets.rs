//! Files that are compiled in, and the public keys of assertions.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderValue, Response, StatusCode};
use tenure::store::Store;

use super::Call;
use crate::assets::{self, Asset};
use crate::edge::identity;
use crate::edge::reply::{self, Reply};
use crate::language;

/// A stylesheet, an image or the client. Under an address with its hash it is kept for ever.
pub(super) fn show<S: Store>(call: &Call<'_, S>, asset: &'static Asset) -> Reply {
    let mut reply = file(call, asset.content_type, &asset.etag(), asset.body);
    let headers = reply.headers_mut();
    let by_hash = call.visit.query("v").as_deref() == Some(asset.hash.as_str());
    let caching = if by_hash { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    reply
}

/// `words.js`: the client's words in the language of whoever asks. It is kept for a few minutes by the browser, and by
/// nobody in between.
pub(super) fn words<S: Store>(call: &Call<'_, S>) -> Reply {
    let language = call.settings.language(call.visit);
    let script = language::client_script(language);
    let mut reply = file(call, "text/javascript; charset=utf-8", &assets::etag(script), script);
    let headers = reply.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=300"));
    reply::in_language(headers, language);
    reply
}

/// A file with its strong entity tag, or that it is the one that the browser has.
fn file<S: Store>(call: &Call<'_, S>, content_type: &'static str, etag: &str, body: &'static str) -> Reply {
    let known = call.visit.headers.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let unchanged = known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == etag));
    let mut reply = if unchanged {
        reply::empty(StatusCode::NOT_MODIFIED)
    } else {
        Response::new(Bytes::from_static(body.as_bytes()))
    };
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(etag) = etag.parse() {
        headers.insert(ETAG, etag);
    }
    reply
}

/// `jwks.json`: the public keys of assertions.
pub(super) fn key_set<S: Store>(call: &Call<'_, S>) -> Reply {
    let mut reply = reply::json(StatusCode::OK, &identity::key_set(&call.gateway.keys.load()));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    reply
}
