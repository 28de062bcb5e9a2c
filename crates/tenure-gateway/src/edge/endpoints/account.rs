//! `account/sessions`: where you are signed in.

use http::StatusCode;
use tenure::core::{EndReason, Session, SessionId};
use tenure::store::{Actor, Store};

use super::{Answer, Call, Stop};
use crate::edge::gateway::session_row;
use crate::edge::{refusal, reply};
use crate::pages;
use crate::web::form_token::{self, Holder};

/// What the form token of this page is for.
const FORM: &str = "account/sessions";

/// `GET account/sessions`: the person's sessions on this host.
pub(super) async fn show<S: Store>(call: Call<'_, S>) -> Answer {
    let session = own_session(&call).await?;
    let language = call.settings.language(call.visit);
    let records = call.gateway.sessions.list(&session.subject).await?;
    let mut sessions: Vec<_> = records
        .iter()
        .filter(|record| record.session.is_live() && record.session.audience == session.audience)
        .map(|record| session_row(record, Some(session.id), language))
        .collect();
    sessions.sort_by_key(|row| (!row.current, std::cmp::Reverse(row.last_used)));
    let done = match call.visit.query("done").as_deref() {
        Some("end") => Some(language.say("account-ended").plain()),
        Some("end-others") => Some(language.say("account-ended-others").plain()),
        _ => None,
    };
    let page = pages::AccountSessions {
        ctx: call.settings.page(call.visit),
        form_token: call.session_form_token(FORM, session.id),
        subject: session.subject.as_str().into(),
        sessions,
        done,
    };
    Ok(reply::page(StatusCode::OK, &page))
}

/// `POST account/sessions/{id}/end`: ends one of the person's sessions, which may be this one.
pub(super) async fn end<S: Store>(mut call: Call<'_, S>, id: Option<SessionId>) -> Answer {
    let session = sender(&mut call).await?;
    let target = match id {
        Some(id) => call.gateway.sessions.load(id).await?,
        None => None,
    };
    // Somebody else's session is as unknown as one that never was.
    let Some(target) = target.filter(|target| target.session.subject == session.subject) else {
        return Ok(call.error(pages::ErrorKind::NotFound));
    };
    let (reason, by) = if target.session.id == session.id {
        (EndReason::SignedOut, Actor::Person)
    } else {
        (EndReason::SignedOutElsewhere, elsewhere(&call, &session))
    };
    call.gateway.sessions.end(target.session.id, reason, by).await?;
    Ok(reply::see_other(&format!("{}/account/sessions?done=end", call.settings.base_path)))
}

/// `POST account/sessions/end-others`: ends all of the person's sessions but this one.
pub(super) async fn end_others<S: Store>(mut call: Call<'_, S>) -> Answer {
    let session = sender(&mut call).await?;
    let by = elsewhere(&call, &session);
    call.gateway.sessions.end_others(&session.subject, session.audience, session.id, by).await?;
    Ok(reply::see_other(&format!("{}/account/sessions?done=end-others", call.settings.base_path)))
}

fn elsewhere<S: Store>(call: &Call<'_, S>, session: &Session) -> Actor {
    Actor::Elsewhere { session: Some(session.id), device: call.visit.device() }
}

/// The active session of the person who asks; anybody else is told why not.
async fn own_session<S: Store>(call: &Call<'_, S>) -> Result<Session, Stop> {
    let standing = call.standing().await?;
    match standing.active() {
        Some(session) => Ok(session.clone()),
        None if call.visit.navigation => {
            let (base, page) = (&call.settings.base_path, standing.way_on());
            Err(reply::see_other(&format!("{base}/{page}?return_to=/")).into())
        }
        None => Err(refusal::problem(call.settings, call.visit, &standing).into()),
    }
}

/// The active session of the person who sent a form of this page, whose token has been checked.
async fn sender<S: Store>(call: &mut Call<'_, S>) -> Result<Session, Stop> {
    call.refuse_other_sites()?;
    let form = call.form().await?;
    let session = own_session(call).await?;
    let keys = call.gateway.keys.load();
    if form_token::is_genuine(&keys, FORM, Holder::Session(session.id), form.field("form_token")) {
        Ok(session)
    } else {
        Err(call.error(pages::ErrorKind::CrossSiteForm).into())
    }
}
