//! `unlock`: the same person proves that it is them, and goes on.

use http::StatusCode;
use tenure::core::{Assurance, EndReason, Session};
use tenure::service::{Outcome, Proof, UnlockError};
use tenure::store::{Actor, Store};

use super::framed::{self, see_frame};
use super::kept::{or_kept, sent_work};
use super::sign_in::{check_password, credentials, status_of, welcome};
use super::{Answer, Call, step_up};
use crate::edge::reply::{self, Reply};
use crate::edge::standing::Standing;
use crate::pages::{self, ErrorKind, FormProblem, Moment};
use crate::web::form_token::{self, Holder};
use crate::web::return_to::ReturnTo;

/// What the form token of a locked session is for.
const FORM: &str = "unlock";

/// `GET unlock`: the form, or wherever the person should be instead.
pub(super) async fn show<S: Store>(call: Call<'_, S>) -> Answer {
    let standing = call.standing().await?;
    let return_to = call.return_to();
    let framed = call.visit.query("frame").is_some();
    Ok(match &standing.outcome {
        Outcome::Locked { session, .. } => {
            let kept = call.visit.query("kept").unwrap_or_default();
            page(&call, &standing, session, &return_to, &kept, framed, None)
        }
        // The client leads here before the absolute limit is reached: the person authenticates ahead of it.
        Outcome::Pass { session, deadlines, .. }
            if deadlines.absolute_at <= deadlines.idle_at && call.gateway.now() >= deadlines.warn_at =>
        {
            if framed {
                return Ok(framed::form(&call, session, step_up::FORM, &return_to, None));
            }
            let (base, query) = (&call.settings.base_path, return_to.as_query_value());
            reply::see_other(&format!("{base}/step-up?return_to={query}"))
        }
        _ if framed => frame_done(&call, &standing),
        _ => {
            let kept = call.visit.query("kept").unwrap_or_default();
            elsewhere(&call, &standing, &return_to, &kept)
        }
    })
}

/// `POST unlock`: checks the password and unlocks.
pub(super) async fn submit<S: Store>(mut call: Call<'_, S>) -> Answer {
    call.refuse_other_sites()?;
    let form = call.form().await?;
    let return_to = ReturnTo::new(form.field("return_to"), &call.settings.base_path);
    let kept = form.field("kept");
    let framed = form.is_ticked("frame");
    let standing = call.standing().await?;
    let (Outcome::Locked { session, .. }, Some(token)) = (&standing.outcome, standing.token()) else {
        return Ok(if framed { see_frame(&call) } else { elsewhere(&call, &standing, &return_to, kept) });
    };
    let keys = call.gateway.keys.load();
    if !form_token::is_genuine(&keys, FORM, Holder::Session(session.id), form.field("form_token")) {
        let problem = Some(FormProblem::FormTooOld);
        return Ok(page(&call, &standing, session, &return_to, kept, framed, problem));
    }
    let (username, password) = credentials(&form);
    let username = if username.is_empty() { session.subject.as_str() } else { username };
    let subject = match check_password(&call, username, password).await {
        Ok(subject) => subject,
        Err(problem) => {
            return Ok(page(&call, &standing, session, &return_to, kept, framed, Some(problem)));
        }
    };
    if subject != session.subject {
        // Somebody else is at this browser. They get nothing of what is locked: it ends, and they sign in
        // for themselves.
        call.gateway.sessions.end(session.id, EndReason::DifferentSubject, Actor::Person).await?;
        return Ok(if framed {
            see_frame(&call)
        } else {
            reply::see_other(&format!("{}/sign-in", call.settings.base_path))
        });
    }
    let proof = Proof { subject, assurance: Assurance::Aal1 };
    let policy = call.policy();
    match call
        .gateway
        .sessions
        .unlock(token, call.visit.audience(), proof, call.visit.device(), &policy)
        .await
    {
        Ok(signed_in) => {
            let place = or_kept(&call, &signed_in.session, kept, &return_to);
            let mut reply = welcome(&call, &signed_in, &place);
            if framed {
                reply.headers_mut().extend(see_frame(&call).into_parts().0.headers);
            }
            Ok(reply)
        }
        Err(UnlockError::Unavailable(unavailable)) => Err(unavailable.into()),
        Err(_) if framed => Ok(see_frame(&call)),
        // It was unlocked or ended in another tab meanwhile.
        Err(_) => {
            let standing = call.standing().await?;
            Ok(elsewhere(&call, &standing, &return_to, kept))
        }
    }
}

/// What the frame shows if the session is not locked. The client around it asks for itself how things stand.
fn frame_done<S: Store>(call: &Call<'_, S>, standing: &Standing<'_>) -> Reply {
    let page =
        pages::FrameDone { ctx: call.settings.page(call.visit), is_active: standing.active().is_some() };
    reply::framed_page(StatusCode::OK, &page)
}

/// Where the person should be if the session is not locked.
fn elsewhere<S: Store>(
    call: &Call<'_, S>,
    standing: &Standing<'_>,
    return_to: &ReturnTo,
    kept: &str,
) -> Reply {
    if let Some(session) = standing.active() {
        return reply::see_other(or_kept(call, session, kept, return_to).as_str());
    }
    let (base, page) = (&call.settings.base_path, standing.way_on());
    if page == "unlock" {
        return call.error(ErrorKind::Internal);
    }
    reply::see_other(&format!("{base}/{page}?return_to={}", return_to.as_query_value()))
}

fn page<S: Store>(
    call: &Call<'_, S>,
    standing: &Standing<'_>,
    session: &Session,
    return_to: &ReturnTo,
    kept: &str,
    framed: bool,
    problem: Option<FormProblem>,
) -> Reply {
    let Outcome::Locked { reason, since, kept_until, .. } = &standing.outcome else {
        return call.error(ErrorKind::Internal);
    };
    let problem = problem.map(FormProblem::with_name_given);
    let mut reply = if framed {
        framed::form(call, session, FORM, return_to, problem)
    } else {
        let page = pages::Unlock {
            ctx: call.settings.page(call.visit),
            form_token: call.session_form_token(FORM, session.id),
            return_to: return_to.as_str().into(),
            username: session.subject.as_str().into(),
            reason: reason.code().into(),
            since: Some(Moment(since.as_millis())),
            kept_until: Some(Moment(kept_until.as_millis())),
            kept: kept.into(),
            sent_work: sent_work(call, session),
            problem,
        };
        reply::page(problem.map_or(StatusCode::OK, status_of), &page)
    };
    if let Some(FormProblem::Throttled { wait_seconds }) = problem {
        reply.headers_mut().insert(http::header::RETRY_AFTER, wait_seconds.into());
    }
    reply
}
