//! Problem reports that people have sent.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};
use tenure::service::SupportCode;
use tenure::store::Store;

use super::problems::problem;
use super::sessions::{Answer, Shared};
use crate::reports::{Report, ReportId};

/// `GET /v1/reports`: all of them, oldest first.
pub(super) async fn list<S: Store>(State(admin): Shared<S>) -> Answer {
    let reports: Vec<Value> = admin.gateway.reports.list().iter().map(|report| written(report)).collect();
    Ok(Json(json!({ "reports": reports })))
}

/// `GET /v1/reports/{id}`.
pub(super) async fn show<S: Store>(State(admin): Shared<S>, Path(id): Path<String>) -> Answer {
    let id: ReportId = id.parse().map_err(|error| problem(StatusCode::BAD_REQUEST, format!("{error}")))?;
    let report = admin.gateway.reports.find(id);
    let report = report.ok_or_else(|| problem(StatusCode::NOT_FOUND, "there is no such problem report"))?;
    Ok(Json(written(&report)))
}

/// A report as the administration sees it.
pub(super) fn written(report: &Report) -> Value {
    json!({
        "id": report.id,
        "at": report.at,
        "session": report.session,
        "support_code": report.session.map(|session| SupportCode::of(session).to_string()),
        "network": report.network,
        "reason": report.reason,
        "text": report.text,
        "words": report.words,
    })
}
