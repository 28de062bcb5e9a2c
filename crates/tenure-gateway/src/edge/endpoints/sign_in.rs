//! `sign-in`: who are you?

use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use tenure::core::{Assurance, EndReason, MissingReason, Reason, Request, SessionId, Subject, Timestamp};
use tenure::keys::Purpose;
use tenure::service::{Proof, RenewError, SignIn, SignInError, SignedIn, UnlockError};
use tenure::store::{Actor, Record, Store};

use super::{Answer, Call, Stop};
use crate::accounts::Refused;
use crate::edge::forms::Form;
use crate::edge::gateway::session_row;
use crate::edge::reply::{self, Reply};
use crate::pages::{self, FormProblem, words};
use crate::web::form_token::{self, Holder};
use crate::web::return_to::ReturnTo;

/// What the form token of a visitor is for.
const FORM: &str = "sign-in";

/// How long checked credentials wait for the choice of a session to end.
const TICKET_LIFE: Duration = Duration::from_secs(300);

/// `GET sign-in`: the form. Whoever is signed in already is sent on.
pub(super) async fn show<S: Store>(call: Call<'_, S>) -> Answer {
    let standing = call.standing().await?;
    if standing.active().is_some() && call.visit.query("again").is_none() {
        return Ok(reply::see_other(call.return_to().as_str()));
    }
    let notice = standing.refusal().filter(|(reason, _)| *reason != Reason::Missing(MissingReason::None));
    let language = call.settings.language(call.visit);
    let notice = notice.map(|(reason, _)| words::of(reason).message(language));
    let notice = with_sent_work(&call, notice);
    form_page(&call, StatusCode::OK, &call.return_to(), "", None, notice)
}

/// What a page says when something that was sent is lost, which comes before everything else.
fn with_sent_work<S: Store>(call: &Call<'_, S>, notice: Option<String>) -> Option<String> {
    let sent = call.visit.query("sent").and_then(|code| pages::SentWork::of_code(&code));
    let sent = sent.map(|sent| sent.text(call.settings.language(call.visit)).plain());
    match (sent, notice) {
        (Some(sent), Some(notice)) => Some(format!("{sent} {notice}")),
        (Some(sent), None) => Some(sent),
        (None, notice) => notice,
    }
}

/// `POST sign-in`: checks the credentials and begins a session.
pub(super) async fn submit<S: Store>(mut call: Call<'_, S>) -> Answer {
    call.refuse_other_sites()?;
    let form = call.form().await?;
    let return_to = ReturnTo::new(form.field("return_to"), &call.settings.base_path);
    let username = form.field("username");

    let Some(nonce) = call.form_nonce() else {
        // The form was sent with its token but without the cookie that was set along with it.
        let reason =
            if form.field("form_token").is_empty() { None } else { Some(FormProblem::CookiesBlocked) };
        return match reason {
            Some(_) => Ok(cookies_blocked(&call, &return_to)),
            None => form_page(
                &call,
                StatusCode::FORBIDDEN,
                &return_to,
                username,
                Some(FormProblem::FormTooOld),
                None,
            ),
        };
    };
    let genuine = form_token::is_genuine(
        &call.gateway.keys.load(),
        FORM,
        Holder::Visitor(nonce),
        form.field("form_token"),
    );
    if !genuine {
        return form_page(
            &call,
            StatusCode::FORBIDDEN,
            &return_to,
            username,
            Some(FormProblem::FormTooOld),
            None,
        );
    }

    let remembered = form.is_ticked("remember") && call.settings.policy.remember_me().is_some();
    let (subject, remembered) = if form.field("ticket").is_empty() {
        match check_password(&call, username, form.field("password")).await {
            Ok(subject) => (subject, remembered),
            Err(problem) => {
                return form_page(&call, status_of(problem), &return_to, username, Some(problem), None);
            }
        }
    } else {
        match open_ticket(&call, nonce, form.field("ticket")) {
            Some(ticket) => ticket,
            None => {
                let problem = Some(FormProblem::FormTooOld);
                return form_page(&call, StatusCode::FORBIDDEN, &return_to, username, problem, None);
            }
        }
    };
    let replace = form.field("end_session").parse().ok();
    let choosing = !form.field("ticket").is_empty();
    begin(&call, subject, remembered, replace, choosing, nonce, &return_to).await
}

