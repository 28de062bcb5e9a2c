//! The OpenAPI 3.1 document of the administration listener, made of the table of its endpoints.

use serde_json::{Map, Value, json};
use tenure::core::{EndReason, LockReason, MissingReason};
use tenure::store::Store;

use super::routes::{self, Endpoint, Good};

/// The document.
pub(super) fn document<S: Store>() -> Value {
    let mut paths = Map::new();
    for (endpoint, protected) in routes::protected::<S>()
        .iter()
        .map(|endpoint| (endpoint, true))
        .chain(routes::open::<S>().iter().map(|endpoint| (endpoint, false)))
    {
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method] = operation(endpoint, protected);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tenure administration",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "The token of admin.token_file." },
            },
        },
    })
}

fn operation<S: Store>(endpoint: &Endpoint<S>, protected: bool) -> Value {
    let in_path = endpoint.path.split(['{', '}']).skip(1).step_by(2).map(|name| {
        let about = match name {
            "id" => "The id of a session (ses_...) or a support code.",
            "subject" => "A person.",
            _ => "The name of a value.",
        };
        json!({ "name": name, "in": "path", "required": true, "description": about, "schema": { "type": "string" } })
    });
    let in_query = endpoint.query.iter().map(|(name, about)| {
        let kind = if *name == "limit" { "integer" } else { "string" };
        json!({ "name": name, "in": "query", "description": about, "schema": { "type": kind } })
    });
    let mut answers = Map::new();
    let (status, good) = good(endpoint.good);
    answers.insert(status.into(), good);
    let problem = json!({ "$ref": "#/components/schemas/Problem" });
    let everywhere: &[u16] = if protected { &[401, 503] } else { &[] };
    for status in endpoint.problems.iter().chain(everywhere) {
        let kind = if protected { "application/problem+json" } else { "text/plain" };
        let schema = if protected { problem.clone() } else { json!({ "type": "string" }) };
        answers.insert(
            status.to_string(),
            json!({ "description": "It could not be done.", "content": { kind: { "schema": schema } } }),
        );
    }
    let mut operation = json!({
        "operationId": endpoint.id,
        "summary": endpoint.about,
        "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
        "responses": answers,
    });
    if protected {
        operation["security"] = json!([{ "token": [] }]);
    }
    if endpoint.method == "put" {
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": {} } } });
    }
    operation
}

fn good(good: Good) -> (&'static str, Value) {
    let content = |kind: &str, schema: Value| json!({ "description": "Done.", "content": { kind: { "schema": schema } } });
    match good {
        Good::Json(name) => {
            ("200", content("application/json", json!({ "$ref": format!("#/components/schemas/{name}") })))
        }
        Good::Anything => ("200", content("application/json", json!({}))),
        Good::Events => ("200", content("text/event-stream", json!({ "type": "string" }))),
        Good::Text => ("200", content("text/plain", json!({ "type": "string" }))),
        Good::Nothing => ("204", json!({ "description": "Done." })),
    }
}

