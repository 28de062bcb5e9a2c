//! One request, from its head to the head of its answer.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use http::{HeaderValue, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use tenure::core::{Activity, Session};
use tenure::store::Store;

use super::gateway::{Gateway, Settings};
use super::identity::Identity;
use super::reply::{self, Reply};
use super::standing::Standing;
use super::visit::{RequestId, Visit};
use super::{cors, endpoints, keeping, probe, refusal, replay, resume, streams};
use crate::config::{Access, Route};
use crate::net::{Peer, resolve};
use crate::pages::ErrorKind;
use crate::proxy::{
    Forward, InvalidUpstream, RespBody, Upstream, UpstreamError, UpstreamLimits, admit, forward,
};
use crate::web::problem::Problem;
use crate::web::requests;

pub(super) const REQUEST_ID: http::HeaderName = http::HeaderName::from_static("x-request-id");

/// What one worker has for itself: its own connections to the applications, so that workers share no lock.
#[derive(Debug, Default)]
pub struct Worker {
    upstreams: RefCell<HashMap<Uri, Upstream>>,
}

impl Worker {
    pub(super) fn upstream(&self, uri: &Uri, limits: &UpstreamLimits) -> Result<Upstream, InvalidUpstream> {
        if let Some(upstream) = self.upstreams.borrow().get(uri) {
            return Ok(upstream.clone());
        }
        let upstream = Upstream::new(uri, limits.clone())?;
        self.upstreams.borrow_mut().insert(uri.clone(), upstream.clone());
        Ok(upstream)
    }

    /// Forgets all connections: the settings have changed.
    pub fn reset(&self) {
        self.upstreams.borrow_mut().clear();
    }
}

/// Answers one request.
///
/// What happens seldom is boxed: the future is moved once before it runs, and is as large as its largest branch.
pub async fn handle<S: Store>(
    gateway: &Arc<Gateway<S>>,
    worker: &Worker,
    peer: Peer,
    request: Request<Incoming>,
) -> Response<RespBody> {
    let began = Instant::now();
    let settings = gateway.settings().clone();
    let request_id = RequestId::next(gateway.request_seed);
    let (head, body) = request.into_parts();
    if let Err(refused) = admit(&head) {
        let problem = Problem::of_status(refused.status(), format!("The request was refused: {refused}."));
        tracing::info!(%request_id, client = %peer.address, %refused, "a request was refused");
        return finish(&settings, problem.into_response::<String>().map(Into::into), request_id);
    }
    let origin = resolve(peer, &head.headers, &settings.trusted_proxies);
    let visit = Visit::new(&head, origin, request_id);
    let request = Request::from_parts(head, body);

    if gateway.probes.concern(&visit.headers) {
        return Box::pin(probe::answer(&gateway.probes, &settings, peer, &visit, request)).await;
    }
    let (response, passed) = match own_path(&settings.base_path, visit.uri.path()) {
        Some(path) => {
            let path = path.to_owned();
            let reply = endpoints::serve(gateway, &settings, &visit, &path, request.into_body().into()).await;
            (finish(&settings, reply, request_id), false)
        }
        None => serve(gateway, &settings, worker, peer, &visit, request).await,
    };
    let status = response.status();
    gateway.metrics.answered(status, passed, began.elapsed());
    tracing::debug!(
        target: "tenure::access",
        %request_id,
        client = %visit.origin.client,
        method = %visit.method,
        host = %visit.authority,
        path = %visit.uri.path(),
        status = status.as_u16(),
        micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
        passed,
    );
    response
}

/// The rest of a path of ours, without a leading slash.
fn own_path<'a>(base_path: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(base_path)?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
}

/// Judges a request for the application and passes it on, or says why not.
async fn serve<S: Store>(
    gateway: &Arc<Gateway<S>>,
    settings: &Arc<Settings>,
    worker: &Worker,
    peer: Peer,
    visit: &Visit,
    request: Request<Incoming>,
) -> (Response<RespBody>, bool) {
    let route = settings.routes.find(visit.host(), visit.uri.path());
    let own = |reply: Reply| (finish(settings, reply, visit.request_id), false);
    if route.access == Access::Protected
        && let Some(reply) = cors::preflight(settings, visit)
    {
        return own(reply);
    }
    if route.access != Access::Public && cors::is_foreign_socket(settings, visit) {
        return own(refusal::error(settings, visit, ErrorKind::CrossSiteForm));
    }
    if route.access != Access::Public
        && let Some(wanted) = replay::wanted(visit)
    {
        let way = replay::Way { gateway, settings, worker, peer, visit, route };
        return match Box::pin(way.serve(wanted, request.into_body())).await {
            Ok(answer) => (answer, true),
            Err(reply) => own(reply),
        };
    }
    let standing = match judge(gateway, settings, visit, route).await {
        Ok(standing) => standing,
        Err(unavailable) => {
            tracing::warn!(request_id = %visit.request_id, %unavailable, "a session could not be judged");
            gateway.metrics.unknown();
            // On a public route nobody needs a session; whoever has one is nobody for a while.
            if route.access != Access::Public {
                return own(refusal::error(settings, visit, ErrorKind::Unknown));
            }
            Standing::unknown()
        }
    };
    gateway.metrics.judged(&standing.outcome);
    if standing.refusal().is_some() && route.access != Access::Public {
        tracing::info!(
            request_id = %visit.request_id,
            session = standing.session().map(|session| tracing::field::display(session.id)),
            reason = standing.refusal().map(|(reason, _)| reason.code()),
            "a request did not pass"
        );
        let body = request.into_body();
        let mut reply = Box::pin(keeping::refuse(gateway, settings, visit, route, &standing, body)).await;
        cors::allow(settings, visit, reply.headers_mut());
        return own(reply);
    }
    pass_on(gateway, settings, worker, peer, visit, route, &standing, request).await
}