/// Begins, unlocks or renews the session of somebody who has just proved who they are.
async fn begin<S: Store>(
    call: &Call<'_, S>,
    subject: Subject,
    remembered: bool,
    replace: Option<SessionId>,
    choosing: bool,
    nonce: &str,
    return_to: &ReturnTo,
) -> Answer {
    let sessions = &call.gateway.sessions;
    let policy = &call.settings.policy;
    let audience = call.visit.audience();
    let standing = call.judge(&Request::passive(policy)).await?;

    // The same person at the same browser goes on with the session that is there.
    if let (Some(token), Some(session)) =
        (standing.token(), standing.session().filter(|session| session.is_live()))
    {
        if session.subject == subject {
            let proof = Proof { subject: subject.clone(), assurance: Assurance::Aal1 };
            let device = call.visit.device();
            let renewed = match standing.active() {
                Some(_) => {
                    sessions.step_up(token, audience, proof, device, policy).await.map_err(
                        |error| match error {
                            RenewError::Unavailable(unavailable) => Some(unavailable),
                            _ => None,
                        },
                    )
                }
                None => {
                    sessions.unlock(token, audience, proof, device, policy).await.map_err(|error| match error
                    {
                        UnlockError::Unavailable(unavailable) => Some(unavailable),
                        _ => None,
                    })
                }
            };
            match renewed {
                Ok(signed_in) => return Ok(welcome(call, &signed_in, return_to)),
                Err(Some(unavailable)) => return Err(unavailable.into()),
                // It ended meanwhile, so a new one begins.
                Err(None) => {}
            }
        } else {
            sessions.end(session.id, EndReason::DifferentSubject, Actor::Person).await?;
        }
    }

    let sign_in = SignIn {
        subject: subject.clone(),
        assurance: Assurance::Aal1,
        host: call.visit.host().to_owned(),
        device: call.visit.device(),
        remembered,
        replace,
    };
    match sessions.sign_in(sign_in, policy).await {
        Ok(signed_in) => Ok(welcome(call, &signed_in, return_to)),
        Err(SignInError::LimitAsk(records)) => {
            limit_page(call, &subject, remembered, &records, choosing, nonce, return_to)
        }
        Err(SignInError::LimitRefused(_)) => {
            let problem = Some(FormProblem::LimitReached);
            form_page(call, StatusCode::CONFLICT, return_to, subject.as_str(), problem, None)
        }
        Err(SignInError::Unavailable(unavailable)) => Err(unavailable.into()),
    }
}

/// Hands out the new token and leads on.
pub(super) fn welcome<S: Store>(call: &Call<'_, S>, signed_in: &SignedIn, return_to: &ReturnTo) -> Reply {
    let cookies = &call.settings.cookies;
    let age = call.settings.cookie_age(signed_in.session.remembered, &call.settings.policy);
    let mut reply = reply::see_other(return_to.as_str());
    reply::set_cookie(&mut reply, &cookies.set_session(&signed_in.token.expose(), age));
    match call.browser_mark() {
        Ok((mark, _)) => reply::set_cookie(&mut reply, &cookies.set_mark(&mark)),
        Err(error) => tracing::error!(%error, "no random bits for a mark"),
    }
    // What protected the form of a visitor is of no use to the session.
    reply::set_cookie(&mut reply, &cookies.clear(cookies.form));
    reply
}

/// Checks a name and a password.
pub(super) async fn check_password<S: Store>(
    call: &Call<'_, S>,
    username: &str,
    password: &str,
) -> Result<Subject, FormProblem> {
    let address = call.visit.origin.client;
    match call.gateway.accounts.verify(username, password, address).await {
        Ok(verified) => Ok(verified.subject),
        Err(refused) => {
            call.gateway.metrics.sign_in_refused(&refused);
            tracing::info!(request_id = %call.visit.request_id, client = %address, %refused, "a sign-in was refused");
            Err(match refused {
                Refused::WrongCredentials => FormProblem::WrongCredentials,
                Refused::Throttled { retry_after } => {
                    FormProblem::Throttled { wait_seconds: retry_after.as_secs().max(1) }
                }
                Refused::Busy | Refused::Unavailable(_) => FormProblem::Unavailable,
            })
        }
    }
}

