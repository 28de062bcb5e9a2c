//! Telling why a request does not pass: a page for people, a problem for programs.

use std::time::Duration;

use http::StatusCode;
use tenure::core::{Reason, Session};
use tenure::service::{Outcome, SupportCode};

use super::gateway::Settings;
use super::reply::{self, Reply};
use super::standing::Standing;
use super::visit::Visit;
use crate::language::Language;
use crate::pages::{ErrorKind, ErrorPage, words};
use crate::web::problem::Problem;
use crate::web::return_to::ReturnTo;

/// Set on answers that the gateway gave itself: the request was not passed on, so a client may send
/// it again. The application cannot set it, for its own is taken out.
pub(super) const NOT_FORWARDED: http::HeaderName = http::HeaderName::from_static("tenure-not-forwarded");

/// Where a front proxy that cannot hand our answer on sends a navigation.
pub(super) const LOCATION_FOR_PROXY: http::HeaderName = http::HeaderName::from_static("tenure-location");

/// Answers a request that does not pass: a navigation goes to the page where the person goes on,
/// anything else is told in a problem document.
pub(super) fn refuse(settings: &Settings, visit: &Visit, standing: &Standing<'_>) -> Reply {
    if visit.navigation { see_page(settings, visit, standing) } else { problem(settings, visit, standing) }
}

/// `303` to the page where the person goes on.
pub(super) fn see_page(settings: &Settings, visit: &Visit, standing: &Standing<'_>) -> Reply {
    reply::see_other(&way_on(settings, visit, standing))
}

/// `401` with a problem document (RFC 9457), or RFC 9470's challenge where the session only has to be
/// newer.
pub(super) fn problem(settings: &Settings, visit: &Visit, standing: &Standing<'_>) -> Reply {
    let Some((reason, since)) = standing.refusal() else { return reply::empty(StatusCode::OK) };
    // English, whoever asks: a problem document is for programs and their logs.
    let words = words::of(reason);
    let (title, detail) = (words.title(Language::ENGLISH).plain(), words.message(Language::ENGLISH));
    let mut problem = Problem::of_reason(reason, &title, detail)
        .with("unlock_url", way_on(settings, visit, standing))
        .with("why_url", page_address(settings, "why", visit))
        .with("instance", visit.request_id.to_string());
    if let Some(since) = since {
        problem = problem.with("since", since.to_string());
    }
    if let Some(session) = standing.session() {
        problem = problem.with("support_code", support_code(session));
    }
    if let Outcome::StepUp { within, .. } = &standing.outcome {
        problem = problem.challenge(step_up_challenge(*within)).with("session_state", "active");
    }
    let mut reply: Reply = problem.into_response::<String>().map(Into::into);
    reply.headers_mut().insert(NOT_FORWARDED, http::HeaderValue::from_static("1"));
    if let Ok(location) = way_on(settings, visit, standing).parse() {
        reply.headers_mut().insert(LOCATION_FOR_PROXY, location);
    }
    reply
}

/// RFC 9470, section 3.
fn step_up_challenge(within: Duration) -> String {
    format!(
        "Bearer error=\"insufficient_user_authentication\", \
         error_description=\"A more recent authentication is required\", max_age={}",
        within.as_secs()
    )
}

/// The address of the page where the person goes on.
pub(super) fn way_on(settings: &Settings, visit: &Visit, standing: &Standing<'_>) -> String {
    let mut address = page_address(settings, standing.way_on(), visit);
    if let Some((Reason::Missing(reason), _)) = standing.refusal()
        && standing.way_on() == "why"
    {
        address.push_str("&reason=");
        address.push_str(reason.code());
    }
    address
}

/// The address of one of our pages, from which the person comes back to what was asked for. What was
/// sent by another method than GET cannot be asked for again by its address alone; then the page that
/// sent it is where the person comes back to.
pub(super) fn page_address(settings: &Settings, page: &str, visit: &Visit) -> String {
    let wanted = if visit.method == http::Method::GET || visit.method == http::Method::HEAD {
        ReturnTo::new(visit.path_and_query(), &settings.base_path)
    } else {
        page_of_origin(settings, visit)
            .unwrap_or_else(|| ReturnTo::new(visit.uri.path(), &settings.base_path))
    };
    format!("{}/{page}?return_to={}", settings.base_path, wanted.as_query_value())
}

/// The page of this host that the request was made from.
fn page_of_origin(settings: &Settings, visit: &Visit) -> Option<ReturnTo> {
    let referrer: http::Uri = crate::web::requests::text(&visit.headers, "referer")?.parse().ok()?;
    let same_host = referrer.authority()?.as_str().eq_ignore_ascii_case(&visit.authority);
    same_host.then(|| {
        ReturnTo::new(referrer.path_and_query().map_or("/", |path| path.as_str()), &settings.base_path)
    })
}

/// The code that support can find a session by.
pub(super) fn support_code(session: &Session) -> String {
    SupportCode::of(session.id).to_string()
}

/// An error of the gateway's own: a page for people, a problem for programs.
pub(super) fn error(settings: &Settings, visit: &Visit, kind: ErrorKind) -> Reply {
    let status = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let retry_after = match kind {
        ErrorKind::Unknown => Some(5),
        ErrorKind::UpstreamUnreachable | ErrorKind::UpstreamTimeout => Some(10),
        ErrorKind::TooMany { wait_seconds } => Some(wait_seconds),
        _ => None,
    };
    let page = ErrorPage { ctx: settings.page(visit), kind };
    if visit.navigation {
        let mut reply = reply::page(status, &page);
        if let Some(seconds) = retry_after {
            reply.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
        }
        return reply;
    }
    let mut problem =
        Problem::of_status(status, kind.plain_text()).with("instance", visit.request_id.to_string());
    if matches!(kind, ErrorKind::Unknown) {
        problem = problem.with("session_state", "unknown");
    }
    if let Some(seconds) = retry_after {
        problem = problem.retry_after(seconds);
    }
    problem.into_response::<String>().map(Into::into)
}
