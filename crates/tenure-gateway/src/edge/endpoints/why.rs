//! `why`: the explanation of a lock, an ending or a missing session.

use http::StatusCode;
use tenure::core::{LockReason, MissingReason, Reason};
use tenure::service::{Outcome, Work};
use tenure::store::{Actor, Store};

use super::{Answer, Call, Stop};
use crate::browser::Browser;
use crate::edge::standing::Standing;
use crate::edge::{refusal, reply};
use crate::pages::{self, DisplacedBy, Moment};
use crate::reports::{Draft, NotTaken};
use crate::web::form_token::{self, Holder};
use crate::web::return_to::ReturnTo;

/// What the clean-up form's token is for.
const FORM: &str = "clean-up";

/// How many of the latest events a report tells of.
const LATEST: usize = 8;

/// `GET why`. What the cookies say counts; the reason in the address is believed only where it says that
/// there is no session, which harms nobody.
pub(super) async fn show<S: Store>(call: Call<'_, S>) -> Answer {
    let standing = call.standing().await?;
    let return_to = call.return_to();
    let told = call.visit.query("reason").unwrap_or_default();
    let Some(mut page) = explanation(&call, &standing, &told, &return_to).await? else {
        // All is well: there is nothing to explain.
        return Ok(reply::see_other(return_to.as_str()));
    };
    let (nonce, new_cookie) = call.form_nonce_or_new()?;
    page.form_token = Some(form_token::issue(&call.gateway.keys.load(), FORM, Holder::Visitor(&nonce)));
    let reported = call.visit.query("reported").and_then(|id| id.parse().ok());
    page.reported = reported.filter(|id| call.gateway.reports.find(*id).is_some());
    let mut reply = reply::page(StatusCode::OK, &page);
    if let Some(cookie) = new_cookie {
        reply::set_cookie(&mut reply, &cookie);
    }
    Ok(reply)
}

/// `POST why/report`: sends the report of the page, with what the person adds, to whoever runs the site. It needs no
/// cookie, for some people come here because theirs are blocked; other sites are refused.
pub(super) async fn report<S: Store>(mut call: Call<'_, S>) -> Answer {
    call.refuse_other_sites()?;
    let form = call.form().await?;
    let return_to = ReturnTo::new(form.field("return_to"), &call.settings.base_path);
    let standing = call.standing().await?;
    let Some(page) = explanation(&call, &standing, form.field("reason"), &return_to).await? else {
        return Ok(reply::see_other(return_to.as_str()));
    };
    let session = standing.session();
    let draft = Draft {
        session: session.map(|session| session.id),
        reason: page.code.clone(),
        text: page.report(),
        words: form.field("words").to_owned(),
    };
    let keep = call.settings.policy.explain_for();
    match call.gateway.reports.take(draft, call.visit.origin.client, keep).await {
        Ok(id) => {
            call.gateway.metrics.event("problem_report");
            tracing::info!(request_id = %call.visit.request_id, %id, reason = page.code, "a problem was reported");
            if let Some(session) = session {
                call.gateway.note_work(session, Work::Reported).await;
            }
            let (base, code, back) = (&call.settings.base_path, &page.code, return_to.as_query_value());
            Ok(reply::see_other(&format!("{base}/why?reason={code}&reported={id}&return_to={back}#report")))
        }
        Err(NotTaken::TooMany { wait }) => {
            Ok(call.error(pages::ErrorKind::TooMany { wait_seconds: wait.as_secs().max(1) }))
        }
        Err(NotTaken::Failed(error)) => {
            tracing::error!(%error, "a problem report could not be stored");
            Ok(call.error(pages::ErrorKind::Internal))
        }
    }
}

/// The page, without its form token; nothing if all is well.
async fn explanation<S: Store>(
    call: &Call<'_, S>,
    standing: &Standing<'_>,
    told: &str,
    return_to: &ReturnTo,
) -> Result<Option<pages::Why>, Stop> {
    let told = MissingReason::from_code(told);
    let (reason, at) = match (&standing.outcome, standing.refusal()) {
        (Outcome::Missing(_), Some((found, at))) => (told.map_or(found, Reason::Missing), at),
        (Outcome::StepUp { .. }, _) => (Reason::Locked(LockReason::StepUp), None),
        (_, Some(refusal)) => refusal,
        (_, None) => return Ok(None),
    };
    let details = match standing.session() {
        Some(session) => call.gateway.sessions.load(session.id).await?.map(|record| record.details),
        None => None,
    };
    let ending = details.as_ref().and_then(|details| details.ending.as_ref());
    let displaced_by = ending.and_then(|ending| match &ending.by {
        Actor::Elsewhere { device, .. } => Some(DisplacedBy {
            device: Browser::from_user_agent(&device.user_agent).words(call.settings.language(call.visit)),
            address: device.address.clone(),
        }),
        _ => None,
    });
    let timeline = details.as_ref().map_or(&[][..], |details| &details.timeline);
    let latest = &timeline[timeline.len().saturating_sub(LATEST)..];
    Ok(Some(pages::Why {
        ctx: call.settings.page(call.visit),
        code: reason.code().into(),
        at: at.map(|at| Moment(at.as_millis())),
        now: Moment(call.gateway.now().as_millis()),
        displaced_by,
        kept_until: match &standing.outcome {
            Outcome::Locked { kept_until, .. } => Some(Moment(kept_until.as_millis())),
            _ => None,
        },
        browser: Browser::from_user_agent(call.visit.user_agent()),
        support_code: standing.session().map(refusal::support_code).unwrap_or_default(),
        events: latest.iter().map(|entry| (Moment(entry.at.as_millis()), entry.what.to_string())).collect(),
        sent_work: call.visit.query("sent").and_then(|code| pages::SentWork::of_code(&code)),
        return_to: return_to.as_str().into(),
        form_token: None,
        reported: None,
    }))
}

/// `POST why/clean-up`: removes the session's cookie at the browser, and only that, so that
/// the person can sign in afresh. The session behind them, if there is one, is left as it is.
pub(super) async fn clean_up<S: Store>(mut call: Call<'_, S>) -> Answer {
    call.refuse_other_sites()?;
    let form = call.form().await?;
    let return_to = ReturnTo::new(form.field("return_to"), &call.settings.base_path);
    let keys = call.gateway.keys.load();
    let nonce = call.form_nonce().unwrap_or_default();
    if !form_token::is_genuine(&keys, FORM, Holder::Visitor(nonce), form.field("form_token")) {
        return Ok(call.error(pages::ErrorKind::CrossSiteForm));
    }
    let cookies = &call.settings.cookies;
    let location = format!("{}/sign-in?return_to={}", call.settings.base_path, return_to.as_query_value());
    let mut reply = reply::see_other(&location);
    // The mark stays: without it, drafts that wait for the next sign-in could not be opened.
    reply::set_cookie(&mut reply, &cookies.clear(cookies.session));
    Ok(reply)
}
