//! Sending what was kept, once.
//!
//! The button of the page is a form like any other, but its answer comes from the application. So that the address bar, relative
//! links and a reload fit that answer, the form is sent to the address that the kept request was meant for, with its name in
//! the query, which the application does not see. docs/decisions/kept-requests.md has the reasons.

use std::sync::Arc;

use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderName, HeaderValue, REFERER, TRAILER,
    TRANSFER_ENCODING,
};
use http::{HeaderMap, Method, Request, Response};
use hyper::body::Incoming;
use tenure::core::Session;
use tenure::service::Work;
use tenure::store::Store;

use super::endpoints::KEPT_FORM;
use super::forms::Form;
use super::gateway::{Gateway, Settings};
use super::handle::{REQUEST_ID, Worker, judge, kept_private, stopped, upstream_error};
use super::reply::{self, Reply};
use super::standing::Standing;
use super::visit::Visit;
use super::{keeping, refusal};
use crate::config::Route;
use crate::kept::store::ClaimError;
use crate::kept::{Claim, Head, KeptId};
use crate::net::Peer;
use crate::pages::ErrorKind;
use crate::proxy::{Forward, ReqBody, RespBody, forward};
use crate::web::form_token::{self, Holder};
use crate::web::requests::{SameOrigin, comes_from_here};

const PARAMETER: &str = "tenure-kept=";

/// A kept request that is to be sent, and the address it was meant for.
pub(super) struct Wanted<'a> {
    target: &'a str,
    id: KeptId,
}

/// What is known about the request that asks for it.
pub(super) struct Way<'a, S: Store> {
    pub(super) gateway: &'a Arc<Gateway<S>>,
    pub(super) settings: &'a Arc<Settings>,
    pub(super) worker: &'a Worker,
    pub(super) peer: Peer,
    pub(super) visit: &'a Visit,
    pub(super) route: &'a Route,
}

/// Whether a request asks to send what is kept: by the last parameter of its query.
pub(super) fn wanted(visit: &Visit) -> Option<Wanted<'_>> {
    visit.uri.query()?;
    if ![Method::POST, Method::GET, Method::HEAD].contains(&visit.method) {
        return None;
    }
    let (target, id) = split(visit.path_and_query())?;
    Some(Wanted { target, id })
}

fn split(address: &str) -> Option<(&str, KeptId)> {
    let (target, id) = address.split_once('?').and_then(|_| address.rsplit_once(PARAMETER))?;
    let target = target.strip_suffix(['?', '&'])?;
    Some((target, id.parse().ok()?))
}

/// The address to which the form of the page is sent, as browsers resolve it to the same host whatever the path looks like.
pub(super) fn address(target: &str, id: KeptId) -> String {
    let separator = if target.contains('?') { '&' } else { '?' };
    format!("{}{separator}{PARAMETER}{id}", of_this_host(target))
}

/// A path that begins with two slashes would name another host.
fn of_this_host(target: &str) -> String {
    if target.starts_with("//") || target.starts_with("/\\") {
        format!("/.{target}")
    } else {
        target.to_owned()
    }
}

