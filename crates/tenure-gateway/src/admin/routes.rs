//! Every endpoint of the administration listener: one table, from which the router and the OpenAPI document are made.

use std::sync::Arc;

use axum::routing::{MethodRouter, delete, get, post, put};
use tenure::store::Store;

use super::{Admin, data, events, keys, openapi, probe, reports, sessions};

/// What an endpoint answers with if all is well.
#[derive(Clone, Copy, Debug)]
pub(super) enum Good {
    /// JSON that fits the named schema.
    Json(&'static str),
    /// Nothing: 204.
    Nothing,
    /// Server-sent events.
    Events,
    /// Any JSON, as the application wrote it.
    Anything,
    /// Plain text.
    Text,
}

/// An endpoint.
pub(super) struct Endpoint<S: Store> {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Its name in generated clients.
    pub(super) id: &'static str,
    /// What it does.
    pub(super) about: &'static str,
    /// The parameters of its query, with what each is.
    pub(super) query: &'static [(&'static str, &'static str)],
    pub(super) good: Good,
    /// The statuses of its problems, besides those that all have.
    pub(super) problems: &'static [u16],
    pub(super) handler: MethodRouter<Arc<Admin<S>>>,
}

/// Which sessions are listed.
const FILTER: &[(&str, &str)] = &[
    ("subject", "Only sessions of this person; all of them come at once."),
    ("state", "Only sessions in this state: active, locked or ended."),
    ("after", "The `next` of the page before."),
    ("limit", "How many at most: 1 to 1000, 100 unless set."),
];

/// The endpoints that ask for the token.
pub(super) fn protected<S: Store>() -> Vec<Endpoint<S>> {
    let endpoint = |method, path, id, about, good, problems, handler| Endpoint {
        method,
        path,
        id,
        about,
        query: &[],
        good,
        problems,
        handler,
    };
    let list = endpoint(
        "get",
        "/v1/sessions",
        "listSessions",
        "Sessions in the order of their ids, a page at a time.",
        Good::Json("SessionList"),
        &[400],
        get(sessions::list::<S>),
    );
    vec![
        Endpoint { query: FILTER, ..list },
        endpoint(
            "post",
            "/v1/sessions/end-all",
            "endAllSessions",
            "Ends every session of everybody.",
            Good::Json("Ended"),
            &[],
            post(sessions::end_all::<S>),
        ),
        endpoint(
            "get",
            "/v1/sessions/{id}",
            "showSession",
            "Everything that is known of a session, with its timeline.",
            Good::Json("Session"),
            &[400, 404],
            get(sessions::show::<S>),
        ),
        endpoint(
            "delete",
            "/v1/sessions/{id}",
            "endSession",
            "Ends a session.",
            Good::Json("SessionEnded"),
            &[400, 404],
            delete(sessions::end::<S>),
        ),
        endpoint(
            "post",
            "/v1/sessions/{id}/lock",
            "lockSession",
            "Locks a session: the person has to prove themselves again.",
            Good::Json("Session"),
            &[400, 404],
            post(sessions::lock::<S>),
        ),
        endpoint(
            "get",
            "/v1/sessions/{id}/explain",
            "explainSession",
            "The history of a session, why it is in its state, and what will happen next.",
            Good::Json("Explanation"),
            &[400, 404],
            get(sessions::explain::<S>),
        ),
        endpoint(
            "get",
            "/v1/sessions/{id}/data",
            "listData",
            "The keys of a session's data, with their versions.",
            Good::Json("DataKeys"),
            &[400, 404, 409, 410],
            get(data::keys::<S>),
        ),
        endpoint(
            "get",
            "/v1/sessions/{id}/data/{key}",
            "readData",
            "A value of a session's data, with its version as `ETag`.",
            Good::Anything,
            &[400, 404, 409, 410],
            get(data::show::<S>),
        ),
        endpoint(
            "put",
            "/v1/sessions/{id}/data/{key}",
            "writeData",
            "Writes JSON, if `If-Match` or `If-None-Match` allow it.",
            Good::Nothing,
            &[400, 404, 409, 410, 412, 413],
            put(data::write::<S>),
        ),
        endpoint(
            "delete",
            "/v1/sessions/{id}/data/{key}",
            "removeData",
            "Removes a value, if `If-Match` allows it.",
            Good::Nothing,
            &[400, 404, 409, 410, 412],
            delete(data::remove::<S>),
        ),
        endpoint(
            "get",
            "/v1/subjects/{subject}/sessions",
            "listSessionsOfSubject",
            "Every session of a person.",
            Good::Json("FullSessionList"),
            &[400],
            get(sessions::of_subject::<S>),
        ),
        endpoint(
            "delete",
            "/v1/subjects/{subject}/sessions",
            "endSessionsOfSubject",
            "Ends every session of a person.",
            Good::Json("Ended"),
            &[400],
            delete(sessions::end_subject::<S>),
        ),
        endpoint(
            "get",
            "/v1/reports",
            "listReports",
            "The problem reports that people have sent, oldest first.",
            Good::Json("Reports"),
            &[],
            get(reports::list::<S>),
        ),
        endpoint(
            "get",
            "/v1/reports/{id}",
            "showReport",
            "A problem report.",
            Good::Json("Report"),
            &[400, 404],
            get(reports::show::<S>),
        ),
        endpoint(
            "get",
            "/v1/events",
            "followEvents",
            "What happens to sessions, as server-sent events; `Last-Event-ID` resumes.",
            Good::Events,
            &[],
            get(events::stream::<S>),
        ),
        endpoint(
            "get",
            "/v1/keys",
            "listKeys",
            "The ids and ages of the keys.",
            Good::Json("Keys"),
            &[],
            get(keys::list::<S>),
        ),
        endpoint(
            "post",
            "/v1/keys/rotate",
            "rotateKeys",
            "Makes a new key, which is used from now on.",
            Good::Json("KeyRotated"),
            &[500],
            post(keys::rotate::<S>),
        ),
        endpoint(
            "post",
            "/v1/probe",
            "openProbe",
            "Announces requests of `tenure doctor`.",
            Good::Json("Probe"),
            &[500],
            post(probe::open::<S>),
        ),
        endpoint(
            "get",
            "/v1/openapi.json",
            "describe",
            "This document.",
            Good::Anything,
            &[],
            get(|| async { axum::Json(openapi::document::<S>()) }),
        ),
    ]
}

/// The endpoints that tell nothing about anyone, and ask for nothing.
pub(super) fn open<S: Store>() -> Vec<Endpoint<S>> {
    let endpoint = |path, id, about, problems, handler| Endpoint {
        method: "get",
        path,
        id,
        about,
        query: &[],
        good: Good::Text,
        problems,
        handler,
    };
    vec![
        endpoint("/healthz", "health", "Whether the process lives.", &[], get(|| async { "ok\n" })),
        endpoint(
            "/readyz",
            "readiness",
            "Whether sessions can be judged and kept.",
            &[503],
            get(super::ready::<S>),
        ),
        endpoint(
            "/metrics",
            "metrics",
            "Everything that is counted, as OpenMetrics.",
            &[],
            get(super::metrics::<S>),
        ),
    ]
}
