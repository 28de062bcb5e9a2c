//! The form to sign in again, in a frame of the application's page: what `unlock` and `step-up` share of it.

use http::StatusCode;
use tenure::core::Session;
use tenure::store::Store;

use super::Call;
use super::sign_in::status_of;
use crate::edge::reply::{self, Reply};
use crate::pages::{self, FormProblem};
use crate::web::problem::Problem;
use crate::web::return_to::ReturnTo;

/// `303` to the frame's own page: what the application shows must not stand in the frame.
pub(super) fn see_frame<S: Store>(call: &Call<'_, S>) -> Reply {
    reply::see_other(&format!("{}/unlock?frame=1", call.settings.base_path))
}

/// The form, or, to the client that sent it, what was wrong with it.
pub(super) fn form<S: Store>(
    call: &Call<'_, S>,
    session: &Session,
    purpose: &'static str,
    return_to: &ReturnTo,
    problem: Option<FormProblem>,
) -> Reply {
    let problem = problem.map(FormProblem::with_name_given);
    let status = problem.map_or(StatusCode::OK, status_of);
    if let Some(problem) = problem
        && !call.visit.navigation
    {
        // The client shows the person what this says.
        let language = call.settings.language(call.visit);
        let mut told = Problem::of_status(status, problem.text(language).plain());
        if let FormProblem::Throttled { wait_seconds } = problem {
            told = told.retry_after(wait_seconds);
        }
        let mut reply: Reply = told.into_response::<String>().map(Into::into);
        reply::in_language(reply.headers_mut(), language);
        return reply;
    }
    let page = pages::UnlockFrame {
        ctx: call.settings.page(call.visit),
        purpose,
        form_token: call.session_form_token(purpose, session.id),
        return_to: return_to.as_str().into(),
        username: session.subject.as_str().into(),
        problem,
    };
    reply::framed_page(status, &page)
}