/// What the answers look like.
fn schemas() -> Value {
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let list_of = |name: &str| json!({ "type": "array", "items": reference(name) });
    let or_null = |name: &str| json!({ "oneOf": [reference(name), { "type": "null" }] });
    let text = || json!({ "type": "string" });
    let time = || json!({ "type": "string", "format": "date-time" });
    let or_nothing = || json!({ "type": ["string", "null"] });
    let number = || json!({ "type": "integer", "minimum": 0 });
    let yes_or_no = || json!({ "type": "boolean" });
    let object = |required: Value, optional: Value| {
        let names: Vec<_> = required.as_object().into_iter().flat_map(Map::keys).cloned().collect();
        let mut properties = required;
        if let (Some(all), Some(more)) = (properties.as_object_mut(), optional.as_object()) {
            all.extend(more.clone());
        }
        json!({ "type": "object", "required": names, "properties": properties })
    };
    let reasons: Vec<&str> = LockReason::ALL
        .iter()
        .map(|reason| reason.code())
        .chain(EndReason::ALL.iter().map(|reason| reason.code()))
        .chain(MissingReason::ALL.iter().map(|reason| reason.code()))
        .collect();
    let reason = || json!({ "type": "string", "enum": reasons });
    let state = || json!({ "type": "string", "enum": ["active", "locked", "ended"] });
    let assurance = || json!({ "type": "string", "enum": ["aal1", "aal2", "aal3"] });

    let brief = json!({
        "id": text(), "support_code": text(), "subject": text(), "state": state(), "assurance": assurance(),
        "remembered": yes_or_no(), "signed_in_at": time(), "authenticated_at": time(), "last_activity_at": time(),
    });
    let stopped = json!({ "reason": reason(), "since": time() });
    let mut full = brief.clone();
    full["host"] = text();
    full["device"] = reference("Device");
    full["ending"] = or_null("Ending");
    full["timeline"] = list_of("Entry");
    full["due_at"] = json!({ "type": ["string", "null"], "format": "date-time" });
    let none = || json!({});
    json!({
        "Problem": object(
            json!({ "type": text(), "title": text(), "status": number(), "detail": text() }),
            json!({ "reason": reason() }),
        ),
        "Device": object(json!({ "user_agent": text(), "address": text() }), none()),
        "Actor": object(
            json!({ "who": { "type": "string", "enum": ["tenure", "person", "elsewhere", "administrator"] } }),
            json!({ "session": { "type": ["string", "null"] }, "device": reference("Device") }),
        ),
        "Ending": object(json!({ "reason": reason(), "at": time(), "by": reference("Actor") }), none()),
        "Happening": object(json!({ "event": text() }), json!({ "reason": reason() })),
        "Entry": object(json!({ "at": time(), "what": reference("Happening"), "by": reference("Actor") }), none()),
        "BriefSession": object(brief, stopped.clone()),
        "Session": object(full, stopped),
        "SessionList": object(json!({ "sessions": list_of("BriefSession") }), json!({ "next": text() })),
        "FullSessionList": object(json!({ "sessions": list_of("Session") }), none()),
        "SessionEnded": object(
            json!({ "id": text(), "state": state(), "reason": reason(), "at": time() }),
            none(),
        ),
        "Ended": object(json!({ "ended": number() }), none()),
        "Coming": object(json!({ "at": time(), "what": text() }), json!({ "reason": reason() })),
        "Limits": object(
            json!({
                "idle_timeout": number(), "absolute_timeout": number(), "warn_before": number(),
                "keep_work_for": number(), "explain_for": number(), "max_sessions": { "type": ["integer", "null"], "minimum": 1 },
            }),
            none(),
        ),
        "Explanation": object(
            json!({
                "session": text(), "support_code": text(), "subject": text(), "host": text(),
                "device": reference("Device"), "state": state(),
                "reason": { "oneOf": [reason(), { "type": "null" }] },
                "assurance": assurance(), "remembered": yes_or_no(), "signed_in_at": time(),
                "authenticated_at": time(), "last_activity_at": time(), "rotated_at": time(),
                "ending": or_null("Ending"), "timeline": list_of("Entry"), "coming": list_of("Coming"),
                "limits": reference("Limits"), "now": time(), "reports": list_of("Report"),
            }),
            json!({ "title": text(), "message": text() }),
        ),
        "Report": object(
            json!({
                "id": text(), "at": time(), "session": or_nothing(), "support_code": or_nothing(),
                "network": text(), "reason": text(), "text": text(), "words": text(),
            }),
            none(),
        ),
        "Reports": object(json!({ "reports": list_of("Report") }), none()),
        "DataKey": object(json!({ "key": text(), "version": number() }), none()),
        "DataKeys": object(json!({ "keys": list_of("DataKey") }), none()),
        "Key": object(json!({ "id": number(), "made_at": time(), "current": yes_or_no() }), none()),
        "Keys": object(json!({ "keys": list_of("Key") }), none()),
        "KeyRotated": object(json!({ "key": reference("Key") }), none()),
        "Probe": object(json!({ "probe": text(), "seconds": number(), "process": number() }), none()),
    })
}
