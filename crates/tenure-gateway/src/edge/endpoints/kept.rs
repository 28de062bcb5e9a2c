//! `kept`: what a person sent while their session was locked.

use http::StatusCode;
use http::header::LOCATION;
use tenure::core::Session;
use tenure::service::Work;
use tenure::store::Store;

use super::{Answer, Call, Stop};
use crate::edge::{refusal, replay, reply};
use crate::kept::{Entry, KeptId, State};
use crate::pages::{self, ErrorKind, Moment};
use crate::web::form_token::{self, Holder};
use crate::web::return_to::ReturnTo;

/// What the form tokens of these pages are for, and of the form that sends what is kept.
pub(in crate::edge) const KEPT_FORM: &str = "kept";

/// `GET kept`: everything that waits for this person on this host; a script adds the drafts in their browser.
pub(super) async fn list<S: Store>(call: Call<'_, S>) -> Answer {
    let session = own_session(&call, None).await?;
    let language = call.settings.language(call.visit);
    let mut rows = Vec::new();
    for (id, entry) in call.gateway.kept.list(&session.subject, session.audience) {
        // One that cannot be read any more is still shown, so that it can be discarded.
        let head = call.gateway.kept.head(id, &entry).await;
        rows.push(pages::KeptRow {
            id: id.to_string(),
            address: head.map_or_else(|_| language.say("kept-list-unreadable").plain(), |head| head.target),
            kept: Moment(entry.kept_at.as_millis()),
            kept_until: Moment(entry.expires_at.as_millis()),
            size: entry.body_length,
            unsure: entry.state == State::Unsure,
        });
    }
    let page = pages::KeptList {
        ctx: call.settings.page(call.visit),
        form_token: call.session_form_token(KEPT_FORM, session.id),
        rows,
        discarded: call.visit.query("done").as_deref() == Some("discard"),
    };
    let mut reply = reply::page(StatusCode::OK, &page);
    reply::let_own_scripts_run(&mut reply);
    Ok(reply)
}

/// `GET kept/{id}`: what would be sent.
pub(super) async fn show<S: Store>(call: Call<'_, S>, id: KeptId) -> Answer {
    let session = own_session(&call, Some(id)).await?;
    let entry = own_entry(&call, id, &session)?;
    let (head, summary) = call.gateway.kept.describe(id, &entry).await.map_err(|error| {
        tracing::error!(%id, %error, "a kept request cannot be read");
        call.error(ErrorKind::KeptUnreadable)
    })?;
    let content_type = head.content_type.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    let page = pages::KeptRequest {
        ctx: call.settings.page(call.visit),
        form_token: call.session_form_token(KEPT_FORM, session.id),
        id: id.to_string(),
        subject: session.subject.as_str().into(),
        method: head.method,
        host: call.visit.authority.clone(),
        address: head.target,
        sent: Moment(entry.kept_at.as_millis()),
        kept_until: Moment(entry.expires_at.as_millis()),
        size: entry.body_length,
        content_type: (!summary.is_form).then(|| content_type.chars().take(100).collect()),
        fields: summary.fields,
        more: summary.more,
        state: entry.state,
    };
    let mut reply = reply::page(StatusCode::OK, &page);
    reply::let_forms_lead_anywhere(&mut reply);
    Ok(reply)
}

/// `POST kept/{id}/replay`: leads the form to the address that the kept request was meant for, where it is sent, see
/// [`replay`]. `307` keeps method and body (RFC 9110, section 15.4.8).
pub(super) async fn replay<S: Store>(call: Call<'_, S>, id: KeptId) -> Answer {
    call.refuse_other_sites()?;
    let session = own_session(&call, Some(id)).await?;
    let entry = own_entry(&call, id, &session)?;
    if entry.state != State::Waiting {
        return Ok(call.error(ErrorKind::KeptGone));
    }
    // It may be gone by now, as if it had never been there.
    let head = call.gateway.kept.head(id, &entry).await.map_err(|_| call.error(ErrorKind::KeptGone))?;
    let mut reply = reply::empty(StatusCode::TEMPORARY_REDIRECT);
    let address = replay::address(&head.target, id).parse().map_err(|_| call.error(ErrorKind::Internal))?;
    reply.headers_mut().insert(LOCATION, address);
    Ok(reply)
}

