//! The gateway's own endpoints, below the base path. Nothing here is passed on.

mod account;
mod assets;
mod authorize;
mod data;
mod drafts;
mod framed;
mod kept;
mod session;
mod sign_in;
mod sign_out;
mod status;
mod step_up;
mod unlock;
mod why;

pub(super) use kept::KEPT_FORM;

use http::{Method, StatusCode};
use tenure::core::{Request, SessionId};
use tenure::store::{Store, Unavailable};

use super::forms::{Form, FormError};
use super::gateway::{Gateway, Settings};
use super::refusal;
use super::reply::Reply;
use super::standing::Standing;
use super::visit::Visit;
use crate::pages::ErrorKind;
use crate::web::form_token::{self, Holder};
use crate::web::requests::{SameOrigin, comes_from_here};
use crate::web::{cookies, problem::Problem};

/// The body of a request to one of our endpoints.
pub(super) type EndpointBody = crate::proxy::ReqBody;

/// A request to one of our endpoints.
pub(super) struct Call<'a, S: Store> {
    gateway: &'a Gateway<S>,
    settings: &'a Settings,
    visit: &'a Visit,
    body: Option<EndpointBody>,
}

/// What stops an endpoint from answering.
enum Stop {
    /// The store does not answer.
    Unavailable(Unavailable),
    /// This answer is the right one.
    Reply(Box<Reply>),
}

impl From<Unavailable> for Stop {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

impl From<Reply> for Stop {
    fn from(reply: Reply) -> Self {
        Self::Reply(Box::new(reply))
    }
}

type Answer = Result<Reply, Stop>;

/// Answers a request below the base path; `path` is the rest of it, without a leading slash.
pub(super) async fn serve<S: Store>(
    gateway: &Gateway<S>,
    settings: &Settings,
    visit: &Visit,
    path: &str,
    body: EndpointBody,
) -> Reply {
    let call = Call { gateway, settings, visit, body: Some(body) };
    let answer = match (visit.method.clone(), path) {
        (Method::GET, "session") => session::show(call).await,
        (Method::POST, "session/extend") => session::extend(call).await,
        (Method::POST, "session/activity") => session::activity(call).await,
        (Method::GET | Method::HEAD, "sign-in") => sign_in::show(call).await,
        (Method::POST, "sign-in") => sign_in::submit(call).await,
        (Method::POST, "sign-out") => sign_out::submit(call).await,
        (Method::GET | Method::HEAD, "signed-out") => sign_out::show(call).await,
        (Method::GET | Method::HEAD, "unlock") => unlock::show(call).await,
        (Method::POST, "unlock") => unlock::submit(call).await,
        (Method::GET | Method::HEAD, "step-up") => step_up::show(call).await,
        (Method::POST, "step-up") => step_up::submit(call).await,
        (Method::GET | Method::HEAD, "why") => why::show(call).await,
        (Method::POST, "why/clean-up") => why::clean_up(call).await,
        (Method::POST, "why/report") => why::report(call).await,
        (Method::GET | Method::HEAD, "account/sessions") => account::show(call).await,
        (Method::POST, "account/sessions/end-others") => account::end_others(call).await,
        (Method::GET, "drafts/key") => drafts::key(call).await,
        (Method::GET | Method::HEAD, "kept") => kept::list(call).await,
        // nginx asks with GET whatever the method it asks about; others pass the method on.
        (_, "authorize") => authorize::answer(call).await,
        (Method::GET | Method::HEAD, "status") => Ok(status::show(&call)),
        (Method::GET | Method::HEAD, "words.js") => Ok(assets::words(&call)),
        (Method::GET | Method::HEAD, "jwks.json") => Ok(assets::key_set(&call)),
        (method, path) => {
            if let Some(id) =
                path.strip_prefix("account/sessions/").and_then(|rest| rest.strip_suffix("/end"))
            {
                if method == Method::POST {
                    account::end(call, id.parse::<SessionId>().ok()).await
                } else {
                    Ok(not_allowed("POST"))
                }
            } else if let Some(rest) = path.strip_prefix("kept/") {
                kept_request(call, method, rest).await
            } else if let Some(key) = path.strip_prefix("session/data/") {
                data::answer(call, key.to_owned()).await
            } else if let Some(asset) = crate::assets::find(path) {
                Ok(assets::show(&call, asset))
            } else if let Some(methods) = methods_of(path) {
                Ok(not_allowed(methods))
            } else {
                Ok(refusal::error(settings, visit, ErrorKind::NotFound))
            }
        }
    };
    match answer {
        Ok(reply) => reply,
        Err(Stop::Reply(reply)) => *reply,
        Err(Stop::Unavailable(unavailable)) => {
            tracing::warn!(request_id = %visit.request_id, %unavailable, "an endpoint could not reach the store");
            refusal::error(settings, visit, ErrorKind::Unknown)
        }
    }
}

/// Answers a request below `kept/`. An id that cannot be one is answered as one that is not there.
async fn kept_request<S: Store>(call: Call<'_, S>, method: Method, rest: &str) -> Answer {
    let (id, action) = rest.split_once('/').map_or((rest, None), |(id, action)| (id, Some(action)));
    let Ok(id) = id.parse() else { return Ok(call.error(ErrorKind::KeptGone)) };
    match (action, method) {
        (None, Method::GET | Method::HEAD) => kept::show(call, id).await,
        (Some("replay"), Method::POST) => kept::replay(call, id).await,
        (Some("discard"), Method::POST) => kept::discard(call, id).await,
        (None, _) => Ok(not_allowed("GET, HEAD")),
        (Some("replay" | "discard"), _) => Ok(not_allowed("POST")),
        (Some(_), _) => Ok(call.error(ErrorKind::NotFound)),
    }
}

/// The methods of an endpoint that exists, for `405`.
fn methods_of(path: &str) -> Option<&'static str> {
    match path {
        "drafts/key" => Some("GET"),
        "session" | "why" | "status" | "account/sessions" | "kept" | "jwks.json" | "words.js"
        | "signed-out" => Some("GET, HEAD"),
        "session/extend"
        | "session/activity"
        | "sign-out"
        | "why/clean-up"
        | "account/sessions/end-others" => Some("POST"),
        "sign-in" | "unlock" | "step-up" => Some("GET, HEAD, POST"),
        _ => None,
    }
}