pub(super) const fn status_of(problem: FormProblem) -> StatusCode {
    match problem {
        FormProblem::WrongCredentials | FormProblem::WrongPassword => StatusCode::UNAUTHORIZED,
        FormProblem::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
        FormProblem::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::FORBIDDEN,
    }
}

/// The browser did not keep the cookie of the form: one hop to the page that explains it, never a loop.
fn cookies_blocked<S: Store>(call: &Call<'_, S>, return_to: &ReturnTo) -> Reply {
    let (base, code) = (&call.settings.base_path, MissingReason::CookieBlocked.code());
    reply::see_other(&format!("{base}/why?reason={code}&return_to={}", return_to.as_query_value()))
}

fn form_page<S: Store>(
    call: &Call<'_, S>,
    status: StatusCode,
    return_to: &ReturnTo,
    username: &str,
    problem: Option<FormProblem>,
    notice: Option<String>,
) -> Answer {
    let (nonce, new_cookie) = call.form_nonce_or_new()?;
    let page = pages::SignIn {
        ctx: call.settings.page(call.visit),
        form_token: form_token::issue(&call.gateway.keys.load(), FORM, Holder::Visitor(&nonce)),
        return_to: return_to.as_str().into(),
        username: username.into(),
        remember: call.settings.policy.remember_me().map(|_| false),
        notice,
        problem,
        plain_http: !call.settings.is_secure(),
    };
    let mut reply = reply::page(status, &page);
    if let Some(FormProblem::Throttled { wait_seconds }) = problem {
        reply.headers_mut().insert(http::header::RETRY_AFTER, wait_seconds.into());
    }
    if let Some(cookie) = new_cookie {
        reply::set_cookie(&mut reply, &cookie);
    }
    Ok(reply)
}

/// The account has as many sessions as it may have: which one makes room?
fn limit_page<S: Store>(
    call: &Call<'_, S>,
    subject: &Subject,
    remembered: bool,
    records: &[Record],
    choose_again: bool,
    nonce: &str,
    return_to: &ReturnTo,
) -> Answer {
    let ticket = seal_ticket(call, nonce, subject, remembered)
        .ok_or_else(|| Stop::from(call.error(pages::ErrorKind::Internal)))?;
    let language = call.settings.language(call.visit);
    let mut sessions: Vec<_> = records.iter().map(|record| session_row(record, None, language)).collect();
    sessions.sort_by_key(|session| session.last_used);
    let page = pages::SessionLimit {
        ctx: call.settings.page(call.visit),
        form_token: form_token::issue(&call.gateway.keys.load(), FORM, Holder::Visitor(nonce)),
        return_to: return_to.as_str().into(),
        ticket,
        sessions,
        choose_again,
    };
    Ok(reply::page(StatusCode::OK, &page))
}

/// Seals who has just proved who they are, for this browser's form and a few minutes: nothing is stored
/// for somebody who has not signed in.
fn seal_ticket<S: Store>(
    call: &Call<'_, S>,
    nonce: &str,
    subject: &Subject,
    remembered: bool,
) -> Option<String> {
    let ticket =
        json!({ "sub": subject.as_str(), "remember": remembered, "at": call.gateway.now().as_millis() });
    let sealed = call.gateway.keys.load().seal(ticket_purpose(nonce), ticket.to_string().as_bytes()).ok()?;
    Some(base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, sealed))
}

fn open_ticket<S: Store>(call: &Call<'_, S>, nonce: &str, ticket: &str) -> Option<(Subject, bool)> {
    let sealed = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, ticket).ok()?;
    let plain = call.gateway.keys.load().open(ticket_purpose(nonce), &sealed).ok()?;
    let ticket: serde_json::Value = serde_json::from_slice(&plain).ok()?;
    let made_at = Timestamp::from_millis(ticket["at"].as_u64()?);
    let fresh = call.gateway.now().since(made_at) <= TICKET_LIFE;
    let subject = Subject::new(ticket["sub"].as_str()?).ok()?;
    fresh.then_some((subject, ticket["remember"].as_bool()?))
}

const fn ticket_purpose(nonce: &str) -> Purpose<'_> {
    Purpose { kind: "sign-in ticket", place: nonce.as_bytes() }
}

/// Reads the two fields that every form with a password has.
pub(super) fn credentials(form: &Form) -> (&str, &str) {
    (form.field("username"), form.field("password"))
}
