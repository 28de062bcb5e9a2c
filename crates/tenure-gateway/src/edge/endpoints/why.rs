//! `why`: the explanation of a lock, an ending or a missing session.

use http::StatusCode;
use tenure::core::{LockReason, MissingReason, Reason};
use tenure::service::Outcome;
use tenure::store::{Actor, Store};

use super::{Answer, Call};
use crate::browser::Browser;
use crate::edge::{refusal, reply};
use crate::pages::{self, DisplacedBy, Moment};
use crate::web::form_token::{self, Holder};
use crate::web::return_to::ReturnTo;

/// What the clean-up form's token is for.
const FORM: &str = "clean-up";

/// `GET why`. What the cookies say counts; the reason in the address is believed only where it says that
/// there is no session, which harms nobody.
pub(super) async fn show<S: Store>(call: Call<'_, S>) -> Answer {
    let standing = call.standing().await?;
    let return_to = call.return_to();
    let told = call.visit.query("reason").and_then(|code| MissingReason::from_code(&code));
    let (reason, at) = match (&standing.outcome, standing.refusal()) {
        (Outcome::Missing(_), Some((found, at))) => (told.map_or(found, Reason::Missing), at),
        (Outcome::StepUp { .. }, _) => (Reason::Locked(LockReason::StepUp), None),
        (_, Some(refusal)) => refusal,
        // All is well: there is nothing to explain.
        (_, None) => return Ok(reply::see_other(return_to.as_str())),
    };
    let ending = match &standing.outcome {
        Outcome::Ended { session, .. } => {
            call.gateway.sessions.load(session.id).await?.and_then(|record| record.details.ending)
        }
        _ => None,
    };
    let displaced_by = ending.and_then(|ending| match ending.by {
        Actor::Elsewhere { device, .. } => Some(DisplacedBy {
            device: Browser::from_user_agent(&device.user_agent).words(call.settings.language(call.visit)),
            address: device.address,
        }),
        _ => None,
    });
    let (nonce, new_cookie) = call.form_nonce_or_new()?;
    let page = pages::Why {
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
        sent_work: call.visit.query("sent").and_then(|code| pages::SentWork::of_code(&code)),
        return_to: return_to.as_str().into(),
        form_token: Some(form_token::issue(&call.gateway.keys.load(), FORM, Holder::Visitor(&nonce))),
    };
    let mut reply = reply::page(StatusCode::OK, &page);
    if let Some(cookie) = new_cookie {
        reply::set_cookie(&mut reply, &cookie);
    }
    Ok(reply)
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
