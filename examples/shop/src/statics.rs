//! Files, with validators and ranges (RFC 9110, sections 8.8, 13 and 14).

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hasher};
use std::ops::Range;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use axum::extract::Path;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_RANGE, LAST_MODIFIED, RANGE,
};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};

/// The files are part of the program and have no time of their own. 1 January 2026, midnight UTC.
const LAST_CHANGE: Duration = Duration::from_secs(1_767_225_600);

/// Something that can be asked for again, in whole or in part.
pub(crate) struct Asset {
    content_type: &'static str,
    body: Cow<'static, [u8]>,
    etag: String,
}

static ASSETS: LazyLock<[(&str, Asset); 6]> = LazyLock::new(|| {
    let embedded = |kind, body: &'static str| Asset::new(kind, Cow::Borrowed(body.as_bytes()));
    [
        ("shop.css", embedded("text/css; charset=utf-8", include_str!("../static/shop.css"))),
        ("chat.js", embedded("text/javascript; charset=utf-8", include_str!("../static/chat.js"))),
        ("poll.js", embedded("text/javascript; charset=utf-8", include_str!("../static/poll.js"))),
        ("goods.svg", embedded("image/svg+xml", include_str!("../static/goods.svg"))),
        ("mark.svg", embedded("image/svg+xml", include_str!("../static/mark.svg"))),
        ("manual.txt", Asset::new("text/plain; charset=utf-8", Cow::Owned(manual().into_bytes()))),
    ]
});

impl Asset {
    pub(crate) fn new(content_type: &'static str, body: Cow<'static, [u8]>) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(&body);
        let etag = format!("\"{:016x}\"", hasher.finish());
        Self { content_type, body, etag }
    }

    /// The answer to a GET with these headers: 200, 206, 304 or 416.
    pub(crate) fn answer(&self, request: &HeaderMap) -> Response {
        let validators = [
            (ETAG, self.etag.clone()),
            (LAST_MODIFIED, httpdate::fmt_http_date(last_change())),
            (CACHE_CONTROL, "no-cache".to_owned()),
        ];
        if self.is_fresh(request) {
            return (StatusCode::NOT_MODIFIED, validators).into_response();
        }
        let whole = self.body.len();
        let range = text(request, RANGE)
            .filter(|_| self.may_be_partial(request))
            .and_then(|range| parse_range(range, whole));
        let (status, content_range, body) = match range {
            None => (StatusCode::OK, None, self.body.clone()),
            Some(Ok(range)) => {
                let content_range = format!("bytes {}-{}/{whole}", range.start, range.end - 1);
                (StatusCode::PARTIAL_CONTENT, Some(content_range), Cow::Owned(self.body[range].to_vec()))
            }
            Some(Err(Unsatisfiable)) => {
                (StatusCode::RANGE_NOT_SATISFIABLE, Some(format!("bytes */{whole}")), Cow::Borrowed(&[][..]))
            }
        };
        let content_range = content_range.map(|value| [(CONTENT_RANGE, value)]);
        let kind = [(CONTENT_TYPE, self.content_type), (ACCEPT_RANGES, "bytes")];
        (status, validators, kind, content_range, body).into_response()
    }

    /// Whether the client's copy will do. The tag, where there is one, decides alone.
    fn is_fresh(&self, request: &HeaderMap) -> bool {
        if let Some(tags) = text(request, IF_NONE_MATCH) {
            let same = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.etag;
            return tags.split(',').any(|tag| same(tag.trim()));
        }
        let since = text(request, IF_MODIFIED_SINCE).and_then(|date| httpdate::parse_http_date(date).ok());
        since.is_some_and(|since| since >= last_change())
    }

    /// A part is of use only beside the rest of the same version.
    fn may_be_partial(&self, request: &HeaderMap) -> bool {
        text(request, IF_RANGE).is_none_or(|validator| {
            validator == self.etag
                || httpdate::parse_http_date(validator).is_ok_and(|date| date == last_change())
        })
    }
}

#[derive(Debug, PartialEq)]
struct Unsatisfiable;

/// One range of bytes. `None` is what a server may ignore: another unit, several ranges, or nonsense.
fn parse_range(range: &str, whole: usize) -> Option<Result<Range<usize>, Unsatisfiable>> {
    let (first, last) = range.strip_prefix("bytes=")?.trim().split_once('-')?;
    let number = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().unwrap_or(usize::MAX))
    };
    let range = match (first, last) {
        ("", "") => return None,
        ("", length) => whole.saturating_sub(number(length)?)..whole,
        (first, "") => number(first)?..whole,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(whole)
        }
    };
    Some(if range.start < range.end { Ok(range) } else { Err(Unsatisfiable) })
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn last_change() -> SystemTime {
    SystemTime::UNIX_EPOCH + LAST_CHANGE
}

pub(crate) async fn serve(Path(name): Path<String>, method: Method, mut headers: HeaderMap) -> Response {
    if method == Method::HEAD {
        // Ranges are defined for GET alone.
        headers.remove(RANGE);
    }
    match ASSETS.iter().find(|(known, _)| *known == name) {
        Some((_, asset)) => asset.answer(&headers),
        None => (StatusCode::NOT_FOUND, "There is no such file.").into_response(),
    }
}

/// About 100 kB in numbered lines, so that any part of it shows where it came from.
fn manual() -> String {
    const LINES: [&str; 6] = [
        "Rinse the line in fresh water, dry it out of the sun, and coil it loosely.",
        "Turn every shackle by hand once a month. One that resists wants grease.",
        "Check the bilge before you leave the quay and once more when you are back.",
        "Write the tide on the board, then look at the water: the water is right.",
        "Keep one dry match where nobody would look for it, and tell the others where.",
        "A fender too many has never scratched a hull.",
    ];
    let mut manual = String::from("The Harbour Supply manual\n\n");
    for (number, line) in (1..=1_200).zip(LINES.iter().cycle()) {
        manual.push_str(&format!("{number:>5}  {line}\n"));
    }
    manual
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_has_them() {
        for (range, expected) in [
            ("bytes=0-0", Some(Ok(0..1))),
            ("bytes=2-", Some(Ok(2..10))),
            ("bytes=-3", Some(Ok(7..10))),
            ("bytes=-30", Some(Ok(0..10))),
            ("bytes=4-99999999999999999999", Some(Ok(4..10))),
            ("bytes=10-", Some(Err(Unsatisfiable))),
            ("bytes=-0", Some(Err(Unsatisfiable))),
            ("bytes=5-4", None),
            ("bytes=-", None),
            ("bytes=0-1,3-4", None),
            ("bytes=+1-2", None),
            ("lines=0-1", None),
        ] {
            assert_eq!(parse_range(range, 10), expected, "{range}");
        }
    }
}
