//! Sessions: list, show, explain, lock, end.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tenure::core::{EndReason, LockReason, Session, SessionId, State as SessionState, Subject};
use tenure::service::SupportCode;
use tenure::store::{Actor, Record, Store};

use super::problems::{Failure, no_session, problem, unavailable};
use super::{Admin, reports};
use crate::language::Language;

pub(super) type Shared<S> = State<Arc<Admin<S>>>;
pub(super) type Answer = Result<Json<Value>, Failure>;

/// How many sessions are listed at most, and unless asked otherwise.
const MOST: usize = 1000;
const USUAL: usize = 100;

/// Which sessions to list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    subject: Option<String>,
    state: Option<String>,
    after: Option<SessionId>,
    limit: Option<usize>,
}

/// `GET /v1/sessions`: in the order of their ids, a page at a time; `next` is the `after` of the next one.
pub(super) async fn list<S: Store>(State(admin): Shared<S>, Query(filter): Query<Filter>) -> Answer {
    let sessions = &admin.gateway.sessions;
    if let Some(state) = &filter.state
        && !["active", "locked", "ended"].contains(&state.as_str())
    {
        return Err(problem(StatusCode::BAD_REQUEST, "state is active, locked or ended"));
    }
    let wanted = |session: &Session| filter.state.as_ref().is_none_or(|state| session.state.name() == state);
    if let Some(subject) = &filter.subject {
        let records = sessions.list(&parse_subject(subject)?).await.map_err(unavailable)?;
        let found: Vec<_> = records
            .iter()
            .map(|record| &record.session)
            .filter(|session| wanted(session))
            .map(brief)
            .collect();
        return Ok(Json(json!({ "sessions": found })));
    }
    let limit = filter.limit.unwrap_or(USUAL).clamp(1, MOST);
    let mut found = Vec::new();
    let mut after = filter.after;
    loop {
        let page = sessions.page(after, MOST).await.map_err(unavailable)?;
        if page.is_empty() {
            return Ok(Json(json!({ "sessions": found })));
        }
        for session in &page {
            after = Some(session.id);
            if wanted(session) {
                found.push(brief(session));
            }
            if found.len() == limit {
                return Ok(Json(json!({ "sessions": found, "next": session.id })));
            }
        }
    }
}

/// `GET /v1/subjects/{subject}/sessions`.
pub(super) async fn of_subject<S: Store>(State(admin): Shared<S>, Path(subject): Path<String>) -> Answer {
    let records = admin.gateway.sessions.list(&parse_subject(&subject)?).await.map_err(unavailable)?;
    Ok(Json(json!({ "sessions": records.iter().map(full).collect::<Vec<_>>() })))
}

/// `DELETE /v1/subjects/{subject}/sessions`: ends them all.
pub(super) async fn end_subject<S: Store>(State(admin): Shared<S>, Path(subject): Path<String>) -> Answer {
    let subject = parse_subject(&subject)?;
    let sessions = &admin.gateway.sessions;
    let ended = sessions.end_subject(&subject, EndReason::EndedByAdministrator, Actor::Administrator).await;
    Ok(Json(json!({ "ended": ended.map_err(unavailable)?.len() })))
}

/// `POST /v1/sessions/end-all`: ends every session of everybody.
pub(super) async fn end_all<S: Store>(State(admin): Shared<S>) -> Answer {
    let ended = admin.gateway.sessions.end_everyone(Actor::Administrator).await.map_err(unavailable)?;
    Ok(Json(json!({ "ended": ended })))
}

/// `GET /v1/sessions/{id}`: everything that is known, with the timeline.
pub(super) async fn show<S: Store>(State(admin): Shared<S>, Path(id): Path<String>) -> Answer {
    let id = resolve(&admin, &id).await?;
    let record = admin.gateway.sessions.load(id).await.map_err(unavailable)?.ok_or_else(no_session)?;
    Ok(Json(full(&record)))
}

