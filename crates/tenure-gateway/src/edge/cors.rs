//! Letting pages of the gateway's own hosts read its refusals (CORS, Fetch Standard).

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::gateway::Settings;
use super::reply::{self, Reply};
use super::visit::Visit;
use crate::web::requests::{SameOrigin, comes_from_here};

/// The origin of the page, if it is a page of a host that this gateway serves.
fn known_origin<'a>(settings: &Settings, visit: &'a Visit) -> Option<&'a HeaderValue> {
    let origin = visit.headers.get(ORIGIN)?;
    let text = origin.to_str().ok()?;
    let (scheme, authority) = text.split_once("://")?;
    let secure_enough = scheme == "https" || (scheme == "http" && !settings.is_secure());
    let host = crate::web::requests::host_of(authority);
    let ours = text == settings.public_origin
        || settings.routes.hosts().any(|known| known.eq_ignore_ascii_case(host));
    (secure_enough && ours).then_some(origin)
}

/// Whether a WebSocket is opened by a page of another site. Browsers apply no same-origin policy to WebSockets
/// (RFC 6455, section 10.2), so the application behind us would take it for the person's own.
pub(super) fn is_foreign_socket(settings: &Settings, visit: &Visit) -> bool {
    crate::web::requests::is_upgrade(&visit.headers)
        && visit.headers.contains_key(ORIGIN)
        && comes_from_here(&visit.headers, &visit.authority) == SameOrigin::No
        && known_origin(settings, visit).is_none()
}

/// Lets a page of ours read the answer. Anybody else's browser keeps it from its page.
pub(super) fn allow(settings: &Settings, visit: &Visit, headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = known_origin(settings, visit) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("tenure-not-forwarded, retry-after, www-authenticate"),
        );
    }
}

/// Answers a preflight of a page of ours. A preflight carries no cookie, so it can be judged by no
/// session, and must not reach the application of a protected route.
pub(super) fn preflight(settings: &Settings, visit: &Visit) -> Option<Reply> {
    if visit.method != Method::OPTIONS {
        return None;
    }
    let method = visit.headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
    known_origin(settings, visit)?;
    let mut reply = reply::empty(StatusCode::NO_CONTENT);
    let headers = reply.headers_mut();
    allow(settings, visit, headers);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, method.clone());
    if let Some(names) = visit.headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    Some(reply)
}
