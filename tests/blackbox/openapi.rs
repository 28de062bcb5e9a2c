//! The OpenAPI document of the administration listener: each answer fits it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tenure_tests::forms::Form;
use tenure_tests::schema::misfits;
use tenure_tests::{Connection, Request};

use crate::world::{ADA, GRACE, World};

/// Asks and holds the answer against the document. Gives it back.
struct Held<'a> {
    world: &'a World,
    document: Value,
    asked: BTreeSet<String>,
}

impl Held<'_> {
    fn ask(&mut self, method: &str, template: &str, path: &str, body: Option<Value>) -> Value {
        let mut request = Request::new(method, path)
            .with("Host", self.world.tenure.admin.to_string())
            .with("Authorization", format!("Bearer {}", self.world.setup.admin_token()));
        if let Some(body) = body {
            request = request.with("Content-Type", "application/json").body(body.to_string());
        }
        let answer = Connection::open(self.world.tenure.admin).unwrap().exchange(&request).unwrap();
        let operation = &self.document["paths"][template][method.to_ascii_lowercase()];
        assert!(operation.is_object(), "{method} {template} is not in the document");
        let described = &operation["responses"][answer.status.to_string()];
        assert!(
            described.is_object(),
            "{method} {path}: {} is not described: {}",
            answer.status,
            answer.text()
        );
        self.asked.insert(format!("{method} {template}").to_lowercase());
        let Some(content) = described["content"].as_object() else {
            assert!(answer.body.is_empty());
            return Value::Null;
        };
        let (kind, content) = content.iter().next().unwrap();
        if !kind.contains("json") {
            return Value::Null;
        }
        assert!(answer.header("content-type").unwrap().starts_with(kind.as_str()), "{method} {path}");
        let json = answer.json();
        let misfits = misfits(&self.document, &content["schema"], &json);
        assert!(misfits.is_empty(), "{method} {path}: {misfits:#?}\n{json:#}");
        json
    }
}

#[test]
fn every_answer_fits_the_document_and_every_route_is_asked() {
    let world = World::start();
    let document = world.tenure.administration("GET", "/v1/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut held = Held { world: &world, document, asked: BTreeSet::new() };
    let mut browsers = [world.ada(), world.ada(), world.ada()];
    let ids: Vec<String> = browsers
        .iter_mut()
        .map(|browser| crate::world::seen_once(&browser.get("/echo"), "tenure-session"))
        .collect();
    world.tenure.browser().sign_in(GRACE, crate::world::PASSWORD);
    let session = |id: &str, rest: &str| format!("/v1/sessions/{id}{rest}");

    held.ask("GET", "/v1/openapi.json", "/v1/openapi.json", None);
    let first = held.ask("GET", "/v1/sessions", "/v1/sessions?limit=2", None);
    held.ask("GET", "/v1/sessions", &format!("/v1/sessions?after={}", first["next"].as_str().unwrap()), None);
    held.ask("GET", "/v1/sessions", &format!("/v1/sessions?subject={ADA}&state=active"), None);
    held.ask("GET", "/v1/sessions", "/v1/sessions?state=odd", None);
    held.ask("POST", "/v1/sessions/{id}/lock", &session(&ids[0], "/lock"), None);
    let page = browsers[0].visit("/.tenure/why");
    let report = Form::find(&page.text(), "/.tenure/why/report").fill("words", "The form was gone.");
    assert_eq!(browsers[0].submit(&report).status, 303);
    let reports = held.ask("GET", "/v1/reports", "/v1/reports", None);
    let report = reports["reports"][0]["id"].as_str().unwrap();
    for id in [report, "rep_0000000000", "nonsense"] {
        held.ask("GET", "/v1/reports/{id}", &format!("/v1/reports/{id}"), None);
    }
    for id in [&ids[0], &ids[1], "nonsense", "ses_00000000000000000000000000000000"] {
        held.ask("GET", "/v1/sessions/{id}", &session(id, ""), None);
        held.ask("GET", "/v1/sessions/{id}/explain", &session(id, "/explain"), None);
    }
    let data = session(&ids[1], "/data/cart");
    held.ask("PUT", "/v1/sessions/{id}/data/{key}", &data, Some(json!({ "items": 3 })));
    held.ask("GET", "/v1/sessions/{id}/data/{key}", &data, None);
    held.ask("GET", "/v1/sessions/{id}/data", &session(&ids[1], "/data"), None);
    held.ask("DELETE", "/v1/sessions/{id}/data/{key}", &data, None);
    held.ask("GET", "/v1/sessions/{id}/data/{key}", &data, None);
    held.ask("DELETE", "/v1/sessions/{id}", &session(&ids[2], ""), None);
    held.ask("GET", "/v1/sessions/{id}", &session(&ids[2], ""), None);
    held.ask("GET", "/v1/sessions/{id}/explain", &session(&ids[2], "/explain"), None);
    held.ask("PUT", "/v1/sessions/{id}/data/{key}", &session(&ids[2], "/data/cart"), Some(json!(1)));
    held.ask("GET", "/v1/subjects/{subject}/sessions", &format!("/v1/subjects/{ADA}/sessions"), None);
    held.ask("DELETE", "/v1/subjects/{subject}/sessions", &format!("/v1/subjects/{ADA}/sessions"), None);
    held.ask("POST", "/v1/sessions/end-all", "/v1/sessions/end-all", None);
    held.ask("GET", "/v1/keys", "/v1/keys", None);
    held.ask("POST", "/v1/keys/rotate", "/v1/keys/rotate", None);
    held.ask("POST", "/v1/probe", "/v1/probe", None);
    for path in ["/healthz", "/readyz", "/metrics"] {
        held.ask("GET", path, path, None);
    }

    // A stream of events does not end; it has tests of its own.
    held.asked.insert("get /v1/events".into());
    let paths = held.document["paths"].as_object().unwrap();
    let described: BTreeSet<String> = paths
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
        })
        .collect();
    assert_eq!(described, held.asked, "every route is asked here");
}

#[test]
fn without_the_token_nothing_is_told_not_even_the_document() {
    let world = World::start();
    let request = Request::new("GET", "/v1/openapi.json").with("Host", world.tenure.admin.to_string());
    let answer = Connection::open(world.tenure.admin).unwrap().exchange(&request).unwrap();
    assert_eq!(answer.status, 401);
    let health = Request::new("GET", "/healthz").with("Host", world.tenure.admin.to_string());
    assert_eq!(Connection::open(world.tenure.admin).unwrap().exchange(&health).unwrap().status, 200);
}
