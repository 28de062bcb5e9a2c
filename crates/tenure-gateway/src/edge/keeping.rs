//! What a person sent meets a lock: it is kept, or they are told why not.

use std::time::Duration;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, REFERER};
use http::{HeaderName, Method, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tenure::core::Session;
use tenure::service::{Outcome, Work};
use tenure::store::Store;

use super::gateway::{Gateway, Settings};
use super::refusal;
use super::reply::{self, Reply};
use super::standing::Standing;
use super::visit::Visit;
use crate::config::Route;
use crate::kept::{Head, Intake, KeptId, NotKept};
use crate::pages::{NotKeptPage, NotKeptReason, SentWork};
use crate::web::requests::proves_same_origin;

/// How long the next piece of a body may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// A browser reads an answer only once it has sent everything, so what is not kept is read to its end and thrown away, unless
/// it is longer or takes longer than this.
const LINGER_BYTES: u64 = 64 * 1024 * 1024;
const LINGER: Duration = Duration::from_secs(15);

/// Why something that was sent waits nowhere.
enum Lost {
    /// It could not be kept although it would have been.
    NotKept(NotKept),
    /// There is no session that would give it back.
    NoSession,
    /// It does not prove that a page of this site sent it.
    OtherSite,
    /// It did not arrive whole.
    Incomplete,
}

impl From<NotKept> for Lost {
    fn from(not_kept: NotKept) -> Self {
        Self::NotKept(not_kept)
    }
}

/// Answers a request that does not pass. What a person sent with it is kept where that is possible and safe.
pub(super) async fn refuse<S: Store>(
    gateway: &Gateway<S>,
    settings: &Settings,
    visit: &Visit,
    route: &Route,
    standing: &Standing<'_>,
    mut body: Incoming,
) -> Reply {
    let carries_something = ![Method::GET, Method::HEAD, Method::OPTIONS].contains(&visit.method);
    if !visit.navigation || !carries_something {
        return refusal::refuse(settings, visit, standing);
    }
    let kept = keep(gateway, settings, visit, route, standing, &mut body).await;
    if !body.is_end_stream() && !visit.headers.contains_key(EXPECT) {
        tokio::task::spawn_local(linger(body));
    }
    match kept {
        Ok(id) => see_page_with(settings, visit, standing, id),
        Err(lost) => {
            tracing::info!(request_id = %visit.request_id, why = lost.code(), "what was sent is not kept");
            gateway.metrics.kept_request(lost.code());
            tell(settings, visit, standing, &lost)
        }
    }
}

/// `303` to the page where the person goes on, which then leads to what is kept.
pub(super) fn see_page_with(
    settings: &Settings,
    visit: &Visit,
    standing: &Standing<'_>,
    id: KeptId,
) -> Reply {
    reply::see_other(&format!("{}&kept={id}", refusal::way_on(settings, visit, standing)))
}

async fn keep<S: Store>(
    gateway: &Gateway<S>,
    settings: &Settings,
    visit: &Visit,
    route: &Route,
    standing: &Standing<'_>,
    body: &mut Incoming,
) -> Result<KeptId, Lost> {
    let (Outcome::Locked { session, .. } | Outcome::StepUp { session, .. }) = &standing.outcome else {
        return Err(Lost::NoSession);
    };
    if !proves_same_origin(&visit.headers, &visit.authority, settings.is_secure()) {
        return Err(Lost::OtherSite);
    }
    let announced = visit.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let head = head(gateway, visit, route, session);
    let intake = gateway.kept.begin(head, announced, settings.kept_limits).await?;
    let id = take_in(intake, body).await?;

    // It may have ended while the body came; whoever ends it from now on finds what is kept. A store that does not answer
    // says nothing of the session.
    if let Ok(record) = gateway.sessions.load(session.id).await
        && !record.is_some_and(|record| record.session.is_live())
    {
        if let Err(error) = gateway.kept.end_session(session.id).await {
            tracing::warn!(%error, "what was kept for an ended session could not be removed from the disk");
        }
        return Err(Lost::NoSession);
    }
    tracing::info!(request_id = %visit.request_id, %id, session = %session.id, "a request is kept");
    gateway.metrics.kept_request("kept");
    gateway.note_work(session, Work::Kept).await;
    Ok(id)
}

fn head<S: Store>(gateway: &Gateway<S>, visit: &Visit, route: &Route, session: &Session) -> Head {
    let header = |name: HeaderName| visit.headers.get(name).map(|value| value.as_bytes().to_vec());
    let now = gateway.now();
    Head {
        method: visit.method.as_str().into(),
        target: visit.path_and_query().into(),
        content_type: header(CONTENT_TYPE),
        content_encoding: header(CONTENT_ENCODING),
        referer: header(REFERER),
        host: visit.host().into(),
        route: route.pattern.to_string(),
        subject: session.subject.clone(),
        session: session.id,
        kept_at: now,
        expires_at: now + route.policy.keep_work_for(),
    }
}

async fn take_in(mut intake: Intake, body: &mut Incoming) -> Result<KeptId, Lost> {
    loop {
        match tokio::time::timeout(PATIENCE, body.frame()).await {
            Ok(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    intake.push(data).await?;
                }
            }
            Ok(None) => return Ok(intake.finish().await?),
            Ok(Some(Err(_))) | Err(_) => return Err(Lost::Incomplete),
        }
    }
}