impl<S: Store> Way<'_, S> {
    /// Judges the request as any other of its route, and sends what is kept as the session's present person. `Err` is an answer
    /// of the gateway's own.
    pub(super) async fn serve(self, wanted: Wanted<'_>, body: Incoming) -> Result<Response<RespBody>, Reply> {
        let (settings, visit) = (self.settings, self.visit);
        if visit.method != Method::POST {
            // Somebody asks for the address of an answer again. It is the application's, without our parameter.
            return Err(reply::see_other(&of_this_host(wanted.target)));
        }
        if comes_from_here(&visit.headers, &visit.authority) == SameOrigin::No {
            return Err(refusal::error(settings, visit, ErrorKind::CrossSiteForm));
        }
        let standing = judge(self.gateway, settings, visit, self.route).await.map_err(|unavailable| {
            tracing::warn!(request_id = %visit.request_id, %unavailable, "a session could not be judged");
            self.gateway.metrics.unknown();
            refusal::error(settings, visit, ErrorKind::Unknown)
        })?;
        self.gateway.metrics.judged(&standing.outcome);
        let session = match standing.active().filter(|_| standing.refusal().is_none()) {
            Some(session) => session.clone(),
            None if visit.navigation => {
                return Err(keeping::see_page_with(settings, visit, &standing, wanted.id));
            }
            None => return Err(refusal::problem(settings, visit, &standing)),
        };
        let form = Form::read(&visit.headers, body).await;
        let token = form.as_ref().map_or("", |form| form.field("form_token"));
        if !form_token::is_genuine(&self.gateway.keys.load(), KEPT_FORM, Holder::Session(session.id), token) {
            return Err(refusal::error(settings, visit, ErrorKind::CrossSiteForm));
        }
        let (claim, head, body) = self.claim(&wanted, &session).await?;
        self.send(claim, &head, body, session, &standing).await
    }

    /// Claims it, if it was meant for this very address and route.
    async fn claim(&self, wanted: &Wanted<'_>, session: &Session) -> Result<(Claim, Head, ReqBody), Reply> {
        let gone = || refusal::error(self.settings, self.visit, ErrorKind::KeptGone);
        let claimed = self.gateway.kept.claim(wanted.id, &session.subject, self.visit.audience()).await;
        let mut claim = claimed.map_err(|error| match error {
            ClaimError::Gone => gone(),
            ClaimError::File(error) => {
                tracing::error!(id = %wanted.id, %error, "a kept request cannot be read");
                refusal::error(self.settings, self.visit, ErrorKind::KeptUnreadable)
            }
        })?;
        match claim.take() {
            Some((head, body))
                if head.target == wanted.target && head.route == self.route.pattern.to_string() =>
            {
                Ok((claim, head, body))
            }
            _ => {
                claim.unsent().await;
                Err(gone())
            }
        }
    }

    /// Sends it to its end, whether or not the browser still waits for the answer: a second click breaks off the first one.
    async fn send(
        &self,
        claim: Claim,
        head: &Head,
        body: ReqBody,
        session: Session,
        standing: &Standing<'_>,
    ) -> Result<Response<RespBody>, Reply> {
        let Some(request) = self.request(head, claim.entry.body_length, body) else {
            claim.unsent().await;
            return Err(refusal::error(self.settings, self.visit, ErrorKind::KeptUnreadable));
        };
        let Ok(upstream) = self.worker.upstream(&self.route.upstream, &self.settings.upstream_limits) else {
            claim.unsent().await;
            return Err(refusal::error(self.settings, self.visit, ErrorKind::Internal));
        };
        let until = stopped(self.gateway, self.visit, self.route, Some(&session), standing.token());
        let (gateway, settings) = (Arc::clone(self.gateway), Arc::clone(self.settings));
        let (visit, peer, inject) = (self.visit.clone(), self.peer, self.route.inject_client);
        let sending = tokio::task::spawn_local(async move {
            let identity = gateway.identity.of(&session, visit.host(), &gateway.keys.load(), gateway.now());
            let with = Forward {
                upstream: &upstream,
                peer,
                origin: &visit.origin,
                own_cookies: &settings.own_cookies,
                identity: &identity,
                script: settings.client_script.as_ref().filter(|_| inject).map(|script| (script, session.id)),
            };
            let answer = forward(request, with, move || until).await;
            match &answer {
                Ok(_) => {
                    claim.sent().await;
                    gateway.metrics.kept_request("sent");
                    gateway.note_work(&session, Work::Sent).await;
                }
                Err(error) if error.nothing_was_sent() => {
                    gateway.metrics.kept_request("not_sent");
                    claim.unsent().await;
                }
                // It may have arrived. The claim stays, so it is never sent again.
                Err(_) => {
                    gateway.metrics.kept_request("unsure");
                    drop(claim);
                }
            }
            answer
        });
        match sending.await {
            Ok(Ok(response)) => Ok(kept_private(response, true)),
            Ok(Err(error)) => {
                tracing::warn!(request_id = %self.visit.request_id, upstream = %self.route.upstream, %error, "the application did not answer");
                self.gateway.metrics.upstream_failed(error);
                Err(upstream_error(self.settings, self.visit, error))
            }
            Err(_) => Err(refusal::error(self.settings, self.visit, ErrorKind::Internal)),
        }
    }

    /// The request as it was first sent, by the browser as it is now: its cookies are those of today, and so is the proof that a
    /// page of this site sent it.
    fn request(&self, head: &Head, length: u64, body: ReqBody) -> Option<Request<ReqBody>> {
        let mut request = Request::new(body);
        *request.method_mut() = head.method.parse().ok()?;
        *request.uri_mut() = head.target.parse().ok()?;
        let mut headers = self.visit.headers.clone();
        for name in [CONTENT_LENGTH, TRANSFER_ENCODING, TRAILER, EXPECT] {
            headers.remove(name);
        }
        put(&mut headers, CONTENT_TYPE, head.content_type.as_deref())?;
        put(&mut headers, CONTENT_ENCODING, head.content_encoding.as_deref())?;
        put(&mut headers, REFERER, head.referer.as_deref())?;
        headers.insert(CONTENT_LENGTH, length.into());
        put(&mut headers, REQUEST_ID, Some(self.visit.request_id.to_string().as_bytes()))?;
        *request.headers_mut() = headers;
        Some(request)
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: Option<&[u8]>) -> Option<()> {
    match value {
        Some(value) => {
            headers.insert(name, HeaderValue::from_bytes(value).ok()?);
        }
        None => {
            headers.remove(name);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_kept_request_leads_back_to_it_and_never_to_another_host() {
        let id = KeptId::random().unwrap();
        for target in
            ["/", "/a/b", "/a?b=c", "/a?", "/a?tenure-kept=x", "/a?b&tenure-kept=", "/?/tenure-kept="]
        {
            assert_eq!(split(&address(target, id)), Some((target, id)), "{target}");
        }
        assert!(address("//evil.example/x", id).starts_with("/.//evil.example/x?"));
        assert!(address("/\\evil.example/x", id).starts_with("/./\\evil.example/x?"));
    }

    #[test]
    fn other_addresses_are_none_of_ours() {
        let id = KeptId::random().unwrap();
        for address in [
            "/".into(),
            format!("/tenure-kept={id}"),
            format!("/a?xtenure-kept={id}"),
            format!("/a?tenure-kept={id}&b"),
            "/a?tenure-kept=kept_0".into(),
        ] {
            assert_eq!(split(&address), None, "{address}");
        }
    }
}
