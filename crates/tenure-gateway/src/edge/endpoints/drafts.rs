//! `drafts/key`: the key under which the browser client seals what is typed.
//!
//! It is derived and never stored: from the key ring, the host, the person, and the mark of the browser.
//! So no other person gets it, and once signing out has removed the mark, nobody does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde_json::json;
use tenure::core::{Audience, Subject};
use tenure::store::Store;

use super::{Answer, Call};
use crate::edge::{refusal, reply};
use crate::pages::ErrorKind;

const PURPOSE: &str = "tenure 2026-11 drafts in browsers";

/// `GET drafts/key`: the current key, or with `?id=` the one of an older key of the ring. Never activity.
pub(super) async fn key<S: Store>(call: Call<'_, S>) -> Answer {
    call.refuse_other_sites()?;
    let standing = call.standing().await?;
    let Some(session) = standing.active() else {
        return Ok(refusal::problem(call.settings, call.visit, &standing));
    };
    let wanted = match call.visit.query("id").map(|id| id.parse()) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => return Ok(call.error(ErrorKind::NotFound)),
    };
    let (mark, is_new) = call.browser_mark().map_err(|error| {
        tracing::error!(%error, "no random bits for a mark");
        call.error(ErrorKind::Internal)
    })?;
    let message = message(session.audience, &session.subject, &mark);
    let Some((id, key)) = call.gateway.keys.load().authenticate(wanted, PURPOSE, &message) else {
        return Ok(call.error(ErrorKind::NotFound));
    };
    let document = json!({ "id": id.to_string(), "key": URL_SAFE_NO_PAD.encode(key) });
    let mut reply = reply::json(StatusCode::OK, &document);
    reply.headers_mut().insert(CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    if is_new {
        reply::set_cookie(&mut reply, &call.settings.cookies.set_mark(&mark));
    }
    Ok(reply)
}

/// Audience and mark have a fixed length, so no two triples give the same message.
fn message(audience: Audience, subject: &Subject, mark: &str) -> Vec<u8> {
    [&audience.0.to_be_bytes(), mark.as_bytes(), subject.as_str().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_person_and_browser_has_a_key_of_its_own() {
        let subject = |name: &str| Subject::new(name).unwrap();
        let mark = "A".repeat(24);
        let one = message(Audience(1), &subject("ada"), &mark);
        assert_ne!(one, message(Audience(2), &subject("ada"), &mark));
        assert_ne!(one, message(Audience(1), &subject("grace"), &mark));
        assert_ne!(one, message(Audience(1), &subject("ada"), &"B".repeat(24)));
    }
}