/// `DELETE /v1/sessions/{id}`: ends it.
pub(super) async fn end<S: Store>(State(admin): Shared<S>, Path(id): Path<String>) -> Answer {
    let id = resolve(&admin, &id).await?;
    let sessions = &admin.gateway.sessions;
    let ended =
        sessions.end(id, EndReason::EndedByAdministrator, Actor::Administrator).await.map_err(unavailable)?;
    let ending = ended.ending().ok_or_else(no_session)?;
    Ok(Json(json!({ "id": id, "state": "ended", "reason": ending.reason, "at": ending.at })))
}

/// `POST /v1/sessions/{id}/lock`: the person has to prove themselves again.
pub(super) async fn lock<S: Store>(State(admin): Shared<S>, Path(id): Path<String>) -> Answer {
    let id = resolve(&admin, &id).await?;
    let sessions = &admin.gateway.sessions;
    sessions.lock(id, LockReason::StepUp, Actor::Administrator).await.map_err(unavailable)?;
    let record = sessions.load(id).await.map_err(unavailable)?.ok_or_else(no_session)?;
    Ok(Json(full(&record)))
}

/// `GET /v1/sessions/{id}/explain`: the timeline and why it is in the state it is in.
pub(super) async fn explain<S: Store>(State(admin): Shared<S>, Path(id): Path<String>) -> Answer {
    let id = resolve(&admin, &id).await?;
    let explanation =
        admin.gateway.sessions.explain(id).await.map_err(unavailable)?.ok_or_else(no_session)?;
    let mut value = json!(explanation);
    let reports = admin.gateway.reports.of_session(id);
    value["reports"] = reports.iter().map(|report| reports::written(report)).collect();
    if let Some(words) = explanation.reason.and_then(crate::pages::words::find) {
        value["title"] = words.title(Language::ENGLISH).plain().into();
        value["message"] = words.message(Language::ENGLISH).into();
    }
    Ok(Json(value))
}

/// The session of an id or a support code.
pub(super) async fn resolve<S: Store>(admin: &Admin<S>, text: &str) -> Result<SessionId, Failure> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let Ok(code) = text.parse::<SupportCode>() else {
        return Err(problem(
            StatusCode::BAD_REQUEST,
            "expected a session id (ses_...) or a support code (XXXXX-XXXXX)",
        ));
    };
    let found = admin.gateway.sessions.find_by_support_code(code).await.map_err(unavailable)?;
    found.first().map(|session| session.id).ok_or_else(no_session)
}

#[expect(clippy::result_large_err, reason = "the error is the answer, made once and sent")]
fn parse_subject(text: &str) -> Result<Subject, Failure> {
    Subject::new(text).map_err(|error| problem(StatusCode::BAD_REQUEST, error.to_string()))
}

fn brief(session: &Session) -> Value {
    let mut value = json!({
        "id": session.id,
        "support_code": SupportCode::of(session.id).to_string(),
        "subject": session.subject,
        "state": session.state.name(),
        "assurance": session.assurance.name(),
        "remembered": session.remembered,
        "signed_in_at": session.signed_in_at,
        "authenticated_at": session.authenticated_at,
        "last_activity_at": session.last_activity_at,
    });
    match session.state {
        SessionState::Active => {}
        SessionState::Locked { reason, since } => {
            value["reason"] = json!(reason);
            value["since"] = json!(since);
        }
        SessionState::Ended { reason, at } => {
            value["reason"] = json!(reason);
            value["since"] = json!(at);
        }
    }
    value
}

fn full(record: &Record) -> Value {
    let mut value = brief(&record.session);
    value["host"] = json!(record.details.host);
    value["device"] = json!(record.details.device);
    value["ending"] = json!(record.details.ending);
    value["timeline"] = json!(record.details.timeline);
    value["due_at"] = json!(record.due_at);
    value
}
