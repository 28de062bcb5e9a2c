//! The support bundle: what helps is in it, and no secret.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tenure_tests::Request;
use tenure_tests::forms::Form;

use crate::world::{ADA, GRACE, PASSWORD, World};

#[test]
fn a_bundle_holds_what_helps_and_no_secret_of_the_deployment() {
    let world = World::impatient();
    let mut browsers = [world.ada(), world.ada()];
    let id = crate::world::seen_once(&browsers[0].get("/echo"), "tenure-session");
    // What a person types, where it is kept: in the data of a session, and in a form that meets a lock.
    let cart = Request::new("PUT", "/.tenure/session/data/cart")
        .with("Content-Type", "application/json")
        .body("{\"note\":\"a-note-of-the-data-bag\"}");
    let written = browsers[0].fetch_with(cart);
    assert!(written.status < 300, "{}", written.text());
    tenure_tests::until("the session locks", || {
        (browsers[1].get("/.tenure/session").json()["state"] == "locked").then_some(())
    });
    let form = Form {
        action: "/echo/save".into(),
        fields: vec![("text".into(), "what-was-typed-into-the-form".into())],
    };
    browsers[1].submit(&form);
    let _ = world.tenure.browser().try_sign_in("/.tenure/sign-in", GRACE, "a-wrong-password-of-grace");

    let made = world.setup.run(&["support-bundle", "--output", "bundle.json"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let path = world.setup.path("bundle.json");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    let bundle: serde_json::Value = serde_json::from_str(&text).unwrap();

    assert!(bundle["version"].is_string() && bundle["system"]["kernel"].is_string());
    assert!(bundle["configuration"]["settings"].as_array().unwrap().len() > 10);
    assert!(bundle["doctor"]["findings"].as_array().unwrap().len() > 20);
    assert!(text.contains("tenure_sessions{state="));
    let events = bundle["events"].as_array().unwrap();
    assert!(
        events.iter().any(|event| event["kind"] == "signed_in" && event["session"] == id.as_str()),
        "{events:#?}"
    );
    assert!(events.iter().any(|event| event["subject"] == ADA));

    let mut secrets = vec![
        PASSWORD.to_owned(),
        world.setup.admin_token().to_owned(),
        "a-note-of-the-data-bag".into(),
        "what-was-typed-into-the-form".into(),
        "a-wrong-password-of-grace".into(),
    ];
    for browser in &browsers {
        secrets.extend(browser.cookies.iter().map(|(_, value)| value.clone()));
    }
    for file in ["data/keys", "data/accounts"] {
        let lines = fs::read_to_string(world.setup.path(file)).unwrap();
        let words = lines.lines().skip(1).flat_map(|line| line.split([' ', '"', '$']).map(str::to_owned));
        secrets.extend(words.filter(|word| word.len() > 20));
    }
    assert!(secrets.len() >= 12, "{} secrets are looked for", secrets.len());
    for secret in secrets {
        assert!(!text.contains(&secret), "a secret is in the bundle: {secret}");
    }

    let again = world.setup.run(&["support-bundle", "--output", "bundle.json"]);
    assert_eq!(again.status.code(), Some(1), "a file that is there is left alone");
    let without = world.setup.run(&["support-bundle", "--without-events", "--output", "anonymous.json"]);
    assert!(without.status.success());
    assert!(!fs::read_to_string(world.setup.path("anonymous.json")).unwrap().contains(&id));
}

#[test]
fn a_bundle_is_made_of_a_gateway_that_does_not_run_too() {
    let mut world = World::start();
    world.tenure.kill();
    let made = world.setup.run(&["support-bundle", "--output", "bundle.json"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(fs::read_to_string(world.setup.path("bundle.json")).unwrap().contains("no gateway answers"));
}
