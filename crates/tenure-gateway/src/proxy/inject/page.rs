//! Which requests and responses are pages, and what becomes of their headers.

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING,
    CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, VARY,
};
use http::{Method, StatusCode};
use tenure::core::SessionId;

use super::csp::{self, OwnSource};
use super::validators::Validators;
use crate::net::Scheme;
use crate::proxy::headers::tokens;

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const X_REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");
const HX_REQUEST: HeaderName = HeaderName::from_static("hx-request");

/// Digests of the bytes that the application sent say nothing about those that the client gets.
const DIGESTS: [HeaderName; 4] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("repr-digest"),
];

/// Whether a browser asks for a page to show: a document or a frame. Browsers that don't say (no `Sec-Fetch-Dest`) are
/// recognised by asking for HTML; scripts that ask for fragments of a page are not.
#[must_use]
pub fn is_page_request(method: &Method, headers: &HeaderMap) -> bool {
    if !matches!(*method, Method::GET | Method::HEAD | Method::POST) {
        return false;
    }
    match headers.get(&SEC_FETCH_DEST) {
        Some(destination) => matches!(destination.as_bytes(), b"document" | b"iframe" | b"frame"),
        None => {
            tokens(headers, &ACCEPT).any(|accepted| media_type(accepted).eq_ignore_ascii_case("text/html"))
                && !headers.contains_key(&X_REQUESTED_WITH)
                && !headers.contains_key(&HX_REQUEST)
        }
    }
}

/// The script that is added to pages.
#[derive(Debug, Clone)]
pub struct ClientScript {
    base: Box<str>,
}

/// A base path that can't stand in HTML and in a policy as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a base path begins with one / and has only letters, digits and -._~/ after it")]
pub struct InvalidBasePath;

impl ClientScript {
    /// Takes the reserved path under which the gateway serves `client.js`, such as `/.tenure`.
    ///
    /// # Errors
    /// [`InvalidBasePath`]
    pub fn new(base: &str) -> Result<Self, InvalidBasePath> {
        let base = base.trim_end_matches('/');
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if base.starts_with('/') && !base.starts_with("//") && base.bytes().all(allowed) {
            Ok(Self { base: base.into() })
        } else {
            Err(InvalidBasePath)
        }
    }

    /// Prepares a request whose response may be a page: what the browser kept of an earlier one is translated for the
    /// application, and an encoding that can't be read here isn't asked for. The page says which session it is made for.
    pub(crate) fn prepare(
        &self,
        session: SessionId,
        method: &Method,
        scheme: Scheme,
        host: &str,
        headers: &mut HeaderMap,
    ) -> Option<PageRequest> {
        if !is_page_request(method, headers) {
            return None;
        }
        let validators = Validators::translate(headers);
        limit_encodings(headers);
        let source = OwnSource::new(scheme, host, &self.base);
        Some(PageRequest { base: self.base.clone(), session, source, validators })
    }

    #[cfg(test)]
    pub(super) fn tag(&self, session: SessionId) -> Bytes {
        tag(&self.base, session, None)
    }
}

/// A request whose response may be a page.
#[derive(Debug)]
pub(crate) struct PageRequest {
    base: Box<str>,
    session: SessionId,
    source: OwnSource,
    validators: Validators,
}

/// What is to be done with a response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing.
    Leave,
    /// The headers have been changed; the body, if there is one, gets the tag.
    Inject { tag: Bytes, is_gzip: bool },
}