async fn linger(mut body: Incoming) {
    let mut left = LINGER_BYTES;
    let drained = async {
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, bytes::Bytes::len) as u64;
            match left.checked_sub(length) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    // Whoever is slower than this learns that the connection has closed.
    let _ = tokio::time::timeout(LINGER, drained).await;
}

impl Lost {
    /// A name for logs and metrics.
    const fn code(&self) -> &'static str {
        match self {
            Self::NotKept(NotKept::TooLarge(_)) => "too_large",
            Self::NotKept(NotKept::PersonFull(_)) => "person_full",
            Self::NotKept(NotKept::Full) => "full",
            Self::NotKept(NotKept::File(_)) => "disk",
            Self::NoSession => "no_session",
            Self::OtherSite => "other_site",
            Self::Incomplete => "incomplete",
        }
    }
}

fn tell(settings: &Settings, visit: &Visit, standing: &Standing<'_>, lost: &Lost) -> Reply {
    let (status, reason) = match lost {
        Lost::NoSession | Lost::OtherSite => {
            let work = if matches!(lost, Lost::NoSession) { SentWork::NotKept } else { SentWork::OtherSite };
            let way_on = refusal::way_on(settings, visit, standing);
            return reply::see_other(&format!("{way_on}&sent={}", work.code()));
        }
        Lost::NotKept(NotKept::TooLarge(limit)) => {
            (StatusCode::PAYLOAD_TOO_LARGE, NotKeptReason::TooLarge { limit: *limit })
        }
        Lost::NotKept(NotKept::PersonFull(limit)) => {
            (StatusCode::PAYLOAD_TOO_LARGE, NotKeptReason::PersonFull { limit: *limit })
        }
        Lost::NotKept(NotKept::Full) => (StatusCode::PAYLOAD_TOO_LARGE, NotKeptReason::Full),
        Lost::NotKept(NotKept::File(error)) => {
            tracing::error!(request_id = %visit.request_id, %error, "a request could not be kept");
            (StatusCode::INSUFFICIENT_STORAGE, NotKeptReason::Disk)
        }
        Lost::Incomplete => (StatusCode::REQUEST_TIMEOUT, NotKeptReason::Incomplete),
    };
    let page =
        NotKeptPage { ctx: settings.page(visit), reason, way_on: refusal::way_on(settings, visit, standing) };
    reply::page(status, &page)
}