pub(super) async fn judge<'a, S: Store>(
    gateway: &Gateway<S>,
    settings: &Settings,
    visit: &'a Visit,
    route: &Route,
) -> Result<Standing<'a>, tenure::store::Unavailable> {
    let passive = route.access != Access::Protected || requests::says_passive(&visit.headers);
    let request = tenure::core::Request {
        activity: if passive { Activity::Passive } else { Activity::Active },
        step_up_within: route.step_up_within,
        ..tenure::core::Request::passive(&route.policy)
    };
    let names = &settings.cookies;
    Standing::of(&gateway.sessions, &visit.headers, names, visit.audience(), &request).await
}

#[expect(clippy::too_many_arguments, reason = "everything that is known about the request, used once")]
async fn pass_on<S: Store>(
    gateway: &Arc<Gateway<S>>,
    settings: &Settings,
    worker: &Worker,
    peer: Peer,
    visit: &Visit,
    route: &Route,
    standing: &Standing<'_>,
    mut request: Request<Incoming>,
) -> (Response<RespBody>, bool) {
    let own = |reply: Reply| (finish(settings, reply, visit.request_id), false);
    let upstream = match worker.upstream(&route.upstream, &settings.upstream_limits) {
        Ok(upstream) => upstream,
        Err(invalid) => {
            tracing::error!(%invalid, "an upstream in the configuration cannot be used");
            return own(refusal::error(settings, visit, ErrorKind::Internal));
        }
    };
    let session = standing.active();
    let identity = match session {
        Some(session) => gateway.identity.of(session, visit.host(), &gateway.keys.load(), gateway.now()),
        None => Identity::of_nobody(),
    };
    request.headers_mut().insert(REQUEST_ID, visit.request_id.into());
    resume::from_last_event(&mut request);
    let with = Forward {
        upstream: &upstream,
        peer,
        origin: &visit.origin,
        own_cookies: &settings.own_cookies,
        // A guest of a public route is told by what is not there.
        identity: if session.is_some() { &identity } else { &[] },
        script: settings
            .client_script
            .as_ref()
            .filter(|_| route.inject_client)
            .zip(session.map(|session| session.id)),
    };
    let until = || stopped(gateway, visit, route, session, standing.token());
    match forward(request, with, until).await {
        Ok(response) => (kept_private(response, session.is_some()), true),
        Err(error) => {
            if error != UpstreamError::ClientAborted {
                tracing::warn!(request_id = %visit.request_id, upstream = %route.upstream, %error, "the application did not answer");
            }
            gateway.metrics.upstream_failed(error);
            own(upstream_error(settings, visit, error))
        }
    }
}

/// When a stream of this request has to end. One without a session, on a public route, never has to.
pub(super) fn stopped<S: Store>(
    gateway: &Arc<Gateway<S>>,
    visit: &Visit,
    route: &Route,
    session: Option<&Session>,
    token: Option<&str>,
) -> crate::proxy::Until {
    match (session, token) {
        (Some(session), Some(token)) if route.access != Access::Public => streams::until_stopped(
            Arc::clone(gateway),
            session.id,
            token.to_owned(),
            visit.audience(),
            Arc::clone(&route.policy),
        ),
        _ => Box::pin(std::future::pending()),
    }
}

/// What the application says to somebody signed in is for nobody else's cache.
pub(super) fn kept_private(mut response: Response<RespBody>, signed_in: bool) -> Response<RespBody> {
    // The connection to the client has a version of its own (RFC 9110, section 2.5).
    *response.version_mut() = http::Version::HTTP_11;
    if signed_in && !response.headers().contains_key(http::header::CACHE_CONTROL) {
        response.headers_mut().insert(http::header::CACHE_CONTROL, HeaderValue::from_static("private"));
    }
    response
}

pub(super) fn upstream_error(settings: &Settings, visit: &Visit, error: UpstreamError) -> Reply {
    match error {
        UpstreamError::TimedOut | UpstreamError::ConnectTimedOut => {
            refusal::error(settings, visit, ErrorKind::UpstreamTimeout)
        }
        UpstreamError::BodyTooLarge => {
            let limit = settings.upstream_limits.max_body.unwrap_or(u64::MAX);
            refusal::error(settings, visit, ErrorKind::TooLarge { limit })
        }
        UpstreamError::Refused(_) | UpstreamError::ClientAborted => {
            let problem = Problem::of_status(error.status(), format!("The request was refused: {error}."));
            problem.into_response::<String>().map(Into::into)
        }
        _ => refusal::error(settings, visit, ErrorKind::UpstreamUnreachable),
    }
}

/// Finishes an answer of the gateway's own.
fn finish(settings: &Settings, mut reply: Reply, request_id: RequestId) -> Response<RespBody> {
    reply::protect(reply.headers_mut(), settings.is_secure());
    reply.headers_mut().insert(REQUEST_ID, request_id.into());
    if reply.status() == StatusCode::NO_CONTENT || reply.body().is_empty() {
        return reply.map(|_| RespBody::Empty);
    }
    reply.map(RespBody::Full)
}