/// `POST kept/{id}/discard`: removes it.
pub(super) async fn discard<S: Store>(mut call: Call<'_, S>, id: KeptId) -> Answer {
    call.refuse_other_sites()?;
    let form = call.form().await?;
    let session = own_session(&call, Some(id)).await?;
    let keys = call.gateway.keys.load();
    if !form_token::is_genuine(&keys, KEPT_FORM, Holder::Session(session.id), form.field("form_token")) {
        return Ok(call.error(ErrorKind::CrossSiteForm));
    }
    match call.gateway.kept.discard(id, &session.subject, session.audience).await {
        Ok(true) => {
            call.gateway.metrics.kept_request("discarded");
            call.gateway.note_work(&session, Work::Discarded).await;
            Ok(reply::see_other(&format!("{}/kept?done=discard", call.settings.base_path)))
        }
        Ok(false) => Ok(call.error(ErrorKind::KeptGone)),
        Err(error) => {
            tracing::error!(%id, %error, "a kept request could not be removed from the disk");
            Ok(call.error(ErrorKind::Internal))
        }
    }
}

/// Where a person goes on after an unlock or a step-up: to what is kept for them, if that is what brought them here.
pub(super) fn or_kept<S: Store>(
    call: &Call<'_, S>,
    session: &Session,
    kept: &str,
    return_to: &ReturnTo,
) -> ReturnTo {
    let waits = |id: &KeptId| call.gateway.kept.find(*id, &session.subject, session.audience).is_some();
    match kept.parse().ok().filter(waits) {
        Some(id) => {
            let base = &call.settings.base_path;
            ReturnTo::new(&format!("{base}/kept/{id}"), base)
        }
        None => return_to.clone(),
    }
}

/// What the page of a lock says of what was sent: by the address, or by what is kept for this session.
pub(super) fn sent_work<S: Store>(call: &Call<'_, S>, session: &Session) -> Option<pages::SentWork> {
    let kept = &call.gateway.kept;
    let named = call.visit.query("kept").and_then(|id| id.parse().ok());
    if named.and_then(|id| kept.find(id, &session.subject, session.audience)).is_some() {
        return Some(pages::SentWork::Kept);
    }
    if let Some(lost) = call.visit.query("sent").and_then(|code| pages::SentWork::of_code(&code)) {
        return Some(lost);
    }
    let waits =
        kept.list(&session.subject, session.audience).iter().any(|(_, entry)| entry.session == session.id);
    waits.then_some(pages::SentWork::Waiting)
}

fn own_entry<S: Store>(call: &Call<'_, S>, id: KeptId, session: &Session) -> Result<Entry, Stop> {
    let entry = call.gateway.kept.find(id, &session.subject, session.audience);
    entry.ok_or_else(|| call.error(ErrorKind::KeptGone).into())
}

/// The active session of the person who asks; anybody else is led to where they can prove who they are.
async fn own_session<S: Store>(call: &Call<'_, S>, id: Option<KeptId>) -> Result<Session, Stop> {
    let standing = call.standing().await?;
    if let Some(session) = standing.active() {
        return Ok(session.clone());
    }
    if !call.visit.navigation {
        return Err(refusal::problem(call.settings, call.visit, &standing).into());
    }
    let (base, page) = (&call.settings.base_path, standing.way_on());
    let place = id.map_or_else(|| format!("{base}/kept"), |id| format!("{base}/kept/{id}"));
    Err(reply::see_other(&format!(
        "{base}/{page}?return_to={}",
        ReturnTo::new(&place, base).as_query_value()
    ))
    .into())
}