impl PageRequest {
    /// Looks at the response and, if the script is to be added, makes its headers fit.
    pub(crate) fn respond(self, status: StatusCode, headers: &mut HeaderMap) -> Outcome {
        if status == StatusCode::NOT_MODIFIED {
            if self.validators.mark_confirmed(headers) {
                csp::adapt_confirmed(headers, &self.source);
            }
            return Outcome::Leave;
        }
        if !is_shown(status) || !is_html(headers) || may_not_change(headers) {
            return Outcome::Leave;
        }
        let Some(is_gzip) = readable_encoding(headers) else { return Outcome::Leave };
        let Some(nonce) = csp::adapt(headers, &self.source) else { return Outcome::Leave };
        headers.remove(CONTENT_LENGTH);
        for digest in DIGESTS {
            headers.remove(digest);
        }
        if headers.contains_key(ACCEPT_RANGES) {
            headers.insert(ACCEPT_RANGES, HeaderValue::from_static("none"));
        }
        Validators::mark(headers);
        if !tokens(headers, &VARY).any(|name| name == "*" || name.eq_ignore_ascii_case("sec-fetch-dest")) {
            headers.append(VARY, HeaderValue::from_static("sec-fetch-dest"));
        }
        Outcome::Inject { tag: tag(&self.base, self.session, nonce.as_deref()), is_gzip }
    }
}

/// Base path, session id and nonce consist of characters that mean nothing in HTML. The id, and not a name: where an
/// application has shared caches keep its pages, others see it.
fn tag(base: &str, session: SessionId, nonce: Option<&str>) -> Bytes {
    let nonce = nonce.map(|nonce| format!(" nonce=\"{nonce}\"")).unwrap_or_default();
    // Not `defer`: it has to be there before the application's scripts call anything. The address carries its
    // hash, so that it comes from the browser's cache.
    let address = crate::assets::client().url(base);
    Bytes::from(format!(
        "<script src=\"{address}\" data-tenure-base=\"{base}\" data-tenure-session=\"{session}\"{nonce}></script>"
    ))
}

/// Whole pages: successes and errors, but no parts, no redirections and nothing without a body.
fn is_shown(status: StatusCode) -> bool {
    let has_page = status.is_success() || status.is_client_error() || status.is_server_error();
    has_page
        && !matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::PARTIAL_CONTENT)
}

/// HTML in an encoding that contains ASCII.
fn is_html(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(CONTENT_TYPE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return false };
    let Ok(text) = line.to_str() else { return false };
    media_type(text).eq_ignore_ascii_case("text/html") && !text.to_ascii_lowercase().contains("utf-16")
}

/// Downloads, and responses that forbid any change (RFC 9111 section 5.2.2.6).
fn may_not_change(headers: &HeaderMap) -> bool {
    let is_download = headers
        .get(CONTENT_DISPOSITION)
        .is_some_and(|value| value.as_bytes().to_ascii_lowercase().starts_with(b"attachment"));
    is_download
        || tokens(headers, &CACHE_CONTROL).any(|directive| directive.eq_ignore_ascii_case("no-transform"))
}

/// Whether the body is gzip, or `None` if it can't be read.
fn readable_encoding(headers: &HeaderMap) -> Option<bool> {
    let mut codings = tokens(headers, &CONTENT_ENCODING);
    match (codings.next(), codings.next()) {
        (None, _) => Some(false),
        (Some(coding), None) if coding.eq_ignore_ascii_case("identity") => Some(false),
        (Some(coding), None)
            if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") =>
        {
            Some(true)
        }
        _ => None,
    }
}

/// Asks for gzip where the browser takes it, and for nothing else.
fn limit_encodings(headers: &mut HeaderMap) {
    if !headers.contains_key(ACCEPT_ENCODING) {
        return;
    }
    let takes_gzip = tokens(headers, &ACCEPT_ENCODING).any(|item| {
        let (coding, quality) = item.split_once(';').unwrap_or((item, ""));
        let quality: String = quality.chars().filter(|character| !character.is_whitespace()).collect();
        let is_refused =
            quality.strip_prefix("q=0").is_some_and(|rest| rest.trim_matches(['.', '0']).is_empty());
        coding.trim().eq_ignore_ascii_case("gzip") && !is_refused
    });
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(if takes_gzip { "gzip" } else { "identity" }));
}

fn media_type(text: &str) -> &str {
    text.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
