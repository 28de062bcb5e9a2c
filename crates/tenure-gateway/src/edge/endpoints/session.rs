//! `session`: what the browser client asks and tells.
//!
//! All three answer 200 with the same document, whatever the state: for the client a lock is news, not a failure.

use std::time::Duration;

use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use tenure::core::{Deadlines, Request};
use tenure::service::Outcome;
use tenure::store::Store;

use super::{Answer, Call};
use crate::edge::reply;
use crate::edge::{cors, standing::Standing};
use crate::pages::words;

/// How long an answer waits at most. Proxies in front close connections that are silent for a minute.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

/// `GET session`: the state for the client. Never counts as activity. With `?wait`, the answer for an active session comes
/// when it stops, or after a while: so an open page is told of an ending at once.
pub(super) async fn show<S: Store>(call: Call<'_, S>) -> Answer {
    let standing = call.standing().await?;
    let Some(session) = standing.active().filter(|_| call.visit.query("wait").is_some()) else {
        return Ok(state(&call, &standing));
    };
    let mut watch = call.gateway.sessions.watch(session.id).await?;
    tokio::select! {
        _ = watch.stopped() => {}
        () = call.gateway.stopping() => {}
        () = tokio::time::sleep(LONGEST_WAIT) => {}
    }
    Ok(state(&call, &call.standing().await?))
}

/// `POST session/extend`: the one-click extension. Counts as activity.
pub(super) async fn extend<S: Store>(call: Call<'_, S>) -> Answer {
    call.refuse_other_sites()?;
    let policy = call.policy();
    let standing = call.judge(&Request::passive(&policy)).await?;
    let (Some(token), Some(_)) = (standing.token(), standing.active()) else {
        return Ok(state(&call, &standing));
    };
    let outcome = call.gateway.sessions.extend(token, call.visit.audience(), &policy).await?;
    Ok(state(&call, &standing.with(outcome)))
}

/// `POST session/activity`: the throttled beacon of real input.
pub(super) async fn activity<S: Store>(call: Call<'_, S>) -> Answer {
    call.refuse_other_sites()?;
    let policy = call.policy();
    let standing = call.judge(&Request::active(&policy)).await?;
    Ok(state(&call, &standing))
}

fn state<S: Store>(call: &Call<'_, S>, standing: &Standing<'_>) -> reply::Reply {
    let now = call.gateway.now();
    let language = call.settings.language(call.visit);
    let mut document = json!({
        "state": "none",
        "server_time": now.to_string(),
        "unlock_url": format!("{}/unlock", call.settings.base_path),
        "why_url": format!("{}/why", call.settings.base_path),
    });
    if call.route().is_some_and(|route| !route.cover_when_locked) {
        document["cover"] = false.into();
    }
    if let Some((reason, since)) = standing.refusal() {
        let words = words::of(reason);
        document["state"] = reason.session_state().into();
        document["reason"] = reason.code().into();
        document["since"] = since.map_or(Value::Null, |since| since.to_string().into());
        document["title"] = words.title(language).plain().into();
        document["message"] = words.message(language).into();
    }
    if let Some(session) = standing.session() {
        document["subject"] = session.subject.as_str().into();
        document["session"] = session.id.to_string().into();
        // While the session is locked too: drafts that are there can be told of, though not opened.
        document["drafts"] = if call.policy().keeps_drafts() { "on" } else { "off" }.into();
    }
    if let (Some(session), Outcome::Pass { .. } | Outcome::StepUp { .. }) =
        (standing.session(), &standing.outcome)
    {
        let policy = call.policy();
        let deadlines = standing.outcome.deadlines().unwrap_or_else(|| Deadlines::of(session, &policy));
        let left = |until: tenure::core::Timestamp| millis(until.since(now));
        document["state"] = "active".into();
        document["idle_expires_at"] = deadlines.idle_at.to_string().into();
        document["absolute_expires_at"] = deadlines.absolute_at.to_string().into();
        document["warn_at"] = deadlines.warn_at.to_string().into();
        document["idle_remaining_ms"] = left(deadlines.idle_at).into();
        document["absolute_remaining_ms"] = left(deadlines.absolute_at).into();
        document["warn_in_ms"] = left(deadlines.warn_at).into();
        document["idle_timeout_ms"] = millis(policy.idle_timeout_for(session.remembered)).into();
        document["warn_before_ms"] = millis(policy.warn_before()).into();
        document["keep_work_for_ms"] = millis(policy.keep_work_for()).into();
    }
    let mut reply = reply::json(StatusCode::OK, &document);
    reply::in_language(reply.headers_mut(), language);
    // Not `no-store`: a page that had asked would be kept out of the browser's back/forward cache.
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    cors::allow(call.settings, call.visit, reply.headers_mut());
    reply
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
