//! Public pages, among them some that are awkward to change on their way: compressed, and with strict policies.

use std::borrow::Cow;
use std::io::Write;
use std::sync::{Arc, LazyLock};

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;

use crate::page::{self, Page};
use crate::shop::Shop;
use crate::statics::Asset;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    page: Page,
}

pub(crate) async fn board(State(shop): State<Arc<Shop>>, visitor: Visitor) -> Response {
    page::render(&BoardPage { page: Page::new(&shop, visitor.subject.as_deref(), "Notice board", "board") })
}

#[derive(Template)]
#[template(path = "poll.html")]
struct PollPage {
    page: Page,
}

pub(crate) async fn poll(State(shop): State<Arc<Shop>>, visitor: Visitor) -> Response {
    page::render(&PollPage { page: Page::new(&shop, visitor.subject.as_deref(), "Harbour gauge", "poll") })
}

#[derive(Template)]
#[template(path = "many.html")]
struct ManyPage {
    page: Page,
    fields: u32,
}

#[derive(Deserialize)]
pub(crate) struct HowMany {
    #[serde(default = "thousand")]
    fields: u32,
}

const fn thousand() -> u32 {
    1_000
}

pub(crate) async fn many(
    State(shop): State<Arc<Shop>>,
    visitor: Visitor,
    Query(how_many): Query<HowMany>,
) -> Response {
    let page = Page::new(&shop, visitor.subject.as_deref(), "Stocktaking", "");
    page::render(&ManyPage { page, fields: how_many.fields.min(5_000) })
}

#[derive(Template)]
#[template(path = "strict.html")]
struct StrictPage {
    page: Page,
    nonce: String,
    policy: String,
}

/// A policy that allows nothing but what the page itself needs.
pub(crate) async fn strict(State(shop): State<Arc<Shop>>, visitor: Visitor) -> Response {
    under_policy(&shop, &visitor, "A strict page", "")
}

/// The same, where no text may become markup or script.
pub(crate) async fn trusted_types(State(shop): State<Arc<Shop>>, visitor: Visitor) -> Response {
    under_policy(
        &shop,
        &visitor,
        "A page with Trusted Types",
        "; require-trusted-types-for 'script'; trusted-types 'none'",
    )
}

fn under_policy(shop: &Shop, visitor: &Visitor, title: &'static str, more: &str) -> Response {
    let mut random = [0; 16];
    if getrandom::fill(&mut random).is_err() {
        return (StatusCode::SERVICE_UNAVAILABLE, "No randomness to be had. Please try again.")
            .into_response();
    }
    let nonce: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'{more}"
    );
    let Ok(header) = HeaderValue::from_str(&policy) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let page = Page::new(shop, visitor.subject.as_deref(), title, "");
    ([(CONTENT_SECURITY_POLICY, header)], page::render(&StrictPage { page, nonce, policy })).into_response()
}

#[derive(Template)]
#[template(path = "gzip.html")]
struct GzipPage {
    page: Page,
}

/// The page as it is, and compressed. Each has a tag of its own, as two representations must.
static GZIP: LazyLock<Option<(Asset, Asset)>> = LazyLock::new(|| {
    let html = GzipPage { page: Page::guest("A compressed page", "") }.render().ok()?.into_bytes();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&html).ok()?;
    let small = encoder.finish().ok()?;
    let asset = |body| Asset::new("text/html; charset=utf-8", Cow::Owned(body));
    Some((asset(html), asset(small)))
});

/// The same for everyone, so that its tag is worth something.
pub(crate) async fn compressed(headers: HeaderMap) -> Response {
    let Some((plain, small)) = GZIP.as_ref() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = if accepts_gzip(&headers) {
        let mut response = small.answer(&headers);
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    } else {
        plain.answer(&headers)
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    response
}

/// RFC 9110, section 12.5.3, as far as one coding goes: named or by `*`, and not with weight 0.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut codings = codings.flat_map(|value| value.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        ["gzip", "x-gzip", "*"].contains(&name.trim().to_ascii_lowercase().as_str())
            && weight.is_some_and(|weight| weight > 0.0)
    })
}

#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFoundPage {
    page: Page,
}

pub(crate) fn missing(shop: &Shop, subject: Option<&str>) -> Response {
    let page = NotFoundPage { page: Page::new(shop, subject, "This page does not exist", "") };
    (StatusCode::NOT_FOUND, page::render(&page)).into_response()
}

pub(crate) async fn not_found(State(shop): State<Arc<Shop>>, visitor: Visitor) -> Response {
    missing(&shop, visitor.subject.as_deref())
}
