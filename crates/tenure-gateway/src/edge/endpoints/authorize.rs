//! `authorize`: forward-auth, for nginx, Caddy, Traefik, HAProxy, Apache and Envoy.
//!
//! 200 with every identity header lets the request pass (Envoy takes only 200 for a yes). Otherwise 401
//! with a problem document and the address to go to in `Tenure-Location`; with `?mode=redirect`, for
//! proxies that hand the answer on, a navigation gets the 303 itself. At most one `Set-Cookie` is ever
//! sent, for nginx passes on only the first: none, in fact. With `?cookies=rest`, for proxies that can't take a
//! cookie out of a request but can replace headers (Traefik), a yes carries the cookies that are the
//! application's in `Cookie`.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, StatusCode};
use tenure::core::{Activity, Request};
use tenure::store::{Store, Unavailable};

use super::{Answer, Call};
use crate::config::Access;
use crate::edge::identity::Identity;
use crate::edge::standing::Standing;
use crate::edge::visit::Visit;
use crate::edge::{cors, refusal, reply};
use crate::web::requests;

pub(super) async fn answer<S: Store>(call: Call<'_, S>) -> Answer {
    let redirects = call.visit.query("mode").as_deref() == Some("redirect");
    let cookies = call.visit.query("cookies").as_deref() == Some("rest");
    let asked = call.visit.clone().asked_about();
    let call = Call { visit: &asked, ..call };
    let settings = call.settings;

    let route = settings.routes.find(asked.host(), asked.uri.path());
    if route.access == Access::Public || is_ours(settings.base_path.as_str(), asked.uri.path()) {
        // Whoever is signed in is still known to the application.
        let request = Request { activity: activity_of(&asked, true), ..Request::passive(&route.policy) };
        let standing = judge(&call, &request).await?;
        return Ok(granted(&call, standing.active(), cookies));
    }
    let passive = route.access == Access::Passive;
    let request = Request {
        activity: activity_of(&asked, passive),
        step_up_within: route.step_up_within,
        ..Request::passive(&route.policy)
    };
    let standing = judge(&call, &request).await?;
    if standing.refusal().is_none() {
        return Ok(granted(&call, standing.active(), cookies));
    }
    let mut reply = if redirects && asked.navigation {
        refusal::see_page(settings, &asked, &standing)
    } else {
        refusal::problem(settings, &asked, &standing)
    };
    cors::allow(settings, &asked, reply.headers_mut());
    Ok(reply)
}

/// Judges the request that is asked about. It is counted as one that comes through the proxy is.
async fn judge<'a, S: Store>(call: &Call<'a, S>, request: &Request<'_>) -> Result<Standing<'a>, Unavailable> {
    let judged = call.judge(request).await;
    match &judged {
        Ok(standing) => call.gateway.metrics.judged(&standing.outcome),
        Err(_) => call.gateway.metrics.unknown(),
    }
    judged
}

fn activity_of(visit: &Visit, passive: bool) -> Activity {
    if passive || requests::says_passive(&visit.headers) { Activity::Passive } else { Activity::Active }
}

fn is_ours(base_path: &str, path: &str) -> bool {
    path.strip_prefix(base_path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn granted<S: Store>(
    call: &Call<'_, S>,
    session: Option<&tenure::core::Session>,
    cookies: bool,
) -> reply::Reply {
    let identity = match session {
        Some(session) => {
            let (keys, now) = (call.gateway.keys.load(), call.gateway.now());
            call.gateway.identity.of(session, call.visit.host(), &keys, now)
        }
        None => Identity::of_nobody(),
    };
    let mut reply = reply::empty(StatusCode::OK);
    reply.headers_mut().extend(identity);
    if cookies {
        reply.headers_mut().insert(COOKIE, others(call));
    }
    reply
}

/// The cookies of a request that are not the gateway's, on one line; empty if there are none.
fn others<S: Store>(call: &Call<'_, S>) -> HeaderValue {
    let mut headers: HeaderMap = HeaderMap::new();
    for line in call.visit.headers.get_all(COOKIE) {
        headers.append(COOKIE, line.clone());
    }
    call.settings.own_cookies.strip_request(&mut headers);
    let lines: Vec<_> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    HeaderValue::from_bytes(&lines.join(&b"; "[..])).unwrap_or(HeaderValue::from_static(""))
}
