//! `unlock`: the same person proves that it is them, and goes on.

use http::StatusCode;
use tenure::core::{Assurance, EndReason, Session};
use tenure::service::{Outcome, Proof, UnlockError};
use tenure::store::{Actor, Store};

use super::kept::{or_kept, sent_work};
use super::sign_in::{check_password, credentials, status_of, welcome};
use super::{Answer, Call};
use crate::edge::reply::{self, Reply};
use crate::edge::standing::Standing;
use crate::pages::{self, ErrorKind, FormProblem, Moment};
use crate::web::form_token::{self, Holder};
use crate::web::problem::Problem;
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
        _ if framed => frame_done(&call, &standing),
        // The client leads here before the absolute limit is reached: the person authenticates ahead of it.
        Outcome::Pass { deadlines, .. }
            if deadlines.absolute_at <= deadlines.idle_at && call.gateway.now() >= deadlines.warn_at =>
        {
            let (base, query) = (&call.settings.base_path, return_to.as_query_value());
            reply::see_other(&format!("{base}/step-up?return_to={query}"))
        }
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

/// `303` to the frame's own page: what the application shows must not stand in the frame.
fn see_frame<S: Store>(call: &Call<'_, S>) -> Reply {
    reply::see_other(&format!("{}/unlock?frame=1", call.settings.base_path))
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
    let status = problem.map_or(StatusCode::OK, status_of);
    // The name stands in the form already.
    let problem = problem.map(|problem| match problem {
        FormProblem::WrongCredentials => FormProblem::WrongPassword,
        other => other,
    });
    if let Some(problem) = problem
        && framed
        && !call.visit.navigation
    {
        // The client sent what was in its frame, and shows the person what this says.
        let language = call.settings.language(call.visit);
        let mut told = Problem::of_status(status, problem.text(language).plain());
        if let FormProblem::Throttled { wait_seconds } = problem {
            told = told.retry_after(wait_seconds);
        }
        let mut reply: Reply = told.into_response::<String>().map(Into::into);
        reply::in_language(reply.headers_mut(), language);
        return reply;
    }
    let ctx = call.settings.page(call.visit);
    let form_token = call.session_form_token(FORM, session.id);
    let (return_to, username) = (return_to.as_str().into(), session.subject.as_str().into());
    let mut reply = if framed {
        let page = pages::UnlockFrame { ctx, form_token, return_to, username, problem };
        reply::framed_page(status, &page)
    } else {
        let page = pages::Unlock {
            ctx,
            form_token,
            return_to,
            username,
            reason: reason.code().into(),
            since: Some(Moment(since.as_millis())),
            kept_until: Some(Moment(kept_until.as_millis())),
            kept: kept.into(),
            sent_work: sent_work(call, session),
            problem,
        };
        reply::page(status, &page)
    };
    if let Some(FormProblem::Throttled { wait_seconds }) = problem {
        reply.headers_mut().insert(http::header::RETRY_AFTER, wait_seconds.into());
    }
    reply
}
