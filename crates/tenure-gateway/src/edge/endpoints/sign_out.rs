//! `sign-out`: the person has finished.

use http::StatusCode;
use tenure::core::EndReason;
use tenure::store::{Actor, Store};

use super::{Answer, Call};
use crate::edge::reply;
use crate::pages;

/// `POST sign-out`: ends the session. The form may stand on any page of this host, without a token: that
/// the browser says so, or the `Origin`, is what protects it.
pub(super) async fn submit<S: Store>(call: Call<'_, S>) -> Answer {
    call.refuse_other_sites()?;
    let standing = call.standing().await?;
    if let Some(session) = standing.session().filter(|session| session.is_live()) {
        call.gateway.sessions.end(session.id, EndReason::SignedOut, Actor::Person).await?;
    }
    let cookies = &call.settings.cookies;
    let mut reply = reply::see_other(&format!("{}/signed-out", call.settings.base_path));
    for name in [cookies.session, cookies.mark, cookies.form] {
        reply::set_cookie(&mut reply, &cookies.clear(name));
    }
    // No `Clear-Site-Data`: it would take what the application stores as well. Without the mark, the drafts that
    // this browser still has can never be opened again (docs/decisions/drafts.md).
    Ok(reply)
}

/// `GET signed-out`: the confirmation.
pub(super) async fn show<S: Store>(call: Call<'_, S>) -> Answer {
    let page = pages::SignedOut {
        ctx: call.settings.page(call.visit),
        return_to: call.return_to().as_str().into(),
        others: 0,
    };
    Ok(reply::page(StatusCode::OK, &page))
}
