//! The answers that the gateway gives itself.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, LOCATION, REFERRER_POLICY,
    SET_COOKIE, STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::language::Language;
use crate::pages::Page;

/// An answer of the gateway's own.
pub(crate) type Reply = Response<Bytes>;

/// The pages need a stylesheet, one image, and their own forms; nothing else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
                           frame-ancestors 'self'; base-uri 'none'";

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const EMBEDDER_POLICY: HeaderName = HeaderName::from_static("cross-origin-embedder-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// A page, in its language.
pub(super) fn page(status: StatusCode, page: &impl Page) -> Reply {
    let (status, html) = page.render().map_or_else(
        |error| {
            tracing::error!(%error, "a page could not be rendered");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "<!doctype html><title>Error</title><p>Something went wrong.".into(),
            )
        },
        |html| (status, html),
    );
    let mut reply = Response::new(Bytes::from(html));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin-allow-popups"));
    in_language(headers, page.context().language);
    reply
}

/// Says which language the words of an answer are in, and that it was chosen (RFC 9110, sections 8.5 and 12.5.5).
pub(super) fn in_language(headers: &mut HeaderMap, language: Language) {
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    headers.append(VARY, HeaderValue::from_static("Accept-Language"));
}

/// For a page with a script of the gateway's own, which may ask the gateway.
pub(super) fn let_own_scripts_run(reply: &mut Reply) {
    let policy = format!("{PAGE_POLICY}; script-src 'self'; connect-src 'self'");
    if let Ok(policy) = policy.parse() {
        reply.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
}

/// For a page whose form is answered by the application, which may redirect to any site, such as one for payments: browsers
/// hold the policy of the page against such redirects too (CSP 3, section 6.4.1).
pub(super) fn let_forms_lead_anywhere(reply: &mut Reply) {
    let policy = PAGE_POLICY.replace("form-action 'self'", "form-action *");
    if let Ok(policy) = policy.parse() {
        reply.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
}

/// A page that stands in a frame of the application's page, whatever policy that page has on embedding, or in a window
/// that it opened and may close.
pub(super) fn framed_page(status: StatusCode, framed: &impl Page) -> Reply {
    let mut reply = page(status, framed);
    let headers = reply.headers_mut();
    headers.remove(OPENER_POLICY);
    headers.insert(EMBEDDER_POLICY, HeaderValue::from_static("require-corp"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    reply
}

/// `303 See Other`: whatever was sent is not sent again.
pub(super) fn see_other(location: &str) -> Reply {
    let mut reply = Response::new(Bytes::new());
    *reply.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(location) = location.parse() {
        reply.headers_mut().insert(LOCATION, location);
    }
    reply
}

/// A JSON document.
pub(super) fn json(status: StatusCode, document: &serde_json::Value) -> Reply {
    let mut reply = Response::new(Bytes::from(document.to_string()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

/// No body.
pub(super) fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Bytes::new());
    *reply.status_mut() = status;
    reply
}

/// Adds a cookie to an answer.
pub(super) fn set_cookie(reply: &mut Reply, cookie: &str) {
    if let Ok(cookie) = cookie.parse() {
        reply.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// What every answer of the gateway's own carries: it is kept by no cache (unless it says otherwise),
/// is what its type says, and leaks no address.
pub(super) fn protect(headers: &mut HeaderMap, secure: bool) {
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if !headers.contains_key(ETAG) {
        headers.append(VARY, HeaderValue::from_static("Cookie, Sec-Fetch-Mode, Accept"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if secure {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
}
