//! Probes: `tenure doctor` asks what of its own requests arrived here, and as what.
//!
//! A probe is announced on the administration listener and gets a name that nobody else knows. For two minutes,
//! requests that carry it in `X-Tenure-Probe` are answered here, whatever their path, with what the gateway saw of
//! them; no application and no session is involved. A request that a front proxy asks about (forward-auth) is
//! answered with 401, so that no probe is ever taken for leave to pass.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Incoming;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use super::gateway::Settings;
use super::visit::Visit;
use crate::net::Peer;
use crate::proxy::{BoxError, RespBody};

/// The header that carries the name of a probe.
const NAME: HeaderName = HeaderName::from_static("x-tenure-probe");
/// How long a probe is answered.
pub const LIFETIME: Duration = Duration::from_secs(120);
/// How many probes there may be at once; the oldest one goes.
const MOST: usize = 8;
/// How many events a probed stream has, and how far they are apart.
const EVENTS: u32 = 3;
const BETWEEN_EVENTS: Duration = Duration::from_millis(400);

/// The probes that are answered at present.
#[derive(Debug, Default)]
pub struct Probes {
    open: Mutex<Vec<(String, Instant)>>,
    /// Saves every other request the look at its headers.
    any: AtomicBool,
    answered: AtomicU64,
}

impl Probes {
    /// Announces a probe and gives its name.
    ///
    /// # Errors
    /// The operating system gives no random bits.
    pub fn open(&self) -> Result<String, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        let name = URL_SAFE_NO_PAD.encode(bytes);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() == MOST {
            open.remove(0);
        }
        open.push((name.clone(), Instant::now() + LIFETIME));
        self.any.store(true, Ordering::Relaxed);
        Ok(name)
    }

    /// Whether a request carries the name of a probe.
    pub(super) fn concern(&self, headers: &HeaderMap) -> bool {
        if !self.any.load(Ordering::Relaxed) {
            return false;
        }
        let Some(name) = headers.get(NAME) else { return false };
        let now = Instant::now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(_, until)| *until > now);
        self.any.store(!open.is_empty(), Ordering::Relaxed);
        open.iter().any(|(known, _)| bool::from(known.as_bytes().ct_eq(name.as_bytes())))
    }
}

/// Answers a probe.
pub(super) async fn answer(
    probes: &Probes,
    settings: &Settings,
    peer: Peer,
    visit: &Visit,
    request: Request<Incoming>,
) -> Response<RespBody> {
    let asks = visit.uri.path() == format!("{}/authorize", settings.base_path);
    let upgrade =
        visit.headers.get(UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if upgrade && !asks {
        return switch_protocols();
    }
    if visit.headers.get(http::header::ACCEPT).is_some_and(|kind| kind == "text/event-stream") && !asks {
        return events();
    }
    let mut seen = seen(settings, peer, visit, request.version());
    seen["number"] = probes.answered.fetch_add(1, Ordering::Relaxed).into();
    seen["body"] = length(request.into_body()).await.into();
    let mut response = Response::new(RespBody::Full(seen.to_string().into()));
    if asks {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What arrived, and what is made of it.
fn seen(settings: &Settings, peer: Peer, visit: &Visit, version: http::Version) -> Value {
    let told = ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];
    let told: Vec<&str> = told.into_iter().filter(|name| visit.headers.contains_key(*name)).collect();
    json!({
        "peer": peer.address.to_canonical(),
        "client": visit.origin.client,
        "scheme": visit.origin.scheme.as_str(),
        "host": visit.authority,
        "listed": visit.origin.by_trusted_proxy,
        "believed": visit.origin.believed,
        "told": told,
        "path": visit.uri.path(),
        "version": format!("{version:?}"),
        "public_origin": settings.public_origin,
    })
}

/// How long a body is, without keeping it.
async fn length(mut body: Incoming) -> u64 {
    let mut length = 0;
    while let Some(Ok(frame)) = body.frame().await {
        length += frame.data_ref().map_or(0, |data| data.len() as u64);
    }
    length
}

/// The pair of key and answer of RFC 6455, section 1.3. Nothing is said after it.
fn switch_protocols() -> Response<RespBody> {
    let mut response = Response::new(RespBody::Empty);
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert("sec-websocket-accept", HeaderValue::from_static("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    response
}

/// A few events with time between them.
fn events() -> Response<RespBody> {
    let ticks = stream::unfold(0, |number| async move {
        if number == EVENTS {
            return None;
        }
        if number > 0 {
            tokio::time::sleep(BETWEEN_EVENTS).await;
        }
        let frame = Frame::data(Bytes::from(format!("data: {number}\n\n")));
        Some((Ok::<_, Infallible>(frame), number + 1))
    });
    let body = StreamBody::new(ticks).map_err(|never| -> BoxError { match never {} }).boxed();
    let mut response = Response::new(RespBody::Boxed(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_announced_name_is_answered_and_the_oldest_of_many_goes() {
        let probes = Probes::default();
        let carry = |name: &str| HeaderMap::from_iter([(NAME, name.parse().unwrap())]);
        assert!(!probes.concern(&carry("anything")));
        let first = probes.open().unwrap();
        assert!(probes.concern(&carry(&first)));
        assert!(!probes.concern(&carry("anything")) && !probes.concern(&HeaderMap::new()));
        for _ in 0..MOST {
            probes.open().unwrap();
        }
        assert!(!probes.concern(&carry(&first)));
    }
}
