//! `step-up`: a page asks for a newer authentication than the session has (RFC 9470).

use http::StatusCode;
use tenure::core::{Assurance, Session};
use tenure::service::{Proof, RenewError};
use tenure::store::Store;

use super::framed::{self, see_frame};
use super::kept::{or_kept, sent_work};
use super::sign_in::{check_password, status_of, welcome};
use super::{Answer, Call};
use crate::edge::reply::{self, Reply};
use crate::pages::{self, FormProblem, RecentSignIn};
use crate::web::form_token::{self, Holder};
use crate::web::return_to::ReturnTo;

/// What the form token of an active session is for, and the path that takes it.
pub(super) const FORM: &str = "step-up";

/// `GET step-up`: the form.
pub(super) async fn show<S: Store>(call: Call<'_, S>) -> Answer {
    let standing = call.standing().await?;
    let return_to = call.return_to();
    match standing.active() {
        Some(session) => {
            let kept = call.visit.query("kept").unwrap_or_default();
            Ok(page(&call, session, &return_to, &kept, None))
        }
        None => Ok(elsewhere(&call, standing.way_on(), &return_to)),
    }
}

/// `POST step-up`: checks the password and renews the session's authentication.
pub(super) async fn submit<S: Store>(mut call: Call<'_, S>) -> Answer {
    call.refuse_other_sites()?;
    let form = call.form().await?;
    let return_to = ReturnTo::new(form.field("return_to"), &call.settings.base_path);
    let kept = form.field("kept");
    let framed = form.is_ticked("frame");
    let standing = call.standing().await?;
    let (Some(session), Some(token)) = (standing.active(), standing.token()) else {
        return Ok(if framed { see_frame(&call) } else { elsewhere(&call, standing.way_on(), &return_to) });
    };
    let again = |problem| {
        if framed {
            framed::form(&call, session, FORM, &return_to, Some(problem))
        } else {
            page(&call, session, &return_to, kept, Some(problem))
        }
    };
    let keys = call.gateway.keys.load();
    if !form_token::is_genuine(&keys, FORM, Holder::Session(session.id), form.field("form_token")) {
        return Ok(again(FormProblem::FormTooOld));
    }
    let subject = match check_password(&call, session.subject.as_str(), form.field("password")).await {
        Ok(subject) => subject,
        Err(problem) => return Ok(again(problem)),
    };
    let proof = Proof { subject, assurance: Assurance::Aal1 };
    let policy = call.policy();
    match call
        .gateway
        .sessions
        .step_up(token, call.visit.audience(), proof, call.visit.device(), &policy)
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
        Err(RenewError::Unavailable(unavailable)) => Err(unavailable.into()),
        Err(_) if framed => Ok(see_frame(&call)),
        Err(_) => {
            let standing = call.standing().await?;
            Ok(elsewhere(&call, standing.way_on(), &return_to))
        }
    }
}

fn elsewhere<S: Store>(call: &Call<'_, S>, page: &str, return_to: &ReturnTo) -> Reply {
    reply::see_other(&format!("{}/{page}?return_to={}", call.settings.base_path, return_to.as_query_value()))
}

fn page<S: Store>(
    call: &Call<'_, S>,
    session: &Session,
    return_to: &ReturnTo,
    kept: &str,
    problem: Option<FormProblem>,
) -> Reply {
    let problem = problem.map(FormProblem::with_name_given);
    let path = return_to.as_str().split(['?', '#']).next().unwrap_or_default();
    let within = call.settings.routes.find(call.visit.host(), path).step_up_within;
    let page = pages::StepUp {
        ctx: call.settings.page(call.visit),
        form_token: call.session_form_token(FORM, session.id),
        return_to: return_to.as_str().into(),
        username: session.subject.as_str().into(),
        recent: within.map(|within| RecentSignIn { page: path.into(), within_seconds: within.as_secs() }),
        kept: kept.into(),
        sent_work: sent_work(call, session),
        problem,
    };
    let mut reply = reply::page(problem.map_or(StatusCode::OK, status_of), &page);
    if let Some(FormProblem::Throttled { wait_seconds }) = problem {
        reply.headers_mut().insert(http::header::RETRY_AFTER, wait_seconds.into());
    }
    reply
}