/// `405` with the methods that are there.
fn not_allowed(methods: &'static str) -> Reply {
    let problem =
        Problem::of_status(StatusCode::METHOD_NOT_ALLOWED, format!("This address takes {methods}."));
    let mut reply: Reply = problem.into_response::<String>().map(Into::into);
    reply.headers_mut().insert(http::header::ALLOW, http::HeaderValue::from_static(methods));
    reply
}

impl<'a, S: Store> Call<'a, S> {
    /// How the request's cookies stand, without counting it as activity. `page` is the path of the page
    /// that asks, whose policy holds; without it the host's own policy does.
    async fn standing(&self) -> Result<Standing<'a>, Unavailable> {
        let policy = self.policy();
        let request = Request::passive(&policy);
        self.judge(&request).await
    }

    /// The policy of the page that the request is about, named in `?for=` or `?return_to=`, or of the host.
    fn policy(&self) -> std::sync::Arc<tenure::core::Policy> {
        self.route().map_or_else(|| self.settings.policy.clone(), |route| route.policy.clone())
    }

    /// The route of the page that the request is about, if it names one.
    fn route(&self) -> Option<&'a crate::config::Route> {
        let page = self.visit.query("for").or_else(|| self.visit.query("return_to"))?;
        let path = page.split(['?', '#']).next().unwrap_or_default();
        Some(self.settings.routes.find(self.visit.host(), path))
    }

    async fn judge(&self, request: &Request<'_>) -> Result<Standing<'a>, Unavailable> {
        let (sessions, names) = (&self.gateway.sessions, &self.settings.cookies);
        Standing::of(sessions, &self.visit.headers, names, self.visit.audience(), request).await
    }

    /// Refuses requests that a page of another site made. Every browser of this decade says so by
    /// `Sec-Fetch-Site` or `Origin`, and sends our `SameSite=Lax` cookie along with no such request; a program
    /// that says nothing carries only what its own user gave it.
    fn refuse_other_sites(&self) -> Result<(), Stop> {
        match comes_from_here(&self.visit.headers, &self.visit.authority) {
            SameOrigin::No => Err(refusal::error(self.settings, self.visit, ErrorKind::CrossSiteForm).into()),
            SameOrigin::Yes | SameOrigin::Unknown => Ok(()),
        }
    }

    /// A form token for a session's own forms.
    fn session_form_token(&self, form: &'static str, session: SessionId) -> String {
        form_token::issue(&self.gateway.keys.load(), form, Holder::Session(session))
    }

    /// The value of the form cookie, if the browser has one.
    fn form_nonce(&self) -> Option<&'a str> {
        cookies::values(&self.visit.headers, self.settings.cookies.form)
            .first()
            .copied()
            .filter(|nonce| !nonce.is_empty())
    }

    /// The mark of this browser, and whether it is a new one that has to be set.
    fn browser_mark(&self) -> Result<(String, bool), getrandom::Error> {
        let marks = cookies::values(&self.visit.headers, self.settings.cookies.mark);
        match marks.into_iter().find(|mark| form_token::is_nonce(mark)) {
            Some(mark) => Ok((mark.to_owned(), false)),
            None => form_token::nonce().map(|mark| (mark, true)),
        }
    }

    /// The form cookie's value, and the cookie to set if it is new.
    fn form_nonce_or_new(&self) -> Result<(String, Option<String>), Stop> {
        if let Some(nonce) = self.form_nonce() {
            return Ok((nonce.to_owned(), None));
        }
        let nonce = form_token::nonce().map_err(|error| {
            tracing::error!(%error, "no random bits for a form");
            refusal::error(self.settings, self.visit, ErrorKind::Internal)
        })?;
        let cookie = self.settings.cookies.set_form(&nonce);
        Ok((nonce, Some(cookie)))
    }

    /// Where the person wants to go, from the query.
    fn return_to(&self) -> crate::web::return_to::ReturnTo {
        let wanted = self.visit.query("return_to").unwrap_or_default();
        crate::web::return_to::ReturnTo::new(&wanted, &self.settings.base_path)
    }

    /// An error page.
    fn error(&self, kind: ErrorKind) -> Reply {
        refusal::error(self.settings, self.visit, kind)
    }

    /// Reads the form that was sent. It can be read once.
    async fn form(&mut self) -> Result<Form, Stop> {
        let body = self.body.take().unwrap_or_else(EndpointBody::empty);
        Form::read(&self.visit.headers, body).await.map_err(|error| match error {
            FormError::TooLarge => self.error(ErrorKind::TooLarge { limit: Form::LARGEST }).into(),
            FormError::WrongType | FormError::Incomplete => {
                let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                let problem = Problem::of_status(status, format!("The form could not be read: {error}."));
                Stop::from(problem.into_response::<String>().map(bytes::Bytes::from))
            }
        })
    }
}
